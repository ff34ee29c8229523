import { AsyncLocalStorage } from 'node:async_hooks';
import type { Readable } from 'node:stream';
import type { HttpAnswer, SendHttp } from '../../../lambdas/relay/adapters/rocket-chat/http.ts';
import type { Credentials, CredentialsSource } from '../../../lambdas/relay/adapters/secrets-manager/credentials.ts';
import { composeRelay } from '../../../lambdas/relay/compose.ts';
import type { DeliveryId } from '../../../lambdas/relay/domain/delivery.ts';
import { ChatUnreachableError, SourceError } from '../../../lambdas/relay/domain/errors.ts';
import type { CreatedObject } from '../../../lambdas/relay/domain/s3-event.ts';
import type { Settings } from '../../../lambdas/relay/domain/settings.ts';
import type { Backlog, Ledger, ObjectStore, Queues, SourceObject } from '../../../lambdas/relay/ports.ts';
import type { MemoryTable } from '../../helpers/memory-ledger.ts';
import { type Answer, type ChatModel, type ChatRequest, deliveryName } from './chat-model.ts';
import { confirmFaults, ledgerFaults, mediaFaults, queueFaults, readFaults, sourceFaults } from './faults.ts';
import { type Caller, createCaller, type Process } from './process.ts';
import { MAX_RECEIVE_COUNT, type QueueModel } from './queue-model.ts';
import type { Choices, Simulation } from './simulation.ts';

/** Everything outside of the function, shared by all its processes. */
export interface World {
  readonly simulation: Simulation;
  readonly choices: Choices;
  readonly chat: ChatModel;
  readonly queue: QueueModel;
  readonly table: MemoryTable;
  readonly settings: Settings;
  /** How far the clock of the proxy, which writes the Date header, is ahead. */
  readonly proxySkewMs: number;
  /** The bot whose token the secret holds now. */
  readonly bot: () => string;
  /** Whether S3 still has this version. */
  readonly isReadable: (object: CreatedObject) => boolean;
  /** When each object was claimed first for each room. */
  readonly firstClaims: Map<string, number>;
  /** The same, but an object that was dead-lettered counts as not claimed until it is claimed again. */
  readonly standingClaims: Map<string, number>;
  readonly count: (fault: string) => void;
  readonly trace: (line: string) => void;
}

export const BUCKET = 'bucket';
/** An object by its content: a backfilled event names the same object as the event of its upload. */
export const objectName = ({ key, eTag }: Pick<CreatedObject, 'key' | 'eTag'>): string => `${key}@${eTag}`;

/** The object and room that the running delivery claimed last. It tells whose message a search of the room is for. */
const delivered = new AsyncLocalStorage<string>();

/** The whole relay on modelled ports, as one process of the function runs it. */
export const createFunction = (world: World, process: Process) => {
  const { clock } = process;
  const caller = createCaller(world.simulation, world.choices, process, world.count, world.trace);
  const silent = () => {};
  return composeRelay({
    settings: world.settings,
    buckets: [BUCKET],
    maxReceiveCount: MAX_RECEIVE_COUNT,
    clock,
    random: () => (world.choices.isUsedUp ? 0.5 : world.choices.next(256) / 256),
    logger: { info: silent, warn: silent, error: silent },
    metrics: { add: silent },
    abortAfter: (delayMs) => {
      const controller = new AbortController();
      world.simulation.schedule(delayMs, () => controller.abort(TIME_IS_OVER));
      return controller.signal;
    },
    send: sendOf(world, caller),
    credentials: credentialsOf(world),
    store: storeOf(world, caller),
    links: { presign: async ({ key }) => `https://example.com/${key}` },
    ledger: ledgerOf(world, caller, clock.now),
    queues: queuesOf(world, caller),
    backlog: backlogOf(world, caller),
  });
};

/** A reason of our own: without one, each abort builds a DOMException with a stack trace. */
const TIME_IS_OVER = new Error('the invocation is out of time');
const aborted = () => new ChatUnreachableError('aborted', { code: 'ABORTED', mayHaveActed: true });

/** Stands for a body's stream; the model carries no bytes. */
interface ModelBody {
  readonly object: string;
  readonly isWhole: boolean;
}

const storeOf = ({ isReadable, choices, count }: World, { call }: Caller): ObjectStore => ({
  open: (object, { signal }) =>
    call({
      name: 'GetObject',
      faults: sourceFaults,
      signal,
      aborted,
      effect: (): SourceObject => {
        if (!isReadable(object)) throw new SourceError('gone', { code: 'OBJECT_GONE' });
        const isWhole = choices.isUsedUp || choices.next(16) !== 1;
        if (!isWhole) count('GetObject: short body');
        const body: ModelBody = { object: objectName(object), isWhole };
        return {
          sizeBytes: object.sizeBytes,
          contentType: undefined,
          body: body as never as Readable,
          close: () => {},
        };
      },
    }),
  describe: () => Promise.resolve({ contentType: undefined, metadata: new Map() }),
  tags: () => Promise.resolve(new Map()),
});

/** The proxy in front of the server, and the way to it. */
const sendOf =
  (world: World, { call }: Caller): SendHttp =>
  async ({ method, path, headers, body, signal }) => {
    const { chat, choices, count } = world;
    const endpoint = /\/api\/v1\/([\w.]+)/.exec(path)?.[1] ?? path;
    const file = body !== undefined && 'stream' in body ? (body.stream as never as ModelBody) : undefined;
    // What sending a body does when its source fails: the request is never completed.
    if (file !== undefined && !file.isWhole) throw new SourceError('short', { code: 'SOURCE_SHORT' });
    const json: unknown = Buffer.isBuffer(body) ? JSON.parse(body.toString()) : undefined;
    const request: ChatRequest = { method, path, headers, json, file };
    const isConfirm = endpoint === 'rooms.mediaConfirm';
    const confirm = isConfirm ? startConfirm(world, path) : -1;
    const isDropped = isConfirm && !choices.isUsedUp && choices.next(16) === 1;
    const object = delivered.getStore();
    const startedAt = world.simulation.now();
    const answer = await call({
      name: endpoint,
      faults: faultsOf(endpoint),
      signal,
      aborted,
      effect: (): Answer => {
        const handled = chat.handle(request, { confirm, isDropped });
        if (isDropped && handled.text.includes('"message":null')) {
          count('rooms.mediaConfirm: message dropped');
          const name = chat.confirms[confirm]?.object ?? '';
          chat.drops.set(name, (chat.drops.get(name) ?? 0) + 1);
        }
        if (endpoint === 'chat.syncMessages' && object !== undefined && !isShown(chat, handled, object)) {
          chat.negativeLooks.push({ object, startedAt, at: world.simulation.now() });
        }
        return handled;
      },
    });
    const date = new Date(world.simulation.now() + world.proxySkewMs).toUTCString();
    return { ...answer, headers: { date, ...answer.headers } } satisfies HttpAnswer;
  };

const faultsOf = (endpoint: string) => {
  if (endpoint === 'rooms.mediaConfirm' || endpoint === 'chat.sendMessage') return confirmFaults;
  return endpoint === 'rooms.media' ? mediaFaults : readFaults;
};

const startConfirm = ({ chat, standingClaims, simulation }: World, path: string): number =>
  chat.startConfirm(path.split('/').at(-1) ?? '', (object) => standingClaims.get(object) ?? simulation.now());

const isShown = (chat: ChatModel, answer: Answer, object: string): boolean =>
  chat.messages.some((message) => message.object === object && answer.text.includes(`"${message.id}"`));

/** Each process keeps the credentials that it read last, and reads again when they are refused. */
const credentialsOf = ({ bot }: World): CredentialsSource => {
  let current: Credentials | undefined;
  const read = (): Credentials => ({ userId: bot(), authToken: bot() });
  return {
    async current() {
      current ??= read();
      return current;
    },
    async renew(refused) {
      current = read();
      return current.userId !== refused.userId;
    },
  };
};

const ledgerOf = (
  { table, firstClaims, standingClaims, simulation }: World,
  { call }: Caller,
  now: () => number,
): Ledger => {
  const nameOf = (id: DeliveryId) => deliveryName(objectName(id), id.roomId);
  const remember = (id: DeliveryId, kind: string) => {
    if (kind !== 'claimed') return;
    for (const claims of [firstClaims, standingClaims]) {
      if (!claims.has(nameOf(id))) claims.set(nameOf(id), simulation.now());
    }
  };
  return {
    claim(id, lease, options) {
      delivered.enterWith(nameOf(id));
      const effect = () => {
        const claim = table.claim(now(), id, lease, options);
        remember(id, claim.kind);
        return claim;
      };
      return call({ name: 'ledger claim', faults: ledgerFaults, effect });
    },
    claimUploaded(id, lease, options) {
      delivered.enterWith(nameOf(id));
      const effect = () => {
        const claim = table.claimUploaded(now(), id, lease, options);
        remember(id, claim.kind);
        return claim;
      };
      return call({ name: 'ledger claim with upload', faults: ledgerFaults, effect });
    },
    record: (id, owner, change) =>
      call({
        name: `ledger ${change.kind}`,
        faults: ledgerFaults,
        effect: () => {
          table.record(id, owner, change);
          if (change.kind === 'dead-lettered') standingClaims.delete(nameOf(id));
        },
      }),
    findOther: (id, createdAt) =>
      call({ name: 'ledger query', faults: ledgerFaults, effect: () => table.findOther(id, createdAt) }),
    findVersions: (id) =>
      call({ name: 'ledger query of versions', faults: ledgerFaults, effect: () => table.findVersions(id) }),
    findRooms: (id) => call({ name: 'ledger query of rooms', faults: ledgerFaults, effect: () => table.findRooms(id) }),
  };
};

const queuesOf = ({ queue }: World, { call }: Caller): Queues => ({
  postpone: (handle, delayMs) =>
    call({ name: 'ChangeMessageVisibility', faults: queueFaults, effect: () => queue.postpone(handle, delayMs) }),
  sendDeadLetter: (letter) =>
    call({ name: 'SendMessage', faults: queueFaults, effect: () => queue.sendDeadLetter(letter) }),
});

const backlogOf = ({ queue }: World, { call }: Caller): Backlog => ({
  read: () => call({ name: 'GetQueueAttributes', faults: queueFaults, effect: () => queue.depth() }),
  wake: (handles) =>
    call({ name: 'ChangeMessageVisibilityBatch', faults: queueFaults, effect: () => queue.wake(handles) }),
});
