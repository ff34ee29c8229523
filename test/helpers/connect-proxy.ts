import { createServer, type IncomingHttpHeaders } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join, listen } from './tls-front.ts';

/** An HTTP proxy on the loopback interface that supports only CONNECT. */
export interface ConnectProxy {
  /** Without user and password. */
  readonly url: URL;
  readonly tunnels: { readonly target: string; readonly headers: IncomingHttpHeaders }[];
  /** Other requests than CONNECT. */
  readonly others: string[];
  close(): Promise<void>;
}

export type Tunnel = 'open' | 'silent' | { readonly status: number };

export const startConnectProxy = async (tunnel: Tunnel = 'open'): Promise<ConnectProxy> => {
  const tunnels: ConnectProxy['tunnels'] = [];
  const others: string[] = [];
  const server = createServer((request, response) => {
    others.push(`${request.method} ${request.url}`);
    response.writeHead(405).end();
  });
  server.on('connect', (request, socket: Socket) => {
    tunnels.push({ target: request.url ?? '', headers: request.headers });
    socket.on('error', () => {});
    if (tunnel === 'silent') return;
    if (tunnel !== 'open') {
      socket.end(`HTTP/1.1 ${tunnel.status} No\r\n\r\n`);
      return;
    }
    const target = new URL(`tcp://${request.url}`);
    const upstream = connect(Number(target.port), target.hostname, () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      join(socket, upstream);
    });
    upstream.on('error', () => socket.destroy());
  });
  const { port, close } = await listen(server);
  return { url: new URL(`http://127.0.0.1:${port}`), tunnels, others, close };
};
