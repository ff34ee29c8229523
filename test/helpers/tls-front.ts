import { type AddressInfo, connect, type Server, type Socket } from 'node:net';
import { createServer, type TlsOptions } from 'node:tls';

/** A TLS server on the loopback interface that forwards to a plain HTTP server. */
export interface TlsFront {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

export const startTlsFront = async (behind: string, options: TlsOptions): Promise<TlsFront> => {
  const server = createServer(options, (socket) => join(socket, connect(Number(new URL(behind).port), '127.0.0.1')));
  server.on('tlsClientError', () => {});
  const { port, close } = await listen(server);
  return { port, url: `https://127.0.0.1:${port}`, close };
};

/** Pipes two sockets into each other and closes both when one closes. */
export const join = (one: Socket, other: Socket): void => {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.pipe(to);
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroy());
  }
};

export const listen = async (server: Server): Promise<{ port: number; close(): Promise<void> }> => {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
};
