import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** A call's two streams, for what a response object can't express. */
export interface Connection {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

/** Ends the connection with a TCP reset. */
export const reset = ({ incoming }: Connection): void => {
  incoming.socket.resetAndDestroy();
};

/** Resolves when the client has given up, or the server was closed. */
export const whenClosed = ({ outgoing }: Connection): Promise<void> =>
  new Promise((resolve) => {
    if (outgoing.closed || outgoing.destroyed) resolve();
    else outgoing.once('close', () => resolve());
  });

/** Reads the rest of the body and throws it away; also ends when the client leaves. */
export const drain = ({ incoming }: Connection): Promise<void> =>
  new Promise((resolve) => {
    if (incoming.readableEnded || incoming.destroyed) return resolve();
    incoming.once('end', resolve).once('close', resolve).resume();
  });

/** Reads as many bytes of the body, or all there are. */
export const readBytes = ({ incoming }: Connection, wanted: number): Promise<void> =>
  new Promise((resolve) => {
    let seen = 0;
    incoming.once('end', resolve).once('close', resolve);
    incoming.on('data', (chunk: Buffer) => {
      seen += chunk.length;
      if (seen >= wanted) resolve();
    });
  });

/** Starts an answer and resets the connection before its end. */
export const sendHalf = (connection: Connection, status: number, headers: Record<string, string>, body: string) => {
  const { outgoing } = connection;
  outgoing.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(body) });
  // A reset would overtake bytes that are still in the buffer.
  outgoing.write(body.slice(0, Math.ceil(body.length / 2)), () => setImmediate(() => reset(connection)));
  return whenClosed(connection);
};

/** Answers 200 with a JSON text that goes on until the client leaves. */
export const sendEndlessly = async ({ outgoing }: Connection, headers: Record<string, string>): Promise<void> => {
  outgoing.writeHead(200, headers);
  try {
    await pipeline(Readable.from(endlessJson()), outgoing);
  } catch {
    // The client left, as it should.
  }
};

function* endlessJson(): Generator<string> {
  yield '{"success":true,"padding":"';
  const padding = 'a'.repeat(64 * 1024);
  for (;;) yield padding;
}
