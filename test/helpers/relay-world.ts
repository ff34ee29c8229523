import { Readable } from 'node:stream';
import { createDeliver, type Deliver, type DeliverDeps } from '../../lambdas/relay/delivery/deliver.ts';
import { createReject, type Reject } from '../../lambdas/relay/delivery/settle.ts';
import type { Task } from '../../lambdas/relay/delivery/state.ts';
import { createCircuit } from '../../lambdas/relay/domain/circuit.ts';
import { ChatAnswerError, ChatUnreachableError, SourceError } from '../../lambdas/relay/domain/errors.ts';
import type { CreatedObject } from '../../lambdas/relay/domain/s3-event.ts';
import type { ServerLimits } from '../../lambdas/relay/domain/server-limits.ts';
import type { Settings } from '../../lambdas/relay/domain/settings.ts';
import type { Outcome } from '../../lambdas/relay/outcome.ts';
import type { DeadLetter, Logger, Metrics, Queues } from '../../lambdas/relay/ports.ts';
import { createdObject } from './factories.ts';
import { createHandClock, type HandClock } from './hand-clock.ts';
import { createMemoryLedger } from './memory-ledger.ts';
import { readAll } from './read-stream.ts';

export const HOUR_MS = 3_600_000;

/** The error of an answer that refuses a call. */
export const answer = (status: number, errorType?: string, text = 'x'): ChatAnswerError =>
  new ChatAnswerError(text, { status, errorType });

/** The error of a call whose answer was lost. */
export const lost = (mayHaveActed = true): ChatUnreachableError =>
  new ChatUnreachableError('reset', { code: 'CONNECTION_LOST', mayHaveActed });

/** The user id of the relay's bot. */
export const BOT_USER_ID = 'bTqhxCWeDSAbKTwSe';

/** The calls to ports. A test can make each fail before or after its effect. */
export type PortCall =
  | 'open'
  | 'describe'
  | 'tags'
  | 'bot'
  | 'resolve'
  | 'media'
  | 'confirm'
  | 'look'
  | 'link'
  | 'claim'
  | 'claimUploaded'
  | 'record'
  | 'findOther'
  | 'findVersions'
  | 'findRooms'
  | 'thread'
  | 'deadLetter'
  | 'postpone';

export interface LogLine {
  readonly level: 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: Record<string, unknown>;
}

export interface FakeMessage {
  readonly id: string;
  readonly roomId: string;
  readonly fileId: string;
  readonly text: string;
  readonly threadId: string | undefined;
  readonly altText?: string | undefined;
  readonly alias?: string | undefined;
  readonly emoji?: string | undefined;
  readonly avatar?: string | undefined;
  readonly name: string;
  readonly contentType: string;
  readonly content: string;
}

interface StoredObject {
  content: string;
  contentType?: string;
  metadata?: Record<string, string>;
  tags?: Record<string, string>;
}

/** The ports of `deliver`, in memory. Time passes only when a test advances the clock. */
export interface RelayWorld {
  readonly clock: HandClock;
  readonly deps: DeliverDeps;
  readonly ledger: ReturnType<typeof createMemoryLedger>;
  /** The calls so far, in order. */
  readonly calls: PortCall[];
  /** The objects in the bucket, by key. */
  readonly objects: Map<string, StoredObject>;
  readonly files: Map<string, Omit<FakeMessage, 'id' | 'fileId' | 'text' | 'threadId'>>;
  readonly messages: FakeMessage[];
  /** Messages without a file, by the key that the server inserts once. */
  readonly notices: Map<
    string,
    { readonly roomId: string; readonly text: string; readonly threadId: string | undefined }
  >;
  /** What the server accepts; a test may change it. */
  limits: ServerLimits;
  /** Ids of messages that were deleted in the chat. */
  readonly deleted: Set<string>;
  readonly deadLetters: DeadLetter[];
  readonly postponed: { receiptHandle: string; delayMs: number }[];
  readonly logs: LogLine[];
  readonly queues: Queues;
  readonly logger: Logger;
  /** The delays in milliseconds that the pacer returns. */
  readonly waits: { media: number; confirm: number };
  /** The number of sources that were opened and not closed. */
  openSources(): number;
  /** Makes the next call fail with this error; with `after`, after its effect. */
  fail(call: PortCall, error: Error, options?: { after?: boolean; times?: number }): void;
  deliver: Deliver;
  reject: Reject;
  /** Delivers an object as the given receive of its message, each time with a new lease owner. */
  run(options?: RunOptions): Promise<Outcome>;
  /** Delivers the object repeatedly, each time after the delay of the outcome before, until it is settled. */
  runUntilSettled(options?: RunOptions, mostReceives?: number): Promise<{ outcomes: Outcome[]; last: Outcome }>;
  /** As `run`, for an object that may go to several rooms. */
  runAll(options?: RunOptions): Promise<readonly Outcome[]>;
}

export interface RunOptions {
  readonly object?: CreatedObject;
  readonly receiveCount?: number;
  readonly sentAt?: number;
  readonly failedAt?: number | undefined;
  readonly failedRoomId?: string | undefined;
  /** @default absent */
  readonly isUntouched?: boolean;
  readonly leftMs?: number;
  /** How long ago the invocation began. @default 0 */
  readonly startedMsAgo?: number;
  readonly owner?: string;
}

export const settingsOf = (overrides: Partial<Settings> = {}): Settings => ({
  routes: [{ room: '#general' }],
  retryForHours: 24,
  filesAtOnce: 5,
  queueRetentionDays: 14,
  ledgerRetentionDays: 365,
  confirmAgainAfterSeconds: 90,
  ...overrides,
});

export const createRelayWorld = (settings: Settings = settingsOf(), maxReceiveCount?: number): RelayWorld => {
  const clock = createHandClock();
  const memory = createMemoryLedger({ clock });
  const calls: PortCall[] = [];
  const failures: { call: PortCall; error: Error; after: boolean }[] = [];
  const objects: RelayWorld['objects'] = new Map([
    ['reports/weekly.pdf', { content: 'content', contentType: 'application/pdf' }],
  ]);
  const files: RelayWorld['files'] = new Map();
  const messages: FakeMessage[] = [];
  const notices: RelayWorld['notices'] = new Map();
  const deleted = new Set<string>();
  const deadLetters: DeadLetter[] = [];
  const postponed: RelayWorld['postponed'] = [];
  const logs: LogLine[] = [];
  const waits = { media: 0, confirm: 0 };
  let opened = 0;
  let owners = 0;

  const port = async <Result>(call: PortCall, effect: () => Result | Promise<Result>): Promise<Result> => {
    calls.push(call);
    const index = failures.findIndex((failure) => failure.call === call);
    const [failure] = index === -1 ? [] : failures.splice(index, 1);
    if (failure !== undefined && !failure.after) throw failure.error;
    const result = await effect();
    if (failure !== undefined) throw failure.error;
    return result;
  };
  const objectAt = (key: string) => {
    const object = objects.get(key);
    if (object === undefined) throw new SourceError('it is not there', { code: 'OBJECT_GONE' });
    return object;
  };
  const log = (level: LogLine['level']) => (message: string, fields: Record<string, unknown>) =>
    void logs.push({ level, message, fields });
  const logger: Logger = { info: log('info'), warn: log('warn'), error: log('error') };

  const queues: Queues = {
    postpone: (receiptHandle, delayMs) => port('postpone', () => void postponed.push({ receiptHandle, delayMs })),
    sendDeadLetter: (letter) => port('deadLetter', () => void deadLetters.push(letter)),
  };
  const deps: DeliverDeps = {
    settings,
    clock,
    random: () => 0.5,
    logger,
    queues,
    circuit: createCircuit(clock),
    maxReceiveCount,
    pacer: { ...NO_PACER, take: (call) => waits[call], bookDelayMs: (call) => waits[call] },
    ledger: {
      claim: (...args) => port('claim', () => memory.claim(...args)),
      claimUploaded: (...args) => port('claimUploaded', () => memory.claimUploaded(...args)),
      record: (...args) => port('record', () => memory.record(...args)),
      findOther: (id, createdAt) => port('findOther', () => memory.findOther(id, createdAt)),
      findVersions: (id) => port('findVersions', () => memory.findVersions(id)),
      findRooms: (id) => port('findRooms', () => memory.findRooms(id)),
    },
    bot: { userId: () => port('bot', () => BOT_USER_ID) },
    rooms: { resolve: (room) => port('resolve', () => `id-of-${room.replace('#', '')}`) },
    // Not a call of `port`: the limits are cached, so they are no step of a delivery.
    limits: { read: async () => world.limits },
    links: { presign: async ({ key }, { seconds }) => `https://example.com/${key}?X-Amz-Expires=${seconds}` },
    notices: {
      post: (roomId, { key, text, threadId }) =>
        port('link', () => {
          if (!notices.has(key)) notices.set(key, { roomId, text, threadId });
          return { messageId: `message-of-${key}` };
        }),
    },
    threads: {
      root: (roomId, { name }) => port('thread', () => `root-of-${roomId}-${name}`),
      find: (_, messageId) => port('thread', () => (deleted.has(messageId) ? undefined : messageId)),
    },
    store: {
      open: ({ key }) =>
        port('open', () => {
          const { content, contentType } = objectAt(key);
          opened += 1;
          let isOpen = true;
          const close = () => {
            if (isOpen) opened -= 1;
            isOpen = false;
          };
          return { sizeBytes: content.length, contentType, body: Readable.from([Buffer.from(content)]), close };
        }),
      describe: ({ key }) =>
        port('describe', () => {
          const { contentType, metadata = {} } = objectAt(key);
          return { contentType, metadata: new Map(Object.entries(metadata)) };
        }),
      tags: ({ key }) => port('tags', () => new Map(Object.entries(objectAt(key).tags ?? {}))),
    },
    chat: {
      uploadMedia: (roomId, { name, contentType, source }) =>
        port('media', async () => {
          const fileId = `file-${files.size + 1}`;
          files.set(fileId, { roomId, name, contentType, content: (await readAll(source.body)).toString() });
          return { fileId, uploadedAt: clock.now() };
        }),
      confirmMedia: async ({ roomId, fileId }, { text, threadId, altText, alias, emoji, avatar }) =>
        port('confirm', () => {
          const file = files.get(fileId);
          if (file === undefined)
            throw new ChatAnswerError('[invalid-file]', { status: 400, errorType: 'invalid-file' });
          const id = `message-${messages.length + 1}`;
          messages.push({ ...file, id, roomId, fileId, text, threadId, altText, alias, emoji, avatar });
          return { messageId: messages.find((message) => message.fileId === fileId)?.id ?? '' };
        }),
      findMessage: ({ upload: { fileId } }) =>
        port('look', () => {
          const message = messages.find((one) => one.fileId === fileId);
          return message === undefined ? undefined : { messageId: message.id };
        }),
    },
  };

  const deliver = createDeliver(deps);
  const world: RelayWorld = {
    clock,
    deps,
    ledger: memory,
    calls,
    objects,
    files,
    messages,
    notices,
    limits: {},
    deleted,
    deadLetters,
    postponed,
    logs,
    queues,
    logger,
    waits,
    openSources: () => opened,
    fail: (call, error, { after = false, times = 1 } = {}) => {
      for (let time = 0; time < times; time += 1) failures.push({ call, error, after });
    },
    deliver,
    reject: createReject(deps),
    async run(options) {
      const outcomes = await this.runAll(options);
      const [outcome] = outcomes;
      if (outcome === undefined || outcomes.length > 1) throw new Error(`there are ${outcomes.length} outcomes`);
      return outcome;
    },
    async runUntilSettled(options = {}, mostReceives = 60) {
      const outcomes: Outcome[] = [];
      const sentAt = clock.now();
      for (let receiveCount = options.receiveCount ?? 1; receiveCount <= mostReceives; receiveCount += 1) {
        const last = await this.run({ sentAt, ...options, receiveCount });
        outcomes.push(last);
        if (last.kind !== 'retrying') return { outcomes, last };
        if (last.delayMs <= 0) throw new Error(`a message comes back after ${last.delayMs} ms`);
        clock.advance(last.delayMs);
      }
      throw new Error(`not settled after ${mostReceives} deliveries: ${JSON.stringify(outcomes.at(-1))}`);
    },
    runAll({
      object = createdObject({ sizeBytes: 7 }),
      receiveCount = 1,
      sentAt = clock.now(),
      failedAt,
      failedRoomId,
      isUntouched,
      leftMs = 100_000,
      startedMsAgo = 0,
      owner,
    } = {}) {
      owners += 1;
      const now = clock.now();
      const task: Task = {
        object,
        message: { receiveCount, sentAt, failedAt, failedRoomId, ...(isUntouched !== undefined && { isUntouched }) },
        lease: { owner: owner ?? `owner-${owners}`, takenAt: now - startedMsAgo, expiresAt: now + leftMs + 30_000 },
        deadlineAt: now + leftMs,
        signal: new AbortController().signal,
      };
      return deliver(task);
    },
  };
  return world;
};

/** A pacer without a limit. */
const NO_PACER: DeliverDeps['pacer'] = {
  take: () => 0,
  bookDelayMs: () => 0,
  giveUp: () => {},
  observe: () => {},
  rejected: () => {},
  countToWake: () => Number.POSITIVE_INFINITY,
  releasePlaces: () => {},
  drainMs: () => 0,
};

/** Metrics that sum up the values of each name. */
export const createCountingMetrics = (): Metrics & { readonly sums: Record<string, number> } => {
  const sums: Record<string, number> = {};
  return {
    sums,
    add: (name, value = 1) => {
      sums[name] = (sums[name] ?? 0) + value;
    },
  };
};
