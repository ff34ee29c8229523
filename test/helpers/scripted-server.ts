import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SeenRequest {
  readonly method: string;
  /** With its query. */
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
}

export interface ScriptedServer {
  readonly url: string;
  readonly requests: readonly SeenRequest[];
  /** The script that answers all following requests. */
  answer(script: Script): void;
  close(): Promise<void>;
}

export type Script = (request: IncomingMessage, response: ServerResponse) => void;

/** A real HTTP server on the loopback interface. The script can answer or destroy the connection. */
export const startScriptedServer = async (): Promise<ScriptedServer> => {
  const requests: SeenRequest[] = [];
  let script: Script = (_, response) => response.writeHead(500).end();
  const server = createServer((request, response) => {
    requests.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers });
    script(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    answer: (next) => {
      script = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

export interface ApiAnswer {
  /** @default 200 */
  readonly status?: number;
  readonly headers?: Record<string, string | string[]>;
  /** Sent as JSON, or as it is if it is a string. */
  readonly body: unknown;
}

/** The answers of Rocket.Chat's calls by name, such as `rooms.info`; an unknown call is answered as by its router. */
export const apiScript =
  (calls: Readonly<Record<string, ApiAnswer | ((url: URL) => ApiAnswer)>>): Script =>
  (request, response) => {
    const url = new URL(request.url ?? '', 'http://server');
    const call = calls[url.pathname.split('/')[3] ?? ''] ?? { status: 404, body: '404 Not Found' };
    const { status = 200, headers = {}, body } = typeof call === 'function' ? call(url) : call;
    request.resume().once('end', () => {
      response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
    });
  };
