import { Readable } from 'node:stream';
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { createRocketChat } from '../../../lambdas/relay/adapters/rocket-chat/chat.ts';
import { createClient } from '../../../lambdas/relay/adapters/rocket-chat/client.ts';
import type { SendHttp } from '../../../lambdas/relay/adapters/rocket-chat/http.ts';
import type { Credentials } from '../../../lambdas/relay/adapters/secrets-manager/credentials.ts';
import { createDeliver } from '../../../lambdas/relay/delivery/deliver.ts';
import { createCircuit } from '../../../lambdas/relay/domain/circuit.ts';
import type { Settings } from '../../../lambdas/relay/domain/settings.ts';
import { createHandler } from '../../../lambdas/relay/handler.ts';
import { createPacer, type Pacer } from '../../../lambdas/relay/pacing/pacer.ts';
import { createPacing } from '../../../lambdas/relay/pacing/pacing.ts';
import type { Backlog, Clock, Ledger, Metrics, ObjectStore, Queues } from '../../../lambdas/relay/ports.ts';

export interface FunctionDeps {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly random: () => number;
  readonly send: SendHttp;
  readonly ledger: Ledger;
  readonly queues: Queues;
  readonly backlog: Backlog;
  readonly metrics: Metrics;
  /** Who calls the chat server. @default a bot that only a virtual one knows */
  readonly identity?: Credentials | undefined;
  /** For comparison: a pacer that does nothing, and nobody who looks after messages that sleep. */
  readonly isPaced: boolean;
}

export type RelayFunction = (event: SQSEvent, context: Context) => Promise<SQSBatchResponse>;

/** The function as `index.ts` puts it together, on whatever ports it is given. */
export const createFunction = (deps: FunctionDeps): RelayFunction => {
  const { settings, clock, random, send, ledger, queues, backlog, metrics, isPaced, identity = BOT } = deps;
  const silent = () => {};
  const logger = { info: silent, warn: silent, error: silent };
  const { maxCallsPerMinute } = settings;
  const pacer = isPaced ? createPacer({ now: clock.now, random, maxCallsPerMinute }) : unpaced;
  const credentials = { current: async () => identity, renew: async () => false };
  const client = createClient({ send, credentials, clock, pacer });
  const deliver = createDeliver({
    settings,
    clock,
    random,
    logger,
    queues,
    pacer,
    ledger,
    store,
    circuit: createCircuit({ now: clock.now }),
    chat: createRocketChat(client),
    bot: { userId: async () => identity.userId },
    rooms: { resolve: async () => 'GENERAL' },
  });
  return createHandler({
    deliver,
    queues,
    metrics,
    logger,
    clock,
    abortAfter: () => new AbortController().signal,
    filesAtOnce: settings.filesAtOnce,
    pacing: isPaced ? createPacing({ pacer, backlog, clock, logger, metrics }) : undefined,
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
  contentType: async () => 'text/plain',
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
