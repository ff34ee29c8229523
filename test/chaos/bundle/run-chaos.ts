import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { type ChatServer, startChatServer } from '../../../lib/local/chat-server/index.ts';
import { type FrontProxy, startFrontProxy } from '../../../lib/local/front-proxy/front-proxy.ts';
import { type LocalRelay, type LocalRelayOptions, startLocalRelay } from '../../../lib/local/index.ts';
import { type CountFault, chatFaults, chatProxyFaults, dynamoDbFaults, type Hazard, s3Faults } from './faults.ts';
import { judge, type Sent } from './judge.ts';
import { pick, seededRandom } from './random.ts';
import type { ChaosReport } from './report.ts';

export interface ChaosOptions {
  readonly seed: number;
  readonly objects: number;
  readonly hazards: ReadonlySet<Hazard>;
  /** How many times a process of the function is killed while it works. */
  readonly kills: number;
  /** Whole restarts of the chat server. */
  readonly restarts: number;
  /** Faults end this long after the last upload, so that the backoff of the objects that failed most often can end. */
  readonly faultsForMs: number;
  readonly timeoutMs: number;
}

/** Real processes cannot wait for virtual hours, so the long times of production are short here. */
const CONFIRM_AGAIN_AFTER_SECONDS = 4;
const FUNCTION_TIMEOUT_MS = 10_000;
/** One object in so many has a type that the server refuses, and must end in the dead-letter queue. */
const REFUSED_EVERY = 50;
/** One event in so many arrives twice. */
const REPEATED_EVERY = 7;
/** One event in so many arrives again in a message that has an unreadable record, too. */
const UNREADABLE_EVERY = 20;
const ROTATIONS = 3;
const ROOM_CHANGES = 2;
/** How far the clocks may differ from the function's. docs/guarantee.md says how far they may in production. */
const PROXY_CLOCK_MS = 4 * 60_000;
const SERVER_CLOCK_MS = 10 * 60_000;
/** Far above what a run needs: only the headers count. */
const SERVER_RATE_LIMIT = { calls: 1_000_000, windowMs: 60_000 };
const GATEWAY_RATE_LIMIT = 500_000;

interface Chaos {
  readonly options: ChaosOptions;
  readonly isIll: () => boolean;
  readonly count: CountFault;
  /** Aborted when nothing more is to be broken. */
  readonly signal: AbortSignal;
}

/** The whole relay, through the function's real bundle and real HTTP, while everything around it fails. */
export const runChaos = async (options: ChaosOptions): Promise<ChaosReport> => {
  const { seed, hazards } = options;
  const startedAt = performance.now();
  const faults = new Map<string, number>();
  const ending = new AbortController();
  let illUntil = Number.POSITIVE_INFINITY;
  const chaos: Chaos = {
    options,
    isIll: () => performance.now() < illUntil,
    count: (name) => void faults.set(name, (faults.get(name) ?? 0) + 1),
    signal: ending.signal,
  };
  const closers: (() => Promise<unknown>)[] = [];
  try {
    const { chat, proxy } = await startChat(chaos, closers);
    chat.faults.use(chatFaults(seed, hazards, chaos.isIll, chaos.count));
    const events: string[] = [];
    const relay = await startRelay(chat, proxy, chaos, closers, (_object, body) => events.push(body));

    const sent: Sent = {
      sums: await upload(relay, seed, options.objects),
      repeatedEvents: await repeatEvents(relay, events),
      unreadable: hazards.has('events') ? await sendUnreadable(relay, events) : [],
    };
    illUntil = performance.now() + options.faultsForMs;
    const breaking = [
      killAtRandom(relay, chaos),
      restartAtRandom(proxy, chaos),
      ...(hazards.has('bots') ? [rotateAtRandom(relay, chat, chaos)] : []),
      ...(hazards.has('rooms') ? [changeRoomAtRandom(chat, chaos)] : []),
    ];
    await settle(relay, options);
    ending.abort();
    await Promise.all(breaking);
    return {
      ...judge({
        messages: chat.messages('general'),
        files: chat.files(),
        letters: await relay.peekDeadLetters(),
        sent,
      }),
      faults: Object.fromEntries(faults),
      kills: faults.get(KILLED) ?? 0,
      receives: relay.deliveries.length,
      durationMs: performance.now() - startedAt,
    };
  } finally {
    for (const close of closers.reverse()) await close();
  }
};

/** The chat server with two bots, and the proxy in front of it. The clocks of both differ from the function's. */
const startChat = async ({ options, isIll, count }: Chaos, closers: (() => Promise<unknown>)[]) => {
  const { seed, hazards } = options;
  const random = seededRandom(seed, 'clocks');
  const clock = (mostMs: number) => {
    const offsetMs = hazards.has('clocks') ? Math.round((2 * random() - 1) * mostMs) : 0;
    return { now: () => Date.now() + offsetMs };
  };
  const chat = await startChatServer({
    rooms: [{ name: 'general', type: 'c' }],
    users: [{ username: 'relay.bot' }, { username: 'other.bot' }],
    keepContent: false,
    clock: clock(SERVER_CLOCK_MS),
    rateLimit: hazards.has('headers') ? SERVER_RATE_LIMIT : undefined,
  });
  closers.push(() => chat.close());
  const proxy = await startFrontProxy(chat.url, {
    clock: clock(PROXY_CLOCK_MS),
    decide: chatProxyFaults(seed, hazards, isIll, count),
    ...(hazards.has('headers') && { rateLimit: GATEWAY_RATE_LIMIT }),
  });
  closers.push(() => proxy.close());
  return { chat, proxy };
};

const startRelay = async (
  chat: ChatServer,
  proxy: FrontProxy,
  { options: { seed }, isIll, count }: Chaos,
  closers: (() => Promise<unknown>)[],
  onUpload: NonNullable<LocalRelayOptions['onUpload']>,
): Promise<LocalRelay> => {
  const relay = await startLocalRelay({
    rocketChat: { url: proxy.url, userId: chat.userId, authToken: chat.authToken },
    settings: { routes: [{ room: '#general' }], confirmAgainAfterSeconds: CONFIRM_AGAIN_AFTER_SECONDS },
    processes: 2,
    functionTimeoutMs: FUNCTION_TIMEOUT_MS,
    visibilityTimeoutSeconds: Math.ceil(FUNCTION_TIMEOUT_MS / 1_000) + 2,
    environment: async (endpoints) => {
      const s3 = await startFrontProxy(endpoints.s3, { decide: s3Faults(seed, isIll, count) });
      const dynamodb = await startFrontProxy(endpoints.dynamodb, { decide: dynamoDbFaults(seed, isIll, count) });
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

/** Uploads all objects. @returns the checksum of each by its key */
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

/** S3 delivers some events more than once: the same record with the same sequencer in another message. */
const repeatEvents = async (relay: LocalRelay, events: readonly string[]): Promise<number> => {
  const repeated = events.filter((_, index) => index % REPEATED_EVERY === 0);
  for (const MessageBody of repeated) {
    await relay.clients.sqs.send(new SendMessageCommand({ QueueUrl: relay.queueUrl, MessageBody }));
  }
  return repeated.length;
};

/** @returns the markers of the unreadable records */
const sendUnreadable = async (relay: LocalRelay, events: readonly string[]): Promise<readonly string[]> => {
  const markers: string[] = [];
  for (const event of events.filter((_, index) => index % UNREADABLE_EVERY === 0)) {
    const marker = `unreadable-${markers.push('')}`;
    markers[markers.length - 1] = marker;
    const Records = [{ eventName: 'ObjectCreated:Put', s3: { marker } }, ...JSON.parse(event).Records];
    const MessageBody = JSON.stringify({ Records });
    await relay.clients.sqs.send(new SendMessageCommand({ QueueUrl: relay.queueUrl, MessageBody }));
  }
  return markers;
};

const KILLED = 'function: SIGKILL';

/** Does something `times` times, with a random pause before each time. Ends early when the run ends. */
const atRandom = async (
  name: string,
  { options, signal }: Chaos,
  { times, pauseMs }: { times: number; pauseMs: readonly [from: number, to: number] },
  act: (random: () => number, time: number) => unknown,
): Promise<void> => {
  const random = seededRandom(options.seed, name);
  const [from, to] = pauseMs;
  for (let time = 0; time < times; time += 1) {
    await sleep(from + random() * (to - from), undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    await act(random, time);
  }
};

const killAtRandom = (relay: LocalRelay, chaos: Chaos) =>
  atRandom('kills', chaos, { times: chaos.options.kills, pauseMs: [200, 2_200] }, async (_random, time) => {
    const host = relay.functions[time % relay.functions.length];
    if (host?.pid === undefined) return;
    chaos.count(KILLED);
    await host.kill();
  });

const restartAtRandom = (proxy: FrontProxy, chaos: Chaos) =>
  atRandom('restarts', chaos, { times: chaos.options.restarts, pauseMs: [2_000, 7_000] }, (random) => {
    chaos.count('chat server: restarted');
    proxy.restart(500 + random() * 1_000);
  });

/** Stores the other bot's credentials and revokes the token that was used until then. */
const rotateAtRandom = (relay: LocalRelay, chat: ChatServer, chaos: Chaos) =>
  atRandom('bots', chaos, { times: ROTATIONS, pauseMs: [4_000, 12_000] }, (_random, time) => {
    const bots = chat.users();
    const [old, next] = [bots[time % bots.length], bots[(time + 1) % bots.length]];
    if (old === undefined || next === undefined || !chaos.isIll()) return;
    chaos.count('bots: credentials of another bot, old token revoked');
    relay.secretsManager.setSecret(JSON.stringify({ userId: next.id, authToken: next.authToken }));
    old.authToken = `${old.id}-token-${time}`;
  });

/** Archives the room or makes it read-only for a while. */
const changeRoomAtRandom = (chat: ChatServer, chaos: Chaos) =>
  atRandom('rooms', chaos, { times: ROOM_CHANGES, pauseMs: [5_000, 20_000] }, async (random) => {
    if (!chaos.isIll()) return;
    const state = pick(['archived', 'readOnly'] as const, random);
    const room = chat.room('general');
    chaos.count(`room: ${state} for a while`);
    room[state] = true;
    await sleep(1_000 + random() * 2_000, undefined, { signal: chaos.signal }).catch(() => {});
    room[state] = false;
  });

/** Waits until the queue is empty, or until the time is up: then what is left counts as lost. */
const settle = async (relay: LocalRelay, { timeoutMs }: ChaosOptions): Promise<void> => {
  const endsAt = performance.now() + timeoutMs;
  for (;;) {
    const { ready, inFlight, delayed } = await relay.countMessages('uploads');
    if (ready + inFlight + delayed === 0 || performance.now() > endsAt) return;
    await sleep(250);
  }
};
