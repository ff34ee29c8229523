import { type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface DropFolderOptions {
  /** A file is taken when its size and its time have not changed for this long. @default 250 */
  readonly stableForMs?: number;
  readonly onFile: (path: string, name: string) => void;
  readonly onError: (error: Error) => void;
}

/**
 * Tells of each file that is put into a folder, or changed in it, once it is written completely. Names that begin with
 * a dot and folders are passed over: editors and browsers keep what is not finished under such names.
 * @returns how to stop
 */
export const watchDropFolder = (folder: string, options: DropFolderOptions): (() => void) => {
  const { stableForMs = 250 } = options;
  const growing = new Map<string, NodeJS.Timeout>();
  const taken = new Map<string, string>();

  const lookAt = async (name: string, before: string | undefined): Promise<void> => {
    const path = join(folder, name);
    const now = await fingerprint(path);
    if (!growing.has(name)) return;
    growing.delete(name);
    if (now === undefined) taken.delete(name);
    if (now === undefined || now === taken.get(name)) return;
    if (now !== before) return lookLater(name, now);
    taken.set(name, now);
    options.onFile(path, name);
  };

  const lookLater = (name: string, before?: string): void => {
    clearTimeout(growing.get(name));
    growing.set(
      name,
      setTimeout(() => void lookAt(name, before), before === undefined ? 0 : stableForMs),
    );
  };

  const watcher: FSWatcher = watch(folder, (_event, name) => {
    if (name !== null && !name.startsWith('.') && !growing.has(name)) lookLater(name);
  });
  watcher.on('error', options.onError);
  return () => {
    watcher.close();
    for (const timer of growing.values()) clearTimeout(timer);
    growing.clear();
  };
};

const fingerprint = async (path: string): Promise<string | undefined> => {
  try {
    const { size, mtimeMs, ino } = await stat(path).then((stats) => (stats.isFile() ? stats : Promise.reject()));
    return `${size} ${mtimeMs} ${ino}`;
  } catch {
    return undefined;
  }
};
