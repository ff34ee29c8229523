import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listenOnLoopback } from '../loopback.ts';
import { type Invocation, readReportedError } from './invocation.ts';

export interface RuntimeApi {
  /** `host:port`, the value of `AWS_LAMBDA_RUNTIME_API`. */
  readonly address: string;
  /**
   * Gives the event to the process when the process asks for the next one.
   * @param onStart called when the process gets the event; returns the deadline in epoch milliseconds
   */
  offer(event: string, onStart: (requestId: string) => number): Promise<Invocation>;
  /** Ends the pending or running invocation, if any, with this outcome. A late answer of the process is ignored. */
  abandon(outcome: Invocation): void;
  close(): Promise<void>;
}

/**
 * Starts the part of Lambda's Runtime API that a runtime needs, for one process at a time:
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
export const startRuntimeApi = async (options: {
  functionArn: string;
  onInitError: (error: Invocation) => void;
}): Promise<RuntimeApi> => {
  let pending: Offer | undefined;
  let waiting: ServerResponse | undefined;
  let running: (Offer & { requestId: string }) | undefined;

  const match = (): void => {
    if (pending === undefined || waiting === undefined) return;
    const requestId = randomUUID();
    const deadlineMs = pending.onStart(requestId);
    running = { ...pending, requestId };
    waiting.writeHead(200, {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': requestId,
      'lambda-runtime-deadline-ms': String(deadlineMs),
      'lambda-runtime-invoked-function-arn': options.functionArn,
    });
    waiting.end(pending.event);
    pending = undefined;
    waiting = undefined;
  };

  const accept = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const route = request.url?.replace('/2018-06-01/runtime/', '') ?? '';
    if (route === 'invocation/next') {
      waiting = response;
      response.once('close', () => {
        if (waiting === response) waiting = undefined;
      });
      return match();
    }
    const body = await readAll(request);
    response.writeHead(202).end('{"status":"OK"}');
    if (route === 'init/error') return options.onInitError(readReportedError(body));
    const [, requestId, kind] = route.split('/');
    // The answer to an invocation that has timed out is ignored.
    if (running === undefined || running.requestId !== requestId) return;
    const { resolve } = running;
    running = undefined;
    resolve(kind === 'response' ? { kind: 'answered', payload: body } : readReportedError(body));
  };

  const server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
    accept(request, response).catch(() => response.destroy());
  });
  const { endpoint, close } = await listenOnLoopback(server);
  return {
    address: endpoint.replace('http://', ''),
    offer: (event, onStart) =>
      new Promise((resolve) => {
        pending = { event, onStart, resolve };
        match();
      }),
    abandon(outcome) {
      const given = running ?? pending;
      running = undefined;
      pending = undefined;
      waiting = undefined;
      given?.resolve(outcome);
    },
    close,
  };
};

interface Offer {
  readonly event: string;
  readonly onStart: (requestId: string) => number;
  readonly resolve: (outcome: Invocation) => void;
}

const readAll = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
};
