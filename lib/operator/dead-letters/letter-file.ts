import { type FileHandle, open } from 'node:fs/promises';
import { UsageError } from '../command.ts';
import { type Letter, recordOf } from './letter.ts';

/** A file of letters, one JSON object a line, readable only by the user: a body has names of buckets and keys. */
export interface LetterFile {
  readonly path: string;
  /** Resolves when the letters are on the disk. @throws errors of the file system */
  append(letters: readonly Letter[]): Promise<void>;
  close(): Promise<void>;
}

/** Creates the file. @throws UsageError if it exists or can't be created */
export const createLetterFile = async (path: string): Promise<LetterFile> => {
  let file: FileHandle;
  try {
    file = await open(path, 'wx', 0o600);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    throw new UsageError(
      code === 'EEXIST' ? `${path} exists already: name another file.` : `${path} can't be created: ${code}.`,
    );
  }
  return {
    path,
    async append(letters) {
      if (letters.length === 0) return;
      await file.appendFile(letters.map((letter) => `${JSON.stringify(recordOf(letter))}\n`).join(''));
      await file.sync();
    },
    close: () => file.close(),
  };
};
