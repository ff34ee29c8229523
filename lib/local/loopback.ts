import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The local servers check no credentials, so only programs on this machine may reach them. */
export const LOOPBACK = '127.0.0.1';

/** A port, 0 for any free one, or the first free one from a port on. */
export type Port = number | { readonly from: number };

/** How many ports are tried from a port on. */
const TRIED_PORTS = 100;

/**
 * Starts a server on the loopback interface. `close` also ends open connections.
 * @throws EADDRINUSE if the port, or each port tried, is in use; other listen errors
 */
export const listenOnLoopback = async (
  server: Server,
  port: Port = 0,
): Promise<{ endpoint: string; port: number; close: () => Promise<void> }> => {
  if (typeof port === 'number') await listen(server, port);
  else await listenFrom(server, port.from);
  const actualPort = (server.address() as AddressInfo).port;
  return {
    endpoint: `http://${LOOPBACK}:${actualPort}`,
    port: actualPort,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

const listen = (server: Server, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, LOOPBACK, () => {
      server.off('error', reject);
      resolve();
    });
  });

const listenFrom = async (server: Server, from: number): Promise<void> => {
  for (let port = from; ; port += 1) {
    try {
      return await listen(server, port);
    } catch (error) {
      const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
      if (!isTaken || port === from + TRIED_PORTS - 1) throw error;
    }
  }
};

const LOOPBACK_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i;

/**
 * Whether a request's `Host` header names the loopback interface. A website can make its own name resolve to 127.0.0.1
 * (DNS rebinding), and its scripts could then read what a local server answers. The browser sends that name as `Host`.
 */
export const isLoopbackHost = (host: string | undefined): boolean => host !== undefined && LOOPBACK_HOST.test(host);
