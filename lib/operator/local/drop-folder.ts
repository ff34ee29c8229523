import { mkdirSync, mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keysOf } from './files.ts';
import type { Report } from './report.ts';
import { watchFolder } from './watch-folder.ts';

/**
 * Uploads each file that is put into a folder.
 * @param named the folder, created if it does not exist; undefined creates a temporary folder
 */
export const openDropFolder = (
  named: string | undefined,
  upload: (path: string, key: string) => Promise<void>,
  report: Pick<Report, 'problem'>,
): { folder: string; close: () => void } => {
  if (named !== undefined) mkdirSync(named, { recursive: true });
  const folder = named ?? mkdtempSync(join(tmpdir(), 'rocketchat-drop-'));
  const stop = watchFolder(folder, {
    onFile(path) {
      for (const { key } of keysOf([path])) void upload(path, key);
    },
    onError: (error) => report.problem(`${folder} is no longer watched: ${error.message}`),
  });
  return {
    folder,
    close() {
      stop();
      if (named === undefined) removeIfEmpty(folder);
    },
  };
};

/** A file that was moved into the folder may be the only copy, so a folder with files is kept. */
const removeIfEmpty = (folder: string): void => {
  try {
    rmdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error;
  }
};
