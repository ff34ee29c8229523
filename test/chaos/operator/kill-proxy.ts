import type { ChildProcess } from 'node:child_process';
import { createServer, request as httpRequest } from 'node:http';
import { listenOnLoopback } from '../../../lib/local/loopback.ts';

/** When a command is killed: at its n-th request, before the service gets it or after the service has carried it out. */
export interface KillPoint {
  readonly request: number;
  readonly isCarriedOut: boolean;
}

export interface KillProxy {
  readonly endpoint: string;
  /** Kills the process with SIGKILL at a request. @returns how many requests it has made so far */
  arm(child: ChildProcess, point: KillPoint): () => number;
  close(): Promise<void>;
}

/** A proxy between a command and a service, which counts the requests and can end the command in the middle of one. */
export const startKillProxy = async (target: string): Promise<KillProxy> => {
  let armed: { child: ChildProcess; point: KillPoint; requests: number } | undefined;
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('error', () => {});
    outgoing.on('error', () => {});
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const current = armed;
      if (current !== undefined) current.requests += 1;
      const isLast = current !== undefined && current.requests === current.point.request;
      if (isLast && !current.point.isCarriedOut) {
        current.child.kill('SIGKILL');
        outgoing.destroy();
        return;
      }
      const { method, headers, url = '/' } = incoming;
      const forwarded = httpRequest(new URL(url, target), { method, headers }, (answer) => {
        if (isLast) {
          current.child.kill('SIGKILL');
          answer.resume();
          outgoing.destroy();
          return;
        }
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      });
      forwarded.on('error', () => outgoing.destroy());
      forwarded.end(Buffer.concat(chunks));
    });
  });
  const { endpoint, close } = await listenOnLoopback(server);
  return {
    endpoint,
    close,
    arm(child, point) {
      const current = { child, point, requests: 0 };
      armed = current;
      return () => current.requests;
    },
  };
};
