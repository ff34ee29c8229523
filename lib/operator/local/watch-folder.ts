import { stat } from 'node:fs/promises';
import { relative, sep } from 'node:path';
import { watch } from 'chokidar';

export interface WatchOptions {
  /** A file counts as complete when its size has not changed for this time. @default 250 */
  readonly stableForMs?: number;
  /** @param name the path in the folder, with slashes, in NFC */
  readonly onFile: (path: string, name: string) => void;
  readonly onError: (error: Error) => void;
}

/**
 * Calls `onFile` for each file in the folder and in its subfolders: those that are there, and those that are put there or
 * changed later, each when it is complete. Ignores names that begin with a dot, which editors and browsers give to
 * unfinished files, and links to folders.
 * @returns a function that stops watching
 */
export const watchFolder = (folder: string, options: WatchOptions): (() => Promise<void>) => {
  const { stableForMs = 250, onFile, onError } = options;
  const isHidden = (path: string): boolean =>
    relative(folder, path)
      .split(sep)
      .some((name) => name.startsWith('.'));
  const report = (path: string): void => {
    stat(path).then(
      // Some file systems decompose umlauts (NFD); S3 and Rocket.Chat do not compose them again.
      (stats) => stats.isFile() && onFile(path, relative(folder, path).split(sep).join('/').normalize('NFC')),
      () => {
        // The file was deleted.
      },
    );
  };
  const watcher = watch(folder, {
    ignored: isHidden,
    followSymlinks: false,
    awaitWriteFinish: { stabilityThreshold: stableForMs, pollInterval: Math.ceil(stableForMs / 5) },
  })
    .on('add', report)
    .on('change', report)
    .on('error', (error) => onError(error instanceof Error ? error : new Error(String(error))));
  return () => watcher.close();
};
