import { type FSWatcher, watch } from 'node:fs';
import path from 'node:path';
import { type Settings, settingsEntries } from '../../../lambdas/relay/domain/settings.ts';
import { readRelayFile } from '../../infra/config/relay-file.ts';

/**
 * The settings of the function in `cdk.json` or a file of the same shape.
 * @param room takes everything, in place of the routes
 * @throws ConfigurationError
 */
export const readSettings = (file: string, room: string | undefined): Settings => {
  const context = readRelayFile(file);
  const settings = Object.fromEntries(
    Object.entries(context).filter(([key]) => Object.hasOwn(settingsEntries, key)),
  ) as unknown as Settings;
  if (room === undefined) return settings;
  const { operationsRoom: _, ...others } = settings;
  return { ...others, routes: [{ room }] };
};

/** Editors write a file in several steps; it is read when nothing has happened to it for this time. */
const QUIET_MS = 100;

/**
 * Calls `onChange` when a file has been written or replaced.
 * @returns a function that stops watching
 */
export const watchFile = (file: string, onChange: () => void, onError: (error: Error) => void): (() => void) => {
  let timer: NodeJS.Timeout | undefined;
  // Editors replace a file by a new one, which a watch on the file itself would miss.
  const watcher: FSWatcher = watch(path.dirname(file), (_event, name) => {
    if (name !== path.basename(file)) return;
    clearTimeout(timer);
    timer = setTimeout(onChange, QUIET_MS);
  });
  watcher.on('error', onError);
  return () => {
    watcher.close();
    clearTimeout(timer);
  };
};
