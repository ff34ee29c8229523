/**
 * How fast does a burst drain under Rocket.Chat's rate limit? The real handler, pacer and client run in virtual time on
 * a virtual queue and server, and once in real time. Exits with 1 if a gate is missed.
 *
 *   npm run bench:rate-limit            BENCH_SEED=7 npm run bench:rate-limit
 */
import type { Case } from './rate-limit/case.ts';
import { cases } from './rate-limit/cases.ts';
import { runInRealTime } from './rate-limit/real-time.ts';

const print = ({ name, gates, also }: Case): boolean => {
  console.log(`\n${name}`);
  for (const { what, limit, reached, holds } of gates) {
    console.log(`  ${holds ? 'ok    ' : 'MISSED'} ${what.padEnd(38)} ${reached.padEnd(12)} ${limit}`);
  }
  if (also !== undefined) console.log(`         ${also}`);
  return gates.every(({ holds }) => holds);
};

const seed = Number(process.env['BENCH_SEED'] ?? 1);
let allHold = true;
for (const measure of [...Object.values(cases), runInRealTime]) {
  allHold = print(await measure(seed)) && allHold;
}
console.log(allHold ? '\nAll gates were met.' : '\nGates were missed.');
process.exitCode = allHold ? 0 : 1;
