/** The long run of the model: npm run prove:model -- [--schedules N] [--seed S] [--no-shrink] */
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { judge } from './model/invariants.ts';
import { runSchedule } from './model/run-schedule.ts';
import { anySchedule, createTally, prove, tableOf } from './model/schedules.ts';

const { values } = parseArgs({
  options: {
    schedules: { type: 'string', default: '1000000' },
    'no-shrink': { type: 'boolean', default: false },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
  },
});
const schedules = Number(values.schedules);
const seed = Number(values.seed);
if (!Number.isInteger(schedules) || schedules < 1 || !Number.isInteger(seed)) {
  process.stderr.write('prove-model: --schedules and --seed take whole numbers\n');
  process.exit(2);
}

process.stdout.write(`model: ${schedules} schedules, --seed ${seed}\n`);
const startedAt = performance.now();
const tally = createTally();
const details = await fc.check(
  fc.asyncProperty(anySchedule, async (schedule) => {
    const violations = await prove(schedule, tally);
    if (process.stderr.isTTY && tally.schedules % 1_000 === 0)
      process.stderr.write(`\r${tally.schedules} of ${schedules} `);
    if (violations.length > 0) throw new Error(violations.join('; '));
  }),
  { numRuns: schedules, seed, endOnFailure: values['no-shrink'] },
);
if (process.stderr.isTTY) process.stderr.write('\r');
process.stdout.write(`${tableOf(tally)}\n`);
process.stdout.write(`${Math.round((performance.now() - startedAt) / 1_000)} s\n`);
if (details.failed) {
  process.stdout.write(`${fc.defaultReportMessage(details)}\n\nWhat happened:\n`);
  const [schedule] = details.counterexample ?? [];
  if (schedule !== undefined) {
    const history = await runSchedule(schedule, (line) => process.stdout.write(`${line}\n`));
    process.stdout.write(`\nBroken: ${judge(history).violations.join('; ')}\n`);
  }
  process.exitCode = 1;
} else {
  process.stdout.write('Every promise held in every schedule.\n');
}
