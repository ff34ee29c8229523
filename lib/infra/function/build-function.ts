import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The files of the bundle by name. */
let built: ReadonlyMap<string, Buffer> | undefined;

/**
 * Writes the function's bundle into a folder. It is built once in a process, and by another process: CDK waits for no
 * promise, and Rolldown has no synchronous form.
 * @param outdir an empty folder
 * @throws Error if the sources can't be bundled; Rolldown's errors are on stderr
 */
export const buildFunction = (outdir: string): void => {
  if (built !== undefined) {
    for (const [name, content] of built) writeFileSync(join(outdir, name), content);
    return;
  }
  const program = join(import.meta.dirname, 'bundle-process.ts');
  // stdout may be for JSON, so what Rolldown prints goes to stderr.
  execFileSync(process.execPath, [program, outdir], { stdio: ['ignore', process.stderr.fd, process.stderr.fd] });
  built = new Map(readdirSync(outdir).map((name) => [name, readFileSync(join(outdir, name))]));
};
