import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

let built: string | undefined;

/**
 * The folder of the function's bundle, which is built once in a process, by another process: CDK waits for no promise, and
 * Rolldown has no synchronous way. It is removed when this process exits.
 * @throws Error if the sources can't be bundled; Rolldown's errors are on stderr
 */
export const builtFunction = (): string => {
  if (built !== undefined) return built;
  const folder = mkdtempSync(join(tmpdir(), 'relay-function-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  execFileSync(process.execPath, [join(import.meta.dirname, 'bundle-process.ts'), folder], { stdio: 'inherit' });
  built = folder;
  return folder;
};
