/** Plants one fault at a time and checks that a proof detects it: npm run prove:mutations [-- NAME] */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Mutation, mutations, type Proof } from './mutations.ts';

const ROOT = path.join(import.meta.dirname, '../..');
const COPIED = [
  'lambdas',
  'lib',
  'test',
  'events',
  'bin',
  'bench',
  'cdk.json',
  'package.json',
  'tsconfig.json',
  'vitest.config.ts',
];

const VITEST = ['node_modules/vitest/vitest.mjs', 'run', '--reporter=dot'];
const PROOFS: Record<Proof, readonly string[]> = {
  model: ['test/chaos/prove-model.ts', '--schedules', '20000', '--seed', '1', '--no-shrink'],
  'delivery tests': [
    ...VITEST,
    'test/unit/delivery',
    'test/unit/domain/delivery.test.ts',
    'test/unit/domain/retry-delay.test.ts',
  ],
  'handler tests': [...VITEST, 'test/unit/relay/handler.test.ts'],
  'event tests': [...VITEST, 'test/unit/domain/s3-event.test.ts'],
  'ledger contract': [...VITEST, 'test/contract/ledger'],
  'object contract': [...VITEST, 'test/contract/objects', 'test/unit/relay/verifier'],
  'chat contract': [...VITEST, 'test/contract/chat'],
};
/** What the output of a proof that found a fault contains. */
const FOUND_BY_MODEL =
  /posted twice|was lost|claimed first|stuck in the queue|without a|was dead-lettered|was confirmed \d+ times|end of its retention/;
const FOUND_BY_TESTS = /[1-9]\d* failed/;

const nameOf = (proof: Mutation['proof']): string => (typeof proof === 'string' ? proof : proof.join(' '));
const argumentsOf = (proof: Mutation['proof']): readonly string[] =>
  typeof proof === 'string' ? PROOFS[proof] : [...VITEST, ...proof];
const findingOf = (proof: Mutation['proof']): RegExp => (proof === 'model' ? FOUND_BY_MODEL : FOUND_BY_TESTS);

const main = (): number => {
  const only = process.argv[2];
  const planted = mutations.filter(
    ({ name, proof }) => only === undefined || name.includes(only) || nameOf(proof).includes(only),
  );
  if (planted.length === 0) {
    process.stderr.write(
      `prove-mutations: no mutation has a name with "${only}"; the names are:\n${mutations.map(({ name }) => `  ${name}\n`).join('')}`,
    );
    return 2;
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'relay-mutations-'));
  let missed = 0;
  try {
    const filter = (source: string) => path.basename(source) !== 'node_modules';
    for (const part of COPIED) cpSync(path.join(ROOT, part), path.join(folder, part), { recursive: true, filter });
    symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));

    for (const proof of new Map(planted.map((mutation) => [nameOf(mutation.proof), mutation.proof])).values()) {
      const { status, output, isTimedOut } = run(folder, argumentsOf(proof));
      if (status !== 0) {
        const what = isTimedOut ? 'did not end in time' : 'fails';
        process.stdout.write(
          `${nameOf(proof)}: ${what} without any mutation, so it proves nothing\n${output.slice(-2_000)}\n`,
        );
        return 1;
      }
      process.stdout.write(`ok      unbroken: ${nameOf(proof)}\n`);
    }
    for (const mutation of planted) {
      const verdict = plant(folder, mutation, () => judge(folder, mutation.proof));
      if (verdict !== 'caught') missed += 1;
      process.stdout.write(`${verdict}  ${mutation.name} (${nameOf(mutation.proof)})\n`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  process.stdout.write(`${planted.length - missed} of ${planted.length} planted faults caught.\n`);
  return missed === 0 ? 0 : 1;
};

/** A program that does not compile fails its proof too, but nobody has noticed the fault. */
const TYPE_CHECK = ['node_modules/typescript/bin/tsc', '--noEmit', '--noUnusedLocals', 'false'];

const judge = (folder: string, proof: Mutation['proof']): string => {
  const compiled = run(folder, [...TYPE_CHECK, '--noUnusedParameters', 'false']);
  if (compiled.status !== 0) return `DOES NOT COMPILE  ${compiled.output.split('\n')[0]}`;
  const { status, output, isTimedOut } = run(folder, argumentsOf(proof));
  if (isTimedOut) return 'TIMED OUT';
  return status !== 0 && findingOf(proof).test(output) ? 'caught' : 'MISSED';
};

const run = (cwd: string, args: readonly string[]): { status: number | null; output: string; isTimedOut: boolean } => {
  const { status, stdout, stderr, error } = spawnSync(process.execPath, args, {
    cwd,
    encoding: 'utf8',
    timeout: 900_000,
    maxBuffer: 64 * 1024 ** 2,
  });
  const isTimedOut = (error as NodeJS.ErrnoException | undefined)?.code === 'ETIMEDOUT';
  return { status, output: `${stdout}${stderr}`, isTimedOut };
};

const plant = <Result>(folder: string, { file, from, to }: Mutation, check: () => Result): Result => {
  const target = path.join(folder, file);
  const original = readFileSync(target, 'utf8');
  const places = original.split(from).length - 1;
  if (places !== 1) throw new Error(`${file}: the code to replace occurs ${places} times instead of once: ${from}`);
  writeFileSync(
    target,
    original.replace(from, () => to),
  );
  try {
    return check();
  } finally {
    writeFileSync(target, original);
  }
};

process.exitCode = main();
