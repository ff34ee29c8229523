import { Readable } from 'node:stream';
import type { Credentials } from '../../../lambdas/relay/adapters/secrets-manager/credentials.ts';
import { composeRelay, type RelayPorts } from '../../../lambdas/relay/compose.ts';
import type { Handler } from '../../../lambdas/relay/handler.ts';
import type { Pacer } from '../../../lambdas/relay/pacing/pacer.ts';
import type { ObjectStore } from '../../../lambdas/relay/ports.ts';

type GivenPorts = 'settings' | 'clock' | 'random' | 'send' | 'ledger' | 'queues' | 'backlog' | 'metrics';

export interface FunctionDeps extends Pick<RelayPorts, GivenPorts> {
  /** Whose credentials are sent to the chat server. @default those of a bot that only the virtual server accepts */
  readonly identity?: Credentials | undefined;
  /** `false`, for comparison: the pacer does nothing, and sleeping messages are not woken. */
  readonly isPaced: boolean;
}

export type RelayFunction = Handler;

/** The function as `index.ts` composes it, on the given ports, with a bucket in which every object exists. */
export const createFunction = ({ isPaced, identity = BOT, ...ports }: FunctionDeps): RelayFunction => {
  const silent = () => {};
  return composeRelay({
    ...ports,
    buckets: ['example-uploads'],
    store,
    links: { presign: async ({ key }) => `https://example.com/${key}` },
    logger: { info: silent, warn: silent, error: silent },
    abortAfter: () => new AbortController().signal,
    credentials: { current: async () => identity, renew: async () => false },
    pacer: isPaced ? undefined : unpaced,
  });
};

const BOT: Credentials = { userId: 'bot', authToken: 'token' };

const store: ObjectStore = {
  open: async ({ sizeBytes }) => ({
    sizeBytes,
    contentType: 'text/plain',
    body: Readable.from([Buffer.alloc(sizeBytes)]),
    close: () => {},
  }),
  describe: async () => ({ contentType: 'text/plain', metadata: new Map() }),
  tags: async () => new Map(),
};

const unpaced: Pacer = {
  take: () => 0,
  bookDelayMs: () => 60_000,
  giveUp: () => {},
  observe: () => {},
  rejected: () => {},
  countToWake: () => 0,
  releasePlaces: () => {},
  drainMs: () => 0,
};
