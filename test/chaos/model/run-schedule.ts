import type { Context } from 'aws-lambda';
import { type CreatedObject, parseEvent } from '../../../lambdas/relay/domain/s3-event.ts';
import type { DeadLetter } from '../../../lambdas/relay/ports.ts';
import { createMemoryTable } from '../../helpers/memory-ledger.ts';
import { createChatModel } from './chat-model.ts';
import type { Process } from './process.ts';
import { createQueueModel } from './queue-model.ts';
import { createChoices, createSimulation } from './simulation.ts';
import { createFunction, type World } from './world.ts';

/** The inputs of one run of the model. */
export interface Schedule {
  /** For each key, the delays in milliseconds between its versions. */
  readonly keys: readonly (readonly number[])[];
  /** How many copies of each version's event arrive. */
  readonly copies: number;
  readonly isVersioned: boolean;
  readonly workers: number;
  /** The errors of the workers' clocks, in milliseconds. */
  readonly skewsMs: readonly number[];
  /** When the server deletes its unconfirmed uploads; `undefined` if it keeps them. */
  readonly expireUploadsAfterMs: number | undefined;
  /** What happens at each step; see `Choices`. */
  readonly choices: Uint8Array;
}

export interface History extends Pick<World, 'chat' | 'queue' | 'table' | 'firstClaims'> {
  readonly objects: readonly CreatedObject[];
  readonly isReadable: (object: CreatedObject) => boolean;
  readonly faults: ReadonlyMap<string, number>;
  /** Dead letters that were redriven; `queue.deadLetters` contains those that were sent afterwards. */
  readonly redriven: readonly DeadLetter[];
}

const START = Date.UTC(2026, 0, 1);
const FUNCTION_TIMEOUT_MS = 300_000;
const GIVE_UP_AFTER_MS = 20 * 86_400_000;

/** Runs a schedule until the queue is empty, redrives the dead letters, and runs it until the queue is empty again. */
export const runSchedule = async (schedule: Schedule, trace?: (line: string) => void): Promise<History> => {
  const simulation = createSimulation(START);
  const choices = createChoices(schedule.choices);
  const faults = new Map<string, number>();
  const objects = objectsOf(schedule);
  const queue = createQueueModel(simulation.now, (count) => choices.next(count));
  const isReadable = (object: CreatedObject) =>
    schedule.isVersioned ||
    !objects.some((other) => other.key === object.key && isWrittenAfter(other, object, simulation.now()));
  const world: World = {
    simulation,
    choices,
    chat: createChatModel(simulation.now),
    queue,
    table: createMemoryTable(),
    settings: SETTINGS,
    isReadable,
    firstClaims: new Map(),
    standingClaims: new Map(),
    count: (fault) => faults.set(fault, (faults.get(fault) ?? 0) + 1),
    trace: (line) => trace?.(`${((simulation.now() - START) / 1_000).toFixed(3).padStart(12)} s  ${line}`),
  };

  for (const object of objects) {
    for (let copy = 0; copy < schedule.copies; copy += 1) {
      const delayMs = object.createdAt - START + choices.next(8) * 700;
      simulation.schedule(delayMs, () => queue.send(object.eventBody));
    }
  }
  if (schedule.expireUploadsAfterMs !== undefined) {
    simulation.schedule(schedule.expireUploadsAfterMs, () => world.chat.expireUploads());
  }
  for (let worker = 0; worker < schedule.workers; worker += 1)
    startWorker(world, worker, schedule.skewsMs[worker] ?? 0);
  await simulation.run(START + GIVE_UP_AFTER_MS);
  // Dead letters are redriven once, as an operator would do after correcting the cause.
  const letters = queue.deadLetters.splice(0);
  if (letters.length > 0) {
    for (const { body, failedAt } of letters) queue.send(body, failedAt);
    startWorker(world, schedule.workers, 0);
    await simulation.run(simulation.now() + GIVE_UP_AFTER_MS);
  }
  return { ...world, objects, faults, redriven: letters };
};

/** Polls the queue and runs the function, as an event source mapping does. A process that died is replaced. */
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
      // All events have been sent, and the queue is empty.
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
    // A frozen process does not die: it may continue after others have taken over its entries.
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
      // A deletion can be lost; the message is then received again.
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

const SETTINGS: World['settings'] = {
  routes: [{ room: '#room' }],
  retryForHours: 24,
  filesAtOnce: 2,
  queueRetentionDays: 14,
  ledgerRetentionDays: 365,
  confirmAgainAfterSeconds: 90,
};
const objectsOf = ({ keys }: Schedule): CreatedObject[] =>
  keys.flatMap((versions, key) => {
    let createdAt = START;
    return versions.map((delayMs, version) => {
      createdAt += delayMs;
      return readBack(`key-${key}.txt`, version, createdAt);
    });
  });

/** The object as the function parses it from an event. */
const readBack = (key: string, version: number, createdAt: number): CreatedObject => {
  const record = {
    eventName: 'ObjectCreated:Put',
    eventTime: new Date(createdAt).toISOString(),
    s3: {
      bucket: { name: 'bucket' },
      object: { key, size: 100, eTag: `e${version}`, sequencer: `${10 + version}` },
    },
  };
  const parsed = parseEvent(JSON.stringify({ Records: [record] }));
  if (parsed.kind !== 'objects' || parsed.objects[0] === undefined) throw new Error('the event of the model is wrong');
  return parsed.objects[0];
};

const isWrittenAfter = (other: CreatedObject, object: CreatedObject, now: number): boolean =>
  other.createdAt <= now && (other.sequencer ?? '') > (object.sequencer ?? '');
