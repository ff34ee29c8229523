import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';

/**
 * Temporary folders and files of the tests of one file.
 * @param name the prefix of the folders
 * @returns also `cleanups`: called after each test, the last one first
 */
export const useTemporaryFiles = (name: string) => {
  const cleanups: (() => unknown)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });
  const folder = (): string => {
    const path = mkdtempSync(join(tmpdir(), `${name}-`));
    cleanups.push(() => rmSync(path, { recursive: true, force: true }));
    return path;
  };
  const file = (fileName: string, content: string | Buffer = 'content'): string => {
    const path = join(folder(), fileName);
    writeFileSync(path, content);
    return path;
  };
  return { cleanups, folder, file };
};
