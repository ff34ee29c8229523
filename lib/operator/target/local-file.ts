import { lstatSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as v from 'valibot';
import { SettingsSchema } from '../../../lambdas/relay/domain/settings.ts';
import { isAlive, runFoldersInUse } from '../../local/run-folder.ts';
import { CommandError, type CommandIo } from '../command.ts';

const FileSchema = v.object({
  pid: v.number(),
  region: v.string(),
  endpoints: v.object({
    s3: v.string(),
    sqs: v.string(),
    dynamodb: v.string(),
    secretsManager: v.string(),
    lambda: v.string(),
    logs: v.string(),
  }),
  /** The only credentials that the embedded Secrets Manager accepts, if the chat server is a real one. */
  credentials: v.object({ accessKeyId: v.string(), secretAccessKey: v.string() }),
  bucket: v.string(),
  queueUrl: v.string(),
  deadLetterQueueUrl: v.string(),
  ledgerTable: v.string(),
  secretId: v.string(),
  rocketChatUrl: v.string(),
  settings: SettingsSchema,
});

/** What `npm start` writes while it runs, so that other commands find it. */
export type LocalFile = v.InferOutput<typeof FileSchema>;

type Env = CommandIo['env'];

const FILE_NAME = 'embedded-relay.json';

/** XDG_RUNTIME_DIR belongs to the user alone. Undefined if it is not set; then the file is in the folder of the run. */
const sharedFolder = (env: Env): string | undefined =>
  env['XDG_RUNTIME_DIR'] ? join(env['XDG_RUNTIME_DIR'], 's3-to-rocketchat') : undefined;

/** The file of the embedded relay that started last, or where it would be. */
export const localFilePath = (env: Env): string => {
  const shared = sharedFolder(env);
  if (shared !== undefined) return join(shared, FILE_NAME);
  const found = runFoldersInUse()
    .map((folder) => join(folder, FILE_NAME))
    .flatMap((path) => {
      const stats = lstatSync(path, { throwIfNoEntry: false });
      return stats === undefined ? [] : { path, writtenAt: stats.mtimeMs };
    })
    .sort((a, b) => b.writtenAt - a.writtenAt);
  return found[0]?.path ?? join(tmpdir(), 'rocketchat-relay-*', FILE_NAME);
};

/**
 * Writes the file, readable only by the user. If several relays run, it is that of the one that started last.
 * @param runFolder the temporary folder of the run. Its end removes the folder, also after a kill.
 * @returns removes the file, unless another relay has replaced it
 * @throws CommandError if the folder belongs to another user
 */
export const writeLocalFile = (env: Env, content: Omit<LocalFile, 'pid'>, runFolder: string): (() => void) => {
  const folder = sharedFolder(env) ?? runFolder;
  const path = join(folder, FILE_NAME);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  checkOwner(folder);
  const written = `${path}.${process.pid}`;
  rmSync(written, { force: true });
  // The schema leaves out everything that is not part of the file.
  const file = v.parse(FileSchema, { pid: process.pid, ...content });
  writeFileSync(written, JSON.stringify(file), { mode: 0o600, flag: 'wx' });
  renameSync(written, path);
  return () => {
    if (readIfThere(path)?.pid === process.pid) rmSync(path, { force: true });
  };
};

/** @throws CommandError if no embedded relay of this user runs */
export const readLocalFile = (env: Env): LocalFile => {
  const path = localFilePath(env);
  const file = readIfThere(path);
  if (file === undefined || !isAlive(file.pid)) {
    throw new CommandError(
      `--local: no embedded relay of this user is running (${path} ${file === undefined ? 'does not exist' : 'is of a process that has ended'}). Start one with "npm start" in a clone of the repository.`,
    );
  }
  return file;
};

const readIfThere = (path: string): LocalFile | undefined => {
  let text: string;
  try {
    checkOwner(path);
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return v.parse(FileSchema, JSON.parse(text));
  } catch {
    throw new CommandError(
      `${path} is not the file of this version's "npm start": delete it, and start the relay again.`,
    );
  }
};

/** Another user could put a file or a link there that sends the commands to a server of theirs. */
const checkOwner = (path: string): void => {
  const { uid, mode } = lstatSync(path);
  const isOwn = process.getuid === undefined || uid === process.getuid();
  const isPrivate = process.platform === 'win32' || (mode & 0o077) === 0;
  if (isOwn && isPrivate) return;
  throw new CommandError(
    `${path} belongs to another user or can be read by others: delete it, and start the relay again.`,
  );
};
