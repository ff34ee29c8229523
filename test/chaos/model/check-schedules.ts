import fc from 'fast-check';
import { judge } from './invariants.ts';
import { runSchedule, type Schedule } from './run-schedule.ts';
import { anySchedule, prove, type Tally } from './schedules.ts';

/** A schedule that breaks a promise, and what replays it. */
export interface ModelFailure {
  readonly seed: number;
  /** fast-check's path to the schedule. */
  readonly path: string;
  readonly violations: readonly string[];
  readonly schedule: Schedule;
}

export interface CheckOptions {
  readonly schedules: number;
  readonly seed: number;
  /** Starts at this schedule; a replay names the path of a failure. @default the seed's first */
  readonly path?: string | undefined;
  /** How long a failing schedule may be made smaller. @default 20,000 */
  readonly shrinkForMs?: number | undefined;
  readonly tally: Tally;
}

/** Runs schedules until one breaks a promise. The failing one is made smaller for a limited time. */
export const checkSchedules = async (options: CheckOptions): Promise<ModelFailure | undefined> => {
  const { schedules, seed, path, shrinkForMs = 20_000, tally } = options;
  const found = await fc.check(
    fc.asyncProperty(anySchedule, async (schedule) => fail(await prove(schedule, tally))),
    { numRuns: schedules, seed, endOnFailure: true, ...(path === undefined ? {} : { path }) },
  );
  if (!found.failed) return undefined;
  const smaller =
    shrinkForMs <= 0
      ? found
      : await fc.check(
          fc.asyncProperty(anySchedule, async (schedule) => fail(judge(await runSchedule(schedule)).violations)),
          { seed, path: found.counterexamplePath ?? '', numRuns: 1, interruptAfterTimeLimit: shrinkForMs },
        );
  const [schedule] = smaller.counterexample ?? found.counterexample ?? [];
  if (schedule === undefined) throw new Error(`fast-check reported a failure without a schedule, seed ${seed}`);
  return {
    seed,
    path: smaller.counterexamplePath ?? found.counterexamplePath ?? '',
    violations: judge(await runSchedule(schedule)).violations,
    schedule,
  };
};

/** The failure for a person: the broken promises, how to replay it, and what happened step by step. */
export const describeFailure = async ({ seed, path, violations, schedule }: ModelFailure): Promise<string> => {
  const lines: string[] = [];
  await runSchedule(schedule, (line) => lines.push(line));
  return [
    `Broken: ${violations.join('; ')}`,
    `Replay: npm run prove:model -- --schedules 1 --seed ${seed} --path ${path}`,
    'What happened:',
    ...lines,
  ].join('\n');
};

const fail = (violations: readonly string[]): void => {
  if (violations.length > 0) throw new Error(violations.join('; '));
};
