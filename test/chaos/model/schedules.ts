import fc from 'fast-check';
import { ROOMS, type RoomState } from './chat-model.ts';
import { judge } from './invariants.ts';
import { runSchedule, type Schedule } from './run-schedule.ts';

const rarely = () => fc.integer({ min: 0, max: 3 }).map((value) => value === 3);

/** Histories with overwrites, repeated events, clocks that differ, and up to 600 decisions about what fails and when. */
const anyHistory = fc.record({
  keys: fc.array(fc.array(fc.integer({ min: 0, max: 300_000 }), { minLength: 1, maxLength: 3 }), {
    minLength: 1,
    maxLength: 3,
  }),
  copies: fc.integer({ min: 1, max: 2 }),
  isVersioned: fc.boolean(),
  hasNeighbours: fc.boolean(),
  isBackfilled: rarely(),
  workers: fc.integer({ min: 1, max: 2 }),
  skewsMs: fc.array(fc.integer({ min: -5_000, max: 5_000 }), { minLength: 2, maxLength: 2 }),
  proxySkewMs: fc.integer({ min: -600_000, max: 600_000 }),
  chatSkewMs: fc.integer({ min: -240_000, max: 240_000 }),
  expireUploadsAfterMs: fc.option(fc.integer({ min: 1_000, max: 900_000 }), { nil: undefined, freq: 3 }),
  rotateAfterMs: fc.option(fc.integer({ min: 1_000, max: 900_000 }), { nil: undefined, freq: 1 }),
  closedRooms: fc.array(
    fc.record({
      roomId: fc.constantFrom(...Object.values(ROOMS)),
      state: fc.constantFrom<RoomState>('archived', 'read-only', 'muted'),
      fromMs: fc.integer({ min: 0, max: 600_000 }),
      forMs: fc.integer({ min: 1_000, max: 7_200_000 }),
    }),
    { maxLength: 2 },
  ),
  maxCallsPerMinute: fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined, freq: 1 }),
  choices: fc.uint8Array({ minLength: 0, maxLength: 600, size: 'max' }),
});

/** The routes follow from numbers that are drawn anyway, so that the pinned seeds give the same histories as before. */
export const anySchedule: fc.Arbitrary<Schedule> = anyHistory.map((history) => ({
  ...history,
  isFannedOut: Math.abs(history.proxySkewMs % 3) === 1,
  overwrites: Math.abs(history.chatSkewMs % 4) === 1 ? 'first' : 'each',
  hasThreads: Math.abs(history.chatSkewMs % 5) === 1,
}));

export interface Tally {
  schedules: number;
  objects: number;
  posted: number;
  superseded: number;
  deadLettered: number;
  redriven: number;
  gap: number;
  readonly faults: Map<string, number>;
}

export const createTally = (): Tally => ({
  schedules: 0,
  objects: 0,
  posted: 0,
  superseded: 0,
  deadLettered: 0,
  redriven: 0,
  gap: 0,
  faults: new Map(),
});

export const addTally = (sum: Tally, part: Tally): void => {
  for (const name of ['schedules', 'objects', 'posted', 'superseded', 'deadLettered', 'redriven', 'gap'] as const) {
    sum[name] += part[name];
  }
  for (const [fault, count] of part.faults) sum.faults.set(fault, (sum.faults.get(fault) ?? 0) + count);
};

export const tallyToJson = (tally: Tally) => ({ ...tally, faults: [...tally.faults] });
export const parseTally = (json: ReturnType<typeof tallyToJson>): Tally => ({ ...json, faults: new Map(json.faults) });

/** Runs one schedule, adds it up, and gives what it broke. */
export const prove = async (schedule: Schedule, tally: Tally): Promise<readonly string[]> => {
  const history = await withoutStackTraces(() => runSchedule(schedule));
  const verdict = judge(history);
  tally.schedules += 1;
  tally.objects += history.objects.length;
  tally.posted += verdict.posted;
  tally.superseded += verdict.superseded;
  tally.deadLettered += verdict.deadLettered;
  tally.redriven += history.redriven.length;
  tally.gap += verdict.gap;
  for (const [fault, count] of history.faults) tally.faults.set(fault, (tally.faults.get(fault) ?? 0) + count);
  return verdict.violations;
};

/** A modelled fault is an Error, and building its stack trace takes longer than handling it: a fifth of the run. */
const withoutStackTraces = async <Result>(act: () => Promise<Result>): Promise<Result> => {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return await act();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
};

/** The table that the documentation prints. */
export const tableOf = (tally: Tally): string => {
  const rows: [string, number][] = [
    ['schedules', tally.schedules],
    ['object versions', tally.objects],
    ['  posted, in each of their rooms', tally.posted],
    ['  superseded by a newer version, or not the first', tally.superseded],
    ['  dead-lettered in the end', tally.deadLettered],
    ['dead letters redriven on the way', tally.redriven],
    ['messages too many, in the documented gap', tally.gap],
    ['faults injected', [...tally.faults.values()].reduce((sum, count) => sum + count, 0)],
    ...[...tally.faults]
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([fault, count]): [string, number] => [`  ${fault}`, count]),
  ];
  return rows.map(([name, count]) => `${name.padEnd(56)}${count.toLocaleString('en').padStart(12)}`).join('\n');
};
