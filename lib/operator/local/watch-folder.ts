import { type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';

export interface WatchOptions {
  /** A file counts as complete when its size and modification time have not changed for this time. @default 250 */
  readonly stableForMs?: number;
  readonly onFile: (path: string, name: string) => void;
  readonly onError: (error: Error) => void;
}

/**
 * Calls `onFile` for each file that is put into the folder or changed in it, when the file is complete. Ignores folders and
 * names that begin with a dot, which editors and browsers give to unfinished files.
 * @returns a function that stops watching
 */
export const watchFolder = (folder: string, options: WatchOptions): (() => void) => {
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
