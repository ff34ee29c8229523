import { describe, expect, it } from 'vitest';
import { checkSchedules, describeFailure } from './model/check-schedules.ts';
import { createTally, tableOf } from './model/schedules.ts';

const SCHEDULES = Number(process.env['MODEL_SCHEDULES'] ?? 20_000);
const seed = Number(process.env['MODEL_SEED'] ?? Date.now() % 2 ** 31);

describe('the model of the relay and its services', () => {
  it(`keeps every promise in ${SCHEDULES} schedules with faults (replay with MODEL_SEED=${seed})`, async () => {
    const tally = createTally();
    const failure = await checkSchedules({ schedules: SCHEDULES, seed, tally });
    if (failure !== undefined) expect.fail(await describeFailure(failure));
    expect(tally.schedules).toBe(SCHEDULES);
    // Guards against a model whose calls do not fail.
    expect(tally.faults.size).toBeGreaterThan(50);
    process.stdout.write(`${tableOf(tally)}\n`);
  }, 170_000);
});
