import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';

// Runs before `npm run bench`. The packages that only bench/usual-way needs have a lock file of their own, so that
// `npm ci` in the root does not install them. The root's type check excludes that code, so it is checked here.
const ROOT = join(import.meta.dirname, '..');

const run = (command: string, args: readonly string[]): void => {
  const { status, error } = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit' });
  if (error !== undefined) throw error;
  if (status !== 0) process.exit(status ?? 1);
};

/** Epoch milliseconds; 0 if the file does not exist. */
const modifiedAt = (file: string): number => statSync(join(ROOT, file), { throwIfNoEntry: false })?.mtimeMs ?? 0;

// npm writes the second file when an installation is complete.
if (modifiedAt('bench/package-lock.json') > modifiedAt('bench/node_modules/.package-lock.json')) {
  run('npm', ['ci', '--prefix', 'bench', '--no-fund', '--no-audit', '--loglevel=error']);
}
run(process.execPath, ['node_modules/typescript/bin/tsc', '--noEmit', '--project', 'bench']);
