import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:dgram';
import type { Clock, Trace } from '../ports.ts';

/**
 * Sends each call to X-Ray's daemon as a subsegment, in a UDP datagram, without waiting for it. X-Ray's SDK does the
 * same and adds 122 KB to the bundle.
 * https://docs.aws.amazon.com/xray/latest/devguide/xray-api-sendingdata.html#xray-api-daemon
 *
 * @param options.traceHeader the invocation's `_X_AMZN_TRACE_ID`, `Root=…;Parent=…;Sampled=1`
 */
export const createXRay = (options: {
  /** `host:port`, the value of Lambda's AWS_XRAY_DAEMON_ADDRESS. */
  readonly daemonAddress: string;
  readonly traceHeader: () => string | undefined;
  readonly clock: Clock;
}): Trace => {
  const { daemonAddress, traceHeader, clock } = options;
  const [, host = '127.0.0.1', port = '2000'] = /^(?:.*udp:)?([^:]+):(\d+)/.exec(daemonAddress) ?? [];
  let socket: Socket | undefined;

  const send = (subsegment: object): void => {
    if (socket === undefined) {
      // Loaded only if something is traced.
      socket = process.getBuiltinModule('node:dgram').createSocket('udp4').unref();
      // Without a daemon there is no trace; the delivery continues.
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

/** Not the message, which can contain a key. */
const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : 'INTERNAL_ERROR';
