import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anySchedule, createTally, prove, tableOf } from './model/schedules.ts';

const SCHEDULES = 20_000;
const seed = Number(process.env['MODEL_SEED'] ?? Date.now() % 2 ** 31);

describe('the promises, in a model of everything that can fail', () => {
  it(`hold in ${SCHEDULES} schedules (replay with MODEL_SEED=${seed})`, async () => {
    const tally = createTally();
    await fc.assert(
      fc.asyncProperty(anySchedule, async (schedule) => {
        expect(await prove(schedule, tally)).toEqual([]);
      }),
      { numRuns: SCHEDULES, seed, endOnFailure: false },
    );
    expect(tally.schedules).toBe(SCHEDULES);
    // A model in which nothing fails proves nothing.
    expect(tally.faults.size).toBeGreaterThan(50);
    process.stdout.write(`${tableOf(tally)}\n`);
  }, 170_000);
});
