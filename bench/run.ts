import { parseArgs } from 'node:util';
import { type Bench, missedGates, renderMachine, renderReport } from './harness/report.ts';

/** The benches in the order in which they run. */
const NAMES = [
  'bundle',
  'calls',
  'checksums',
  'big-object',
  'small-objects',
  'batch',
  'cold-start',
  'memory',
  'embedded-relay',
  'cpu',
  'growth',
  'cost',
];

const main = async (): Promise<number> => {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { quick: { type: 'boolean' } } });
  const unknown = positionals.filter((name) => !NAMES.includes(name));
  if (unknown.length > 0) {
    console.error(`There is no bench ${unknown.join(', ')}; there are ${NAMES.join(', ')}.`);
    return 2;
  }
  const quick = values.quick === true;
  console.log(`${renderMachine()}\n`);
  const missed: string[] = [];
  for (const name of positionals.length > 0 ? positionals : NAMES) {
    const { bench } = (await import(`./${name}.ts`)) as { bench: Bench };
    const report = await bench.run({ quick });
    console.log(renderReport(name, bench.question, report, quick));
    missed.push(...missedGates(report).map(({ what }) => `${name}: ${what}`));
  }
  if (missed.length > 0) console.log(`MUST gates missed: ${missed.join('; ')}`);
  return missed.length > 0 ? 1 : 0;
};

process.exitCode = await main();
