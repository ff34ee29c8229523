import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** What a proxy does to one request instead of only passing it on. */
export type ProxyFault =
  /** Answers in the server's stead; the request does not reach it. */
  | { readonly kind: 'answer'; readonly status: number; readonly contentType: string; readonly body: string }
  /** Passes half of the answer's body on, then drops the connection. */
  | { readonly kind: 'cut-answer' }
  /** Lets the server do its work, then drops the connection without an answer. */
  | { readonly kind: 'drop-answer' };

export interface FaultProxy {
  readonly url: string;
  /** Drops every connection and takes no new one for a while, as a server does that is restarted. */
  restart(downMs: number): void;
  close(): Promise<void>;
}

/** A reverse proxy on the loopback interface that passes on as decided. */
export const startFaultProxy = async (
  target: string,
  decide: (request: IncomingMessage) => ProxyFault | undefined,
): Promise<FaultProxy> => {
  const { hostname, port } = new URL(target);
  const agent = new http.Agent({ keepAlive: true });
  const sockets = new Set<Socket>();
  let isDown = false;

  const server = http.createServer((request, response) => {
    const fault = decide(request);
    if (fault?.kind === 'answer') {
      request.resume();
      response.writeHead(fault.status, {
        'content-type': fault.contentType,
        'content-length': Buffer.byteLength(fault.body),
      });
      response.end(fault.body);
      return;
    }
    const onward = http.request(
      { agent, hostname, port, method: request.method, path: request.url, headers: request.headers },
      (answer) => passBack(answer, response, fault),
    );
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  });
  // The real server asks for the body itself, or does not.
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    response.writeContinue();
    server.emit('request', request, response);
  });
  server.on('connection', (socket: Socket) => {
    if (isDown) {
      socket.destroy();
      return;
    }
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    restart(downMs) {
      isDown = true;
      for (const socket of sockets) socket.destroy();
      setTimeout(() => {
        isDown = false;
      }, downMs);
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      agent.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};

const passBack = (answer: IncomingMessage, response: ServerResponse, fault: ProxyFault | undefined): void => {
  if (fault?.kind === 'drop-answer') {
    answer.resume();
    answer.on('end', () => response.destroy());
    return;
  }
  response.writeHead(answer.statusCode ?? 502, answer.headers);
  if (fault?.kind !== 'cut-answer') {
    answer.pipe(response);
    answer.on('error', () => response.destroy());
    return;
  }
  const half = Math.floor(Number(answer.headers['content-length'] ?? 2) / 2);
  let passed = 0;
  answer.on('data', (chunk: Buffer) => {
    response.write(chunk.subarray(0, Math.max(0, half - passed)));
    passed += chunk.length;
    if (passed > half) response.destroy();
  });
  answer.on('end', () => response.destroy());
};
