import { mkdirSync, mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { watchDropFolder } from '../local/drop-folder.ts';
import { keysOf } from './local-files.ts';
import type { Report } from './local-report.ts';

/** Uploads what is dropped into the folder named, which is made if it is missing, or into a new one. */
export const openDropFolder = (
  named: string | undefined,
  upload: (path: string, key: string) => Promise<void>,
  report: Pick<Report, 'problem'>,
): { folder: string; close: () => void } => {
  if (named !== undefined) mkdirSync(named, { recursive: true });
  const folder = named ?? mkdtempSync(join(tmpdir(), 'rocketchat-drop-'));
  const stop = watchDropFolder(folder, {
    onFile(path) {
      for (const { key } of keysOf([path])) void upload(path, key);
    },
    onError: (error) => report.problem(`${folder} is not watched any more: ${error.message}`),
  });
  return {
    folder,
    close() {
      stop();
      if (named === undefined) removeIfEmpty(folder);
    },
  };
};

/** A file that was moved here may be the only copy. */
const removeIfEmpty = (folder: string): void => {
  try {
    rmdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error;
  }
};
