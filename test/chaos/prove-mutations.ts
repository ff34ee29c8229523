/** Plants one fault at a time and checks that a proof detects it: npm run prove:mutations [-- NAME] */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Mutation, mutations, type Proof } from './mutations.ts';

const ROOT = path.join(import.meta.dirname, '../..');
const COPIED = ['lambdas', 'lib', 'test', 'events', 'package.json', 'tsconfig.json', 'vitest.config.ts'];

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
/** The output of a proof that found a fault. A program that does not run does not count as a find. */
const FOUND: Record<Proof, RegExp> = {
  model: /posted twice|was lost|claimed first|stuck in the queue|without a/,
  'delivery tests': /[1-9]\d* failed/,
  'handler tests': /[1-9]\d* failed/,
  'event tests': /[1-9]\d* failed/,
  'ledger contract': /[1-9]\d* failed/,
  'object contract': /[1-9]\d* failed/,
  'chat contract': /[1-9]\d* failed/,
};

const nameOf = (proof: Mutation['proof']): string => (typeof proof === 'string' ? proof : proof.join(' '));
const argumentsOf = (proof: Mutation['proof']): readonly string[] =>
  typeof proof === 'string' ? PROOFS[proof] : [...VITEST, ...proof];
const findingOf = (proof: Mutation['proof']): RegExp => (typeof proof === 'string' ? FOUND[proof] : /[1-9]\d* failed/);

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
    for (const part of COPIED) cpSync(path.join(ROOT, part), path.join(folder, part), { recursive: true });
    symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));

    for (const proof of new Map(planted.map((mutation) => [nameOf(mutation.proof), mutation.proof])).values()) {
      const { status, output } = run(folder, proof);
      if (status !== 0) {
        process.stdout.write(
          `${nameOf(proof)}: fails without any mutation, so it proves nothing\n${output.slice(-2_000)}\n`,
        );
        return 1;
      }
      process.stdout.write(`ok      unbroken: ${nameOf(proof)}\n`);
    }
    for (const mutation of planted) {
      const isCaught = plant(folder, mutation, () => {
        const { status, output } = run(folder, mutation.proof);
        return status !== 0 && findingOf(mutation.proof).test(output);
      });
      if (!isCaught) missed += 1;
      process.stdout.write(`${isCaught ? 'caught' : 'MISSED'}  ${mutation.name} (${nameOf(mutation.proof)})\n`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  process.stdout.write(`${planted.length - missed} of ${planted.length} planted faults caught.\n`);
  return missed === 0 ? 0 : 1;
};

const run = (cwd: string, proof: Mutation['proof']): { status: number | null; output: string } => {
  const { status, stdout, stderr } = spawnSync(process.execPath, argumentsOf(proof), {
    cwd,
    encoding: 'utf8',
    timeout: 300_000,
  });
  return { status, output: `${stdout}${stderr}` };
};

const plant = (folder: string, { file, from, to }: Mutation, check: () => boolean): boolean => {
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
