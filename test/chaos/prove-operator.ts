/**
 * Kills the operator's commands, and measures them:
 * npm run prove:operator -- [--kills N] [--keys N] [--seed S]
 *
 * `relay redrive` and `relay backfill` are killed N times each (50) at random requests; then nothing may be lost or posted
 * twice. `relay backfill` of N keys (100,000) must stay below 150 MiB.
 */
import { parseArgs } from 'node:util';
import { killBackfills } from './operator/backfill-kills.ts';
import { measureBackfill } from './operator/backfill-memory.ts';
import { isKept, type KillReport } from './operator/killed-command.ts';
import { killRedrives } from './operator/redrive-kills.ts';

const MAX_MIB = 150;

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '50' },
    keys: { type: 'string', default: '100000' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
  },
});
const [kills, keys, seed] = [Number(values.kills), Number(values.keys), Number(values.seed)];
if (![kills, keys, seed].every((value) => Number.isInteger(value) && value >= 0)) {
  process.stderr.write('prove-operator: --kills, --keys and --seed take whole numbers\n');
  process.exit(2);
}

const print = (text: string) => void process.stdout.write(`${text}\n`);
const printReport = (name: string, report: KillReport): boolean => {
  const { killed, finished, objects, lost, twice, lettersLeft } = report;
  print(
    `${name}: killed ${killed} times (${finished} ended before), ${objects} objects: ${lost.length} lost, ` +
      `${twice.length} posted twice, ${lettersLeft} dead letters left`,
  );
  return isKept(report);
};

print(`prove-operator: --seed ${seed}`);
const results: boolean[] = [];
if (kills > 0) {
  results.push(printReport('redrive', await killRedrives({ seed, kills })));
  results.push(printReport('backfill', await killBackfills({ seed, kills })));
}
if (keys > 0) {
  const { sent, peakMiB, durationMs } = await measureBackfill(keys);
  print(`backfill of ${keys} keys: ${sent} sent in ${Math.round(durationMs / 1_000)} s, at most ${peakMiB} MiB`);
  results.push(sent === keys && peakMiB < MAX_MIB);
}
process.exitCode = results.every(Boolean) ? 0 : 1;
