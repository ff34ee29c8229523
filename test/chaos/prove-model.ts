/**
 * The long run of the model: npm run prove:model -- [--schedules N] [--seed S] [--jobs J] [--save FOLDER]
 *
 * It runs parts of 50,000 schedules in J processes at a time. With --save, each finished part writes its figures to
 * FOLDER, and a later run with the same seed and folder continues where this one stopped.
 * To replay a failure: --schedules 1 --seed S --path P.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import pMap from 'p-map';
import { addTally, createTally, parseTally, type Tally, tableOf } from './model/schedules.ts';

const PART = 50_000;

const { values } = parseArgs({
  options: {
    schedules: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    jobs: { type: 'string', default: String(availableParallelism()) },
    save: { type: 'string' },
    path: { type: 'string' },
    'no-shrink': { type: 'boolean', default: false },
  },
});
const [schedules, seed, jobs] = [Number(values.schedules), Number(values.seed), Number(values.jobs)];
if (![schedules, seed, jobs].every(Number.isInteger) || schedules < 1 || jobs < 1) {
  process.stderr.write('prove-model: --schedules, --seed and --jobs must be whole numbers\n');
  process.exit(2);
}
const { save } = values;
if (save !== undefined) mkdirSync(save, { recursive: true });

const parts = Array.from({ length: Math.ceil(schedules / PART) }, (_, index) => ({
  seed: seed + index,
  schedules: Math.min(PART, schedules - index * PART),
}));
let done = 0;

/** @returns the output of the part's process: its tally, and a failure if there is one. */
const runPart = async (part: (typeof parts)[number]): Promise<{ tally: Tally; seconds: number; failure?: string }> => {
  const file = save === undefined ? undefined : path.join(save, `${part.seed}-${part.schedules}.json`);
  const saved = file !== undefined && existsSync(file);
  const text = saved ? readFileSync(file, 'utf8') : await start(part);
  const { tally, seconds, failure } = JSON.parse(text);
  if (file !== undefined && failure === undefined) writeFileSync(file, text);
  done += part.schedules;
  process.stderr.write(`${done.toLocaleString('en')} of ${schedules.toLocaleString('en')} schedules\n`);
  return { tally: parseTally(tally), seconds, failure };
};

const start = async (part: (typeof parts)[number]): Promise<string> => {
  const args = [path.join(import.meta.dirname, 'model/part.ts'), String(part.schedules), String(part.seed)];
  if (values.path !== undefined) args.push('--path', values.path);
  if (values['no-shrink']) args.push('--no-shrink');
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 64 * 1024 ** 2 });
  return stdout;
};

process.stdout.write(`model: ${schedules.toLocaleString('en')} schedules, --seed ${seed}\n`);
const total = createTally();
let seconds = 0;
const failures: string[] = [];
await pMap(
  parts,
  async (part) => {
    if (failures.length > 0) return;
    const result = await runPart(part);
    addTally(total, result.tally);
    seconds += result.seconds;
    if (result.failure !== undefined) failures.push(result.failure);
  },
  { concurrency: jobs },
);
process.stdout.write(`${tableOf(total)}\n${Math.round(seconds).toLocaleString('en')} s in all parts together\n`);
process.stdout.write(failures.length === 0 ? 'Every promise held in every schedule.\n' : `${failures.join('\n\n')}\n`);
process.exitCode = failures.length === 0 ? 0 : 1;
