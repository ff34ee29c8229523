import { mkdirSync } from 'node:fs';
import { watchFolder } from './watch-folder.ts';

/** A dropped folder can have thousands of files. */
const UPLOADS_AT_ONCE = 4;

/**
 * Uploads each file that is in a folder, or is put into it, with its path in the folder as the key.
 * @param folder created if it does not exist
 */
export const openDropFolder = (
  folder: string,
  upload: (path: string, key: string) => Promise<void>,
  onProblem: (text: string) => void,
): { close: () => Promise<void> } => {
  mkdirSync(folder, { recursive: true });
  const waiting: (readonly [path: string, key: string])[] = [];
  let uploading = 0;
  const uploadNext = (): void => {
    const next = uploading < UPLOADS_AT_ONCE ? waiting.shift() : undefined;
    if (next === undefined) return;
    uploading += 1;
    void upload(...next).finally(() => {
      uploading -= 1;
      uploadNext();
    });
  };
  const stop = watchFolder(folder, {
    onFile(path, key) {
      waiting.push([path, key]);
      uploadNext();
    },
    onError: (error) => onProblem(`${folder} is not watched completely: ${error.message}`),
  });
  return {
    async close() {
      waiting.length = 0;
      await stop();
    },
  };
};
