/**
 * Chaos through the function's bundle:
 * npm run prove:chaos -- [--objects N] [--seed S] [--jobs J] [--save FOLDER]
 *                        [--kills N] [--restarts N] [--faults SECONDS] [--hazards LIST]
 *
 * It runs in parts of 250 objects with the seeds S, S + 1 and so on, J processes at a time. Each part kills N processes of
 * the function, and its faults end SECONDS after its last upload. With --save, each part that kept the promises leaves its
 * report in FOLDER, and a later run with the same options and folder continues where this one stopped.
 * A part with a broken promise is repeated with --objects 250 --seed S; `--hazards ''` leaves out all hazards.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import pMap from 'p-map';
import { HAZARDS } from './bundle/faults.ts';
import { addReport, type ChaosReport, chaosTable, emptyReport, isKept } from './bundle/report.ts';

const PART = 250;

const { values } = parseArgs({
  options: {
    objects: { type: 'string', default: '500' },
    kills: { type: 'string', default: '12' },
    restarts: { type: 'string', default: '2' },
    faults: { type: 'string', default: '20' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    jobs: { type: 'string', default: '1' },
    hazards: { type: 'string', default: HAZARDS.join(',') },
    save: { type: 'string' },
  },
});
const { save } = values;
const { objects, kills, restarts, faults, seed, jobs } = Object.fromEntries(
  Object.entries(values).map(([name, value]) => [name, Number(value)]),
) as Record<'objects' | 'kills' | 'restarts' | 'faults' | 'seed' | 'jobs', number>;
const hazards = values.hazards.split(',').filter((name) => name !== '');
if (
  ![objects, kills, restarts, faults, seed, jobs].every((value) => Number.isInteger(value) && value >= 0) ||
  jobs < 1
) {
  process.stderr.write('prove-chaos: --objects, --kills, --restarts, --faults, --seed and --jobs take whole numbers\n');
  process.exit(2);
}
if (!hazards.every((name) => (HAZARDS as readonly string[]).includes(name))) {
  process.stderr.write(`prove-chaos: --hazards takes some of ${HAZARDS.join(',')}\n`);
  process.exit(2);
}
if (save !== undefined) mkdirSync(save, { recursive: true });

const parts = Array.from({ length: Math.ceil(objects / PART) }, (_, index) => ({
  seed: seed + index,
  objects: Math.min(PART, objects - index * PART),
}));

const runPart = async (part: (typeof parts)[number]): Promise<ChaosReport> => {
  const name = `${part.seed}-${part.objects}-${kills}-${restarts}-${faults}-${hazards.join('+')}.json`;
  const file = save === undefined ? undefined : path.join(save, name);
  if (file !== undefined && existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as ChaosReport;
  const options = { ...part, kills, restarts, faults, hazards: hazards.join(',') };
  const args = Object.entries(options).map(([option, value]) => `--${option}=${value}`);
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [path.join(import.meta.dirname, 'bundle/part.ts'), ...args],
    { maxBuffer: 64 * 1024 ** 2 },
  );
  const report = JSON.parse(stdout) as ChaosReport;
  if (file !== undefined && isKept(report)) writeFileSync(file, stdout);
  return report;
};

process.stdout.write(`chaos: ${objects} objects, --seed ${seed}\n`);
const total = emptyReport();
const broken: number[] = [];
await pMap(
  parts,
  async (part) => {
    const report = await runPart(part);
    addReport(total, report);
    if (!isKept(report)) broken.push(part.seed);
    const seconds = Math.round(report.durationMs / 1_000);
    process.stderr.write(`seed ${part.seed}: ${report.posted} of ${report.objects} posted in ${seconds} s\n`);
  },
  { concurrency: jobs },
);
process.stdout.write(`${chaosTable(total)}\n`);
process.stdout.write(
  broken.length === 0 ? 'Nothing lost, nothing twice.\n' : `A promise was broken with --seed ${broken.join(', ')}.\n`,
);
process.exitCode = broken.length === 0 ? 0 : 1;
