import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Nothing here asks for credentials, so nothing here may be reached from another machine. */
export const LOOPBACK = '127.0.0.1';

/** Starts a server on the loopback interface. Closing it ends open connections too. @throws EADDRINUSE and the like */
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
