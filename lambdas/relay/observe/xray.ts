import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:dgram';
import type { Clock, Trace } from '../ports.ts';

/**
 * Tells X-Ray's daemon of calls, each as a subsegment of its own, in a datagram that nobody waits for. X-Ray's SDK does
 * the same with 122 KB of code.
 * https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html#xray-api-daemon
 *
 * @param options.traceHeader the invocation's `_X_AMZN_TRACE_ID`, `Root=…;Parent=…;Sampled=1`
 */
export const createXRay = (options: {
  /** `host:port`, as Lambda has it in AWS_XRAY_DAEMON_ADDRESS. */
  readonly daemonAddress: string;
  readonly traceHeader: () => string | undefined;
  readonly clock: Clock;
}): Trace => {
  const { daemonAddress, traceHeader, clock } = options;
  const [, host = '127.0.0.1', port = '2000'] = /^(?:.*udp:)?([^:]+):(\d+)/.exec(daemonAddress) ?? [];
  let socket: Socket | undefined;

  const send = (subsegment: object): void => {
    if (socket === undefined) {
      // Loaded only where something is traced.
      socket = process.getBuiltinModule('node:dgram').createSocket('udp4').unref();
      // Without a daemon there is no trace, and the relay does its work all the same.
      socket.on('error', () => {});
    }
    socket.send(`{"format":"json","version":1}\n${JSON.stringify(subsegment)}`, Number(port), host, () => {});
  };

  return async (name, namespace, annotations, call) => {
    const { Root, Parent, Sampled } = Object.fromEntries(
      (traceHeader() ?? '').split(';').map((field) => field.split('=', 2)),
    ) as Record<string, string | undefined>;
    if (Root === undefined || Parent === undefined || Sampled !== '1') return call();

    const startedAt = clock.now();
    const end = (error?: unknown) =>
      send({
        type: 'subsegment',
        name,
        namespace,
        id: randomBytes(8).toString('hex'),
        trace_id: Root,
        parent_id: Parent,
        start_time: startedAt / 1_000,
        end_time: clock.now() / 1_000,
        annotations: { ...annotations, outcome: error === undefined ? 'ok' : codeOf(error) },
        ...(error === undefined ? {} : { fault: true }),
      });
    try {
      const result = await call();
      end();
      return result;
    } catch (error) {
      end(error);
      throw error;
    }
  };
};

/** Stable and short; a message can hold a key. */
const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : 'INTERNAL_ERROR';
