import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** A call's two streams, for faults that a Response cannot express. */
export interface Connection {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

/** Closes the connection with a TCP reset. */
export const reset = ({ incoming }: Connection): void => {
  incoming.socket.resetAndDestroy();
};

/** Resolves when the client or the server has closed the connection. */
export const whenClosed = ({ outgoing }: Connection): Promise<void> =>
  new Promise((resolve) => {
    if (outgoing.closed || outgoing.destroyed) resolve();
    else outgoing.once('close', () => resolve());
  });

/** Reads and discards the rest of the body. Also resolves when the connection closes. */
export const drain = ({ incoming }: Connection): Promise<void> =>
  new Promise((resolve) => {
    if (incoming.readableEnded || incoming.destroyed) return resolve();
    incoming.once('end', resolve).once('close', resolve).resume();
  });

/** Reads at least `wanted` bytes of the body, or the whole body if it is shorter. */
export const readBytes = ({ incoming }: Connection, wanted: number): Promise<void> =>
  new Promise((resolve) => {
    let seen = 0;
    incoming.once('end', resolve).once('close', resolve);
    incoming.on('data', (chunk: Buffer) => {
      seen += chunk.length;
      if (seen >= wanted) resolve();
    });
  });

/** Sends the first half of an answer, then resets the connection. */
export const sendHalf = (connection: Connection, status: number, headers: Record<string, string>, body: string) => {
  const { outgoing } = connection;
  outgoing.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(body) });
  // A reset discards bytes that are still in the socket's buffer.
  outgoing.write(body.slice(0, Math.ceil(body.length / 2)), () => setImmediate(() => reset(connection)));
  return whenClosed(connection);
};

/** Answers 200 with a JSON text that does not end until the client closes the connection. */
export const sendEndlessly = async ({ outgoing }: Connection, headers: Record<string, string>): Promise<void> => {
  outgoing.writeHead(200, headers);
  try {
    await pipeline(Readable.from(endlessJson()), outgoing);
  } catch {
    // The client closed the connection, as expected.
  }
};

function* endlessJson(): Generator<string> {
  yield '{"success":true,"padding":"';
  const padding = 'a'.repeat(64 * 1024);
  for (;;) yield padding;
}
