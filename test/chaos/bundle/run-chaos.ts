import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { type ChatServer, startChatServer } from '../../../lib/local/chat-server/index.ts';
import { type LocalRelay, type LocalRelayOptions, startLocalRelay } from '../../../lib/local/index.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import { chatFaults, dynamoDbFaults, s3Faults } from './faults.ts';
import { seededRandom } from './random.ts';

export interface ChaosOptions {
  readonly seed: number;
  readonly objects: number;
  /** How many times a process of the function is killed while it works. */
  readonly kills: number;
  /** Whole restarts of the chat server. */
  readonly restarts: number;
  /** After this time the world is well again, so that the backoff of what failed most can end. */
  readonly faultsForMs: number;
  readonly timeoutMs: number;
  readonly onProgress?: ((left: number, posted: number) => void) | undefined;
}

export interface ChaosReport {
  readonly objects: number;
  readonly repeatedEvents: number;
  readonly faults: ReadonlyMap<string, number>;
  readonly posted: number;
  /** Messages too many, of the objects posted more than once. */
  readonly duplicates: number;
  /** Neither posted nor dead-lettered. */
  readonly lost: readonly string[];
  /** Posted with other bytes than were uploaded. */
  readonly corrupted: readonly string[];
  readonly deadLettered: readonly string[];
  /** Dead-lettered objects that should not have been, and the other way round. */
  readonly unexpected: readonly string[];
  readonly receives: number;
  readonly durationMs: number;
}

/** Virtual hours can't be had through real processes, so what is long in production is short here. */
const CONFIRM_AGAIN_AFTER_SECONDS = 4;
const FUNCTION_TIMEOUT_MS = 10_000;
/** One of so many objects is of a type that the server refuses, and must end in the dead-letter queue. */
const REFUSED_EVERY = 50;
/** One of so many events arrives twice. */
const REPEATED_EVERY = 7;

/** The whole relay, through the function's real bundle and real HTTP, while everything around it fails. */
export const runChaos = async (options: ChaosOptions): Promise<ChaosReport> => {
  const { seed, objects } = options;
  const startedAt = performance.now();
  const faults = new Map<string, number>();
  const count = (name: string) => faults.set(name, (faults.get(name) ?? 0) + 1);
  const isIll = () => performance.now() - startedAt < options.faultsForMs;
  const closers: (() => Promise<unknown>)[] = [];
  try {
    const chat = await startChatServer({ rooms: [{ name: 'general', type: 'c' }], keepContent: false });
    closers.push(() => chat.close());
    const chatProxy = await startFaultProxy(chat.url, () => undefined);
    closers.push(() => chatProxy.close());
    const events: string[] = [];
    const relay = await startRelay(chat, chatProxy, seed, isIll, count, closers, (_object, body) => events.push(body));

    const sums = await upload(relay, seed, objects);
    const repeatedEvents = await repeatEvents(relay, events);
    chat.faults.use(chatFaults(seed, isIll, count));
    const chaos = new AbortController();
    const breaking = [
      killAtRandom(relay, options, count, chaos.signal),
      restartAtRandom(chatProxy, options, count, chaos.signal),
    ];
    await settle(relay, chat, options);
    chaos.abort();
    await Promise.all(breaking);
    return await report(relay, chat, sums, { repeatedEvents, faults, durationMs: performance.now() - startedAt });
  } finally {
    for (const close of closers.reverse()) await close();
  }
};

const startRelay = async (
  chat: ChatServer,
  chatProxy: FaultProxy,
  seed: number,
  isIll: () => boolean,
  count: (name: string) => void,
  closers: (() => Promise<unknown>)[],
  onUpload: NonNullable<LocalRelayOptions['onUpload']>,
): Promise<LocalRelay> => {
  const relay = await startLocalRelay({
    rocketChat: { url: chatProxy.url, userId: chat.userId, authToken: chat.authToken },
    settings: { routes: [{ room: '#general' }], confirmAgainAfterSeconds: CONFIRM_AGAIN_AFTER_SECONDS },
    processes: 2,
    functionTimeoutMs: FUNCTION_TIMEOUT_MS,
    visibilityTimeoutSeconds: Math.ceil(FUNCTION_TIMEOUT_MS / 1_000) + 2,
    environment: async (endpoints) => {
      const s3 = await startFaultProxy(endpoints.s3, s3Faults(seed, isIll, count));
      const dynamodb = await startFaultProxy(endpoints.dynamodb, dynamoDbFaults(seed, isIll, count));
      closers.push(
        () => s3.close(),
        () => dynamodb.close(),
      );
      return { AWS_ENDPOINT_URL_S3: s3.url, AWS_ENDPOINT_URL_DYNAMODB: dynamodb.url };
    },
    onUpload,
  });
  closers.push(() => relay.close());
  return relay;
};

/** Puts all objects; gives the checksum of each by its key. */
const upload = async (relay: LocalRelay, seed: number, objects: number): Promise<Map<string, string>> => {
  const random = seededRandom(seed, 'objects');
  const sums = new Map<string, string>();
  for (let index = 0; index < objects; index += 1) {
    const isRefused = index % REFUSED_EVERY === REFUSED_EVERY - 1;
    const key = `in/${String(index).padStart(5, '0')} ü+%.${isRefused ? 'svg' : 'bin'}`;
    // Mostly small, some of a few MiB.
    const sizeBytes = Math.ceil(random() ** 6 * 4 * 1024 * 1024);
    const body = Buffer.alloc(sizeBytes, `${seed}/${index}/`);
    sums.set(key, createHash('sha256').update(body).digest('hex'));
    const ContentType = isRefused ? 'image/svg+xml' : 'application/octet-stream';
    await relay.clients.s3.send(new PutObjectCommand({ Bucket: relay.bucket, Key: key, Body: body, ContentType }));
  }
  return sums;
};

/** S3 delivers an event more than once now and then: the same record, the same sequencer, another message. */
const repeatEvents = async (relay: LocalRelay, events: readonly string[]): Promise<number> => {
  const repeated = events.filter((_, index) => index % REPEATED_EVERY === 0);
  for (const MessageBody of repeated) {
    await relay.clients.sqs.send(new SendMessageCommand({ QueueUrl: relay.queueUrl, MessageBody }));
  }
  return repeated.length;
};

const killAtRandom = async (
  relay: LocalRelay,
  { seed, kills }: ChaosOptions,
  count: (name: string) => void,
  signal: AbortSignal,
) => {
  const random = seededRandom(seed, 'kills');
  for (let kill = 0; kill < kills && !signal.aborted; kill += 1) {
    await sleep(200 + random() * 2_000, undefined, { signal }).catch(() => {});
    const host = relay.functions[kill % relay.functions.length];
    if (signal.aborted || host?.pid === undefined) continue;
    count('function: SIGKILL');
    await host.kill();
  }
};

const restartAtRandom = async (
  proxy: FaultProxy,
  { seed, restarts }: ChaosOptions,
  count: (name: string) => void,
  signal: AbortSignal,
) => {
  const random = seededRandom(seed, 'restarts');
  for (let restart = 0; restart < restarts && !signal.aborted; restart += 1) {
    await sleep(2_000 + random() * 5_000, undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    count('chat server: restarted');
    proxy.restart(500 + random() * 1_000);
  }
};

const settle = async (relay: LocalRelay, chat: ChatServer, { timeoutMs, onProgress }: ChaosOptions): Promise<void> => {
  const endsAt = performance.now() + timeoutMs;
  for (;;) {
    const { ready, inFlight, delayed } = await relay.countMessages('uploads');
    onProgress?.(ready + inFlight + delayed, chat.messages('general').length);
    if (ready + inFlight + delayed === 0) return;
    if (performance.now() > endsAt) return;
    await sleep(250);
  }
};

const report = async (
  relay: LocalRelay,
  chat: ChatServer,
  sums: ReadonlyMap<string, string>,
  so: Pick<ChaosReport, 'repeatedEvents' | 'faults' | 'durationMs'>,
): Promise<ChaosReport> => {
  const files = new Map(chat.files().map((file) => [file.id, file]));
  const messages = new Map<string, string[]>();
  for (const message of chat.messages('general')) {
    const file = files.get(message.file?._id ?? '');
    if (file !== undefined) messages.set(file.name, [...(messages.get(file.name) ?? []), file.sha256]);
  }
  const letters = new Map(
    (await relay.peekDeadLetters()).map(({ body, messageAttributes }) => [
      keyOf(body),
      messageAttributes['reason']?.StringValue ?? 'no reason',
    ]),
  );
  const keys = [...sums.keys()];
  const nameOf = (key: string) => key.slice('in/'.length);
  const isPosted = (key: string) => messages.has(nameOf(key));
  return {
    ...so,
    objects: sums.size,
    posted: keys.filter(isPosted).length,
    duplicates: [...messages.values()].reduce((sum, copies) => sum + copies.length - 1, 0),
    lost: keys.filter((key) => !isPosted(key) && !letters.has(key)),
    corrupted: keys.filter((key) => messages.get(nameOf(key))?.some((sum) => sum !== sums.get(key))),
    deadLettered: keys.filter((key) => letters.has(key)),
    unexpected: keys
      .filter((key) => letters.has(key) !== key.endsWith('.svg') || (letters.has(key) && isPosted(key)))
      .map((key) => `${key} (${letters.get(key) ?? 'not dead-lettered'})`),
    receives: relay.deliveries.length,
  };
};

const keyOf = (body: string): string =>
  decodeURIComponent(JSON.parse(body).Records[0].s3.object.key.replaceAll('+', ' '));
