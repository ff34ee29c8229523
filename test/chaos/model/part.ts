/** One part of the long run, in a process of its own: prints its tally as JSON. Called by prove-model.ts. */
import { parseArgs } from 'node:util';
import { checkSchedules, describeFailure } from './check-schedules.ts';
import { createTally, tallyToJson } from './schedules.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { path: { type: 'string' }, 'no-shrink': { type: 'boolean', default: false } },
});
const [schedules = 0, seed = 0] = positionals.map(Number);
const tally = createTally();
const startedAt = performance.now();
const failure = await checkSchedules({
  schedules,
  seed,
  path: values.path,
  shrinkForMs: values['no-shrink'] ? 0 : undefined,
  tally,
});
const seconds = (performance.now() - startedAt) / 1_000;
const described = failure === undefined ? undefined : await describeFailure(failure);
process.stdout.write(JSON.stringify({ tally: tallyToJson(tally), seconds, failure: described }));
