import { lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'rocketchat-relay-';

/** The folder in a run's folder whose files belong to the user. */
const DROP_FOLDER = 'drop';

/**
 * Creates the temporary folder of a run. Its name contains the id of this process, by which later runs recognise the
 * folder of a process that was killed.
 */
export const createRunFolder = (): string => mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));

/** Creates the run's folder for files to upload. */
export const createDropFolder = (runFolder: string): string => {
  const path = join(runFolder, DROP_FOLDER);
  mkdirSync(path, { recursive: true });
  return path;
};

/**
 * Removes a run's folder, except for a drop folder that holds files: a file that was moved there may be the only copy.
 * @returns the drop folder if it is left
 */
export const removeRunFolder = (runFolder: string): string | undefined => {
  const drop = join(runFolder, DROP_FOLDER);
  if (!holdsFiles(drop)) {
    rmSync(runFolder, { recursive: true, force: true });
    return undefined;
  }
  for (const name of readdirSync(runFolder)) {
    if (name !== DROP_FOLDER) rmSync(join(runFolder, name), { recursive: true, force: true });
  }
  return drop;
};

/** Removes the folders of this user's runs that have ended without it. @returns the drop folders that are left */
export const removeLeftRunFolders = (): string[] =>
  ownRunFolders().flatMap(({ path, pid }) => (isAlive(pid) ? [] : (removeRunFolder(path) ?? [])));

/** The folders of this user's runs that go on. */
export const runFoldersInUse = (): string[] => ownRunFolders().flatMap(({ path, pid }) => (isAlive(pid) ? path : []));

const ownRunFolders = (): { path: string; pid: number }[] =>
  readdirSync(tmpdir()).flatMap((name) => {
    const pid = Number(name.startsWith(PREFIX) ? name.slice(PREFIX.length).split('-')[0] : Number.NaN);
    const path = join(tmpdir(), name);
    return Number.isInteger(pid) && isOwnFolder(path) ? { path, pid } : [];
  });

const holdsFiles = (folder: string): boolean => {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true }).some((entry) => !entry.isDirectory());
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
};

const isOwnFolder = (path: string): boolean => {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats?.isDirectory() === true && (process.getuid === undefined || stats.uid === process.getuid());
};

/** Whether a process with this id runs. */
export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};
