import type { Context } from 'aws-lambda';
import { type CreatedObject, parseEvent } from '../../../lambdas/relay/domain/s3-event.ts';
import { createMemoryTable } from '../../helpers/memory-ledger.ts';
import { createChatModel, REFUSED_PREFIX, ROOMS, type RoomState } from './chat-model.ts';
import type { Process } from './process.ts';
import { createQueueModel, type ModelLetter } from './queue-model.ts';
import { createChoices, createSimulation } from './simulation.ts';
import { BUCKET, createFunction, type World } from './world.ts';

/** One history of the world. Times are in milliseconds. */
export interface Schedule {
  /** Versions of each key, in order: how long after the previous version each is written. */
  readonly keys: readonly (readonly number[])[];
  /** How many copies of each version's event arrive. */
  readonly copies: number;
  readonly isVersioned: boolean;
  /** Each object goes to both rooms, and one of them is named twice. */
  readonly isFannedOut: boolean;
  /** How the routes treat the versions of a key, and whether their files answer a message of the day. */
  readonly overwrites: 'each' | 'first';
  readonly hasThreads: boolean;
  /** Messages can hold the record of a second object, or a record that can't be read. */
  readonly hasNeighbours: boolean;
  /** In the end the newest version of each key gets one more event, without a sequencer. */
  readonly isBackfilled: boolean;
  readonly workers: number;
  /** How far the workers' clocks are ahead. */
  readonly skewsMs: readonly number[];
  /** How far the clock of the proxy is ahead, which writes the Date header. */
  readonly proxySkewMs: number;
  /** How far the clock of the application server is ahead. */
  readonly chatSkewMs: number;
  /** When the server deletes its unconfirmed uploads, if ever. */
  readonly expireUploadsAfterMs: number | undefined;
  /** When another bot takes over and the token of the first is revoked, if ever. */
  readonly rotateAfterMs: number | undefined;
  /** When a room takes no messages. */
  readonly closedRooms: readonly {
    readonly roomId: string;
    readonly state: RoomState;
    readonly fromMs: number;
    readonly forMs: number;
  }[];
  readonly maxCallsPerMinute: number | undefined;
  /** What happens at each step; see `Choices`. */
  readonly choices: Uint8Array;
}

export interface History extends Pick<World, 'chat' | 'queue' | 'table' | 'firstClaims'> {
  readonly objects: readonly CreatedObject[];
  /** The ids of the rooms that the object goes to. */
  readonly roomsOf: (object: CreatedObject) => readonly string[];
  readonly schedule: Schedule;
  readonly isReadable: (object: CreatedObject) => boolean;
  readonly faults: ReadonlyMap<string, number>;
  /** Marks of the records that can't be read, one for each message that holds one. */
  readonly unreadable: readonly string[];
  /** Dead letters that were sent back. */
  readonly redriven: readonly ModelLetter[];
  /** Dead letters that were written after the redrive. */
  readonly remaining: readonly ModelLetter[];
  /** Dead letters that were written after the backfill. */
  readonly ofBackfill: readonly ModelLetter[];
}

const START = Date.UTC(2026, 0, 1);
const FUNCTION_TIMEOUT_MS = 300_000;
const GIVE_UP_AFTER_MS = 20 * 86_400_000;

/** Runs a schedule to its end: until the queue is empty, after a redrive of the dead letters, and after a backfill. */
export const runSchedule = async (schedule: Schedule, trace?: (line: string) => void): Promise<History> => {
  const simulation = createSimulation(START);
  const choices = createChoices(schedule.choices);
  const faults = new Map<string, number>();
  const objects = objectsOf(schedule);
  const queue = createQueueModel(simulation.now, (count) => choices.next(count));
  const isReadable = (object: CreatedObject) =>
    schedule.isVersioned ||
    !objects.some((other) => other.key === object.key && isWrittenAfter(other, object, simulation.now()));
  const elapsedMs = () => simulation.now() - START;
  const bot = () => (elapsedMs() < (schedule.rotateAfterMs ?? Number.POSITIVE_INFINITY) ? 'bot-1' : 'bot-2');
  const roomState = (roomId: string): RoomState =>
    schedule.closedRooms.find(
      (room) => room.roomId === roomId && elapsedMs() >= room.fromMs && elapsedMs() < room.fromMs + room.forMs,
    )?.state ?? 'open';
  const world: World = {
    simulation,
    choices,
    chat: createChatModel({ now: simulation.now, skewMs: schedule.chatSkewMs, roomState, validUsers: () => [bot()] }),
    queue,
    table: createMemoryTable(),
    settings: settingsOf(schedule),
    proxySkewMs: schedule.proxySkewMs,
    bot,
    isReadable,
    firstClaims: new Map(),
    standingClaims: new Map(),
    count: (fault) => faults.set(fault, (faults.get(fault) ?? 0) + 1),
    trace: (line) => trace?.(`${(elapsedMs() / 1_000).toFixed(3).padStart(12)} s  ${line}`),
  };

  const unreadable: string[] = [];
  for (const object of objects) {
    for (let copy = 0; copy < schedule.copies; copy += 1) {
      const records = [recordOf(object)];
      if (schedule.hasNeighbours) records.push(...neighboursOf(object, objects, unreadable, choices.next));
      const delayMs = object.createdAt - START + choices.next(8) * 700;
      simulation.schedule(delayMs, () => queue.send(JSON.stringify({ Records: records })));
    }
  }
  if (schedule.expireUploadsAfterMs !== undefined) {
    simulation.schedule(schedule.expireUploadsAfterMs, () => world.chat.expireUploads());
  }
  for (let worker = 0; worker < schedule.workers; worker += 1)
    startWorker(world, worker, schedule.skewsMs[worker] ?? 0);
  await simulation.run(START + GIVE_UP_AFTER_MS);
  // Dead letters are sent back once, as an operator does after removing the cause.
  const redriven = queue.deadLetters.splice(0);
  if (redriven.length > 0) {
    for (const letter of redriven) queue.send(letter.body, letter);
    startWorker(world, schedule.workers, 0);
    await simulation.run(simulation.now() + GIVE_UP_AFTER_MS);
  }
  const remaining = queue.deadLetters.splice(0);
  if (schedule.isBackfilled) {
    for (const object of objects) {
      if (objects.some((other) => isWrittenAfter(other, object, simulation.now()) && other.key === object.key))
        continue;
      queue.send(JSON.stringify({ Records: [recordOf({ ...object, sequencer: undefined })] }));
    }
    startWorker(world, schedule.workers + 1, 0);
    await simulation.run(simulation.now() + GIVE_UP_AFTER_MS);
  }
  const roomsOf = ({ key }: CreatedObject) =>
    schedule.isFannedOut ? Object.values(ROOMS) : [key.startsWith('key-0') ? 'FIRST' : 'SECOND'];
  return {
    ...world,
    objects,
    roomsOf,
    schedule,
    faults,
    unreadable,
    redriven,
    remaining,
    ofBackfill: queue.deadLetters,
  };
};

/** What else stands in the message of an object: the record of another one, or a record that can't be read. */
const neighboursOf = (
  object: CreatedObject,
  objects: readonly CreatedObject[],
  unreadable: string[],
  next: (count: number) => number,
): object[] => {
  const others = objects.filter((other) => other !== object && other.createdAt <= object.createdAt);
  const other = next(3) === 1 ? others[next(Math.max(1, others.length))] : undefined;
  const records: object[] = other === undefined ? [] : [recordOf(other)];
  if (next(3) === 1) {
    const mark = `unreadable-${unreadable.length}`;
    unreadable.push(mark);
    records.push({ eventName: 'ObjectCreated:Put', eventTime: mark, s3: { bucket: { name: BUCKET } } });
  }
  return records;
};

/** Polls the queue and runs the function, as an event source mapping does; a process that died is replaced. */
const startWorker = (world: World, worker: number, skewMs: number): void => {
  const { simulation, queue } = world;
  let generation = 0;
  let process = newProcess(world, `${worker}.0`, skewMs);
  let handler = createFunction(world, process);

  const replace = () => {
    generation += 1;
    process = newProcess(world, `${worker}.${generation}`, skewMs);
    handler = createFunction(world, process);
  };

  const poll = (): void => {
    const records = queue.receive(1 + world.choices.next(4));
    if (records.length === 0) {
      const next = queue.nextVisibleAt();
      // Nothing will ever come: all was sent, and none is left.
      if (next === undefined && simulation.now() > START + 3_600_000) return;
      simulation.schedule(Math.max(1_000, (next ?? simulation.now() + 60_000) - simulation.now()), poll);
      return;
    }
    const startedAt = simulation.now();
    let isOver = false;
    const end = () => {
      isOver = true;
      simulation.schedule(10, poll);
    };
    // A process that froze is not seen to die: it may go on when others have taken over what it held.
    simulation.schedule(FUNCTION_TIMEOUT_MS, () => {
      if (isOver) return;
      if (process.frozenUntil <= simulation.now()) process.isAlive = false;
      replace();
      end();
    });
    const context = {
      awsRequestId: `${process.name}-${startedAt}`,
      getRemainingTimeInMillis: () => FUNCTION_TIMEOUT_MS - (simulation.now() - startedAt),
    } as Context;
    handler({ Records: records }, context).then(({ batchItemFailures }) => {
      if (isOver) return;
      const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
      // A delete that gets lost brings the message back.
      for (const { messageId } of records) {
        if (!failed.has(messageId) && (world.choices.isUsedUp || world.choices.next(32) !== 1)) queue.remove(messageId);
      }
      end();
    });
  };
  poll();
};

const newProcess = ({ simulation }: World, name: string, skewMs: number): Process => ({
  name,
  isAlive: true,
  frozenUntil: 0,
  clock: { now: () => simulation.now() + skewMs },
});

const settingsOf = ({ isFannedOut, overwrites, hasThreads, maxCallsPerMinute }: Schedule): World['settings'] => {
  const more = { overwrites, ...(hasThreads ? { thread: 'day' as const } : {}) };
  const single = [
    { prefix: REFUSED_PREFIX, room: '#second' },
    { prefix: 'key-1', room: '#second' },
    { room: '#first' },
  ];
  const several = [{ prefix: 'key-1', rooms: ['#second', '#first'] }, { rooms: ['#first', 'FIRST', '#second'] }];
  const routes = (isFannedOut ? several : single).map((route) => ({ ...route, ...more }));
  return { ...SETTINGS, routes, maxCallsPerMinute };
};

const SETTINGS: Omit<World['settings'], 'routes'> = {
  retryForHours: 24,
  filesAtOnce: 2,
  queueRetentionDays: 14,
  ledgerRetentionDays: 365,
  confirmAgainAfterSeconds: 90,
};

/** The third key holds a type that the server refuses. */
const keyName = (key: number): string => `${key === 2 ? REFUSED_PREFIX : 'key-'}${key}.txt`;

const objectsOf = ({ keys }: Schedule): CreatedObject[] =>
  keys.flatMap((versions, key) => {
    let createdAt = START;
    return versions.map((delayMs, version) => {
      createdAt += delayMs;
      return readBack({ key: keyName(key), createdAt, eTag: `e${version}`, sequencer: `${10 + version}` });
    });
  });

type Named = Pick<CreatedObject, 'key' | 'createdAt' | 'eTag' | 'sequencer'>;

const recordOf = ({ key, createdAt, eTag, sequencer }: Named): object => ({
  eventName: 'ObjectCreated:Put',
  eventTime: new Date(createdAt).toISOString(),
  s3: { bucket: { name: BUCKET }, object: { key, size: 100, eTag, ...(sequencer === undefined ? {} : { sequencer }) } },
});

/** As the function gets it: through an event. */
const readBack = (object: Named): CreatedObject => {
  const parsed = parseEvent(JSON.stringify({ Records: [recordOf(object)] }));
  if (parsed.kind !== 'objects' || parsed.objects[0] === undefined) throw new Error('the event of the model is wrong');
  return parsed.objects[0];
};

const isWrittenAfter = (other: CreatedObject, object: CreatedObject, now: number): boolean =>
  other.createdAt <= now && (other.sequencer ?? '') > (object.sequencer ?? '');
