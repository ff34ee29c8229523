/**
 * Runs the function's bundle under faults: npm run prove:chaos -- [--objects N] [--kills N] [--restarts N] [--seed S]
 */
import { parseArgs } from 'node:util';
import { chaosTable } from './bundle/chaos-table.ts';
import { runChaos } from './bundle/run-chaos.ts';

const { values } = parseArgs({
  options: {
    objects: { type: 'string', default: '500' },
    kills: { type: 'string', default: '25' },
    restarts: { type: 'string', default: '4' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
  },
});
const [objects, kills, restarts, seed] = [values.objects, values.kills, values.restarts, values.seed].map(Number) as [
  number,
  number,
  number,
  number,
];
if (![objects, kills, restarts, seed].every((value) => Number.isInteger(value) && value >= 0)) {
  process.stderr.write('prove-chaos: --objects, --kills, --restarts and --seed must be whole numbers of at least 0\n');
  process.exit(2);
}

process.stdout.write(`chaos: ${objects} objects, --seed ${seed}\n`);
const report = await runChaos({
  seed,
  objects,
  kills,
  restarts,
  faultsForMs: 240_000,
  timeoutMs: 20 * 60_000,
  onProgress(left, posted) {
    if (process.stderr.isTTY) process.stderr.write(`\r${posted} posted, ${left} messages left   `);
  },
});
if (process.stderr.isTTY) process.stderr.write('\r');
process.stdout.write(`${chaosTable(report)}\n`);
const isKept =
  [report.lost, report.corrupted, report.unexpected].every((keys) => keys.length === 0) && report.duplicates === 0;
process.stdout.write(isKept ? 'No object was lost, none was posted twice.\n' : 'A promise was broken.\n');
process.exitCode = isKept ? 0 : 1;
