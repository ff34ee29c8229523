import { describe, expect, it } from 'vitest';
import { checkSchedules, describeFailure } from './model/check-schedules.ts';
import { createTally, tableOf } from './model/schedules.ts';

const SCHEDULES = Number(process.env['MODEL_SCHEDULES'] ?? 1_000);
const seed = Number(process.env['MODEL_SEED'] ?? Date.now() % 2 ** 31);
/** Seeds that have broken a promise before. */
const PINNED = [190384097, 777];

describe('the promises, in a model of everything that can fail', () => {
  it(`hold in ${SCHEDULES} schedules (replay with MODEL_SEED=${seed})`, async () => {
    const tally = createTally();
    const failure = await checkSchedules({ schedules: SCHEDULES, seed, tally });
    if (failure !== undefined) expect.fail(await describeFailure(failure));
    expect(tally.schedules).toBe(SCHEDULES);
    // A model in which nothing fails proves nothing.
    expect(tally.faults.size).toBeGreaterThan(50);
    process.stdout.write(`${tableOf(tally)}\n`);
  }, 170_000);

  it.each(PINNED)('hold in the first 200 schedules of the seed %i', async (pinned) => {
    const tally = createTally();
    const failure = await checkSchedules({ schedules: 200, seed: pinned, tally });
    if (failure !== undefined) expect.fail(await describeFailure(failure));
    expect(tally.schedules).toBe(200);
  });
});
