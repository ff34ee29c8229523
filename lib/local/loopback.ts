import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The local servers check no credentials, so only programs on this machine may reach them. */
export const LOOPBACK = '127.0.0.1';

/** Starts a server on the loopback interface. `close` also ends open connections. @throws EADDRINUSE and other listen errors */
export const listenOnLoopback = async (
  server: Server,
  port = 0,
): Promise<{ endpoint: string; port: number; close: () => Promise<void> }> => {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, LOOPBACK, () => {
      server.off('error', reject);
      resolve();
    });
  });
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

const LOOPBACK_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i;

/**
 * Whether a request's `Host` header names the loopback interface. A website can make its own name resolve to 127.0.0.1
 * (DNS rebinding), and its scripts could then read what a local server answers. The browser sends that name as `Host`.
 */
export const isLoopbackHost = (host: string | undefined): boolean => host !== undefined && LOOPBACK_HOST.test(host);
