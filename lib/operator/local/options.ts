import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import * as v from 'valibot';
import { rocketChatUrlSchema } from '../../infra/config/connection.ts';
import { type CommandIo, UsageError } from '../command.ts';

export interface LocalOptions {
  readonly once: boolean;
  readonly json: boolean;
  readonly port: number | undefined;
  /** Undefined: the local chat server. */
  readonly rocketChat:
    | { readonly url: string; readonly room: string; readonly userId: string; readonly authToken: string }
    | undefined;
  /** An absolute path. Undefined: a new folder. */
  readonly watchFolder: string | undefined;
  /** Absolute paths. Empty: the samples. */
  readonly files: readonly string[];
}

/** The environment variables with the bot's user id and personal access token. */
export const CREDENTIAL_VARIABLES = ['ROCKETCHAT_USER_ID', 'ROCKETCHAT_AUTH_TOKEN'] as const;

/** The options as commander passes them. */
interface Values {
  readonly once?: boolean | undefined;
  readonly json?: boolean | undefined;
  readonly port?: string | undefined;
  readonly watch?: string | undefined;
  readonly rocketChatUrl?: string | undefined;
  readonly room?: string | undefined;
}

export const addLocalOptions = (command: Command): Command =>
  command
    .summary('run the whole relay on this machine')
    .description(
      'Runs the whole relay on this machine and uploads the FILEs, or the files in samples/ if none are given.',
    )
    .configureHelp({
      commandUsage: () =>
        'npm start -- [--once] [--json] [--port N] [--watch DIR] [--rocket-chat-url URL --room NAME_OR_ID] [FILE...]',
    })
    .argument('[FILE...]', 'the files to upload')
    .option('--once', 'end when all files have settled: exit 0 if each was posted, else 1')
    .option('--json', 'print one JSON object per line')
    .option('--port <N>', 'the port of S3 and SQS (default: a free port)')
    .option('--watch <DIR>', 'upload each file that is put into DIR (default: a new folder)')
    .option(
      '--rocket-chat-url <URL>',
      "post to this server instead of the local chat server; needs --room, and the bot's ROCKETCHAT_USER_ID and " +
        'ROCKETCHAT_AUTH_TOKEN in the environment',
    )
    .option('--room <NAME_OR_ID>', "the room on this server: general, '#general' or an id");

/** Checks the arguments; starts nothing. @throws UsageError if an argument is invalid */
export const readLocalOptions = (
  files: readonly string[],
  values: Values,
  io: Pick<CommandIo, 'env' | 'cwd'>,
): LocalOptions => {
  if (values.once && values.watch !== undefined) {
    throw new UsageError(
      '--once ends when the FILEs have settled, and --watch waits for more files: give one of them.',
    );
  }
  return {
    once: values.once ?? false,
    json: values.json ?? false,
    port: portOf(values.port),
    rocketChat: rocketChatOf(values.rocketChatUrl, values.room, io.env),
    watchFolder: values.watch === undefined ? undefined : resolve(io.cwd, values.watch),
    files: existingFiles(files.map((file) => resolve(io.cwd, file))),
  };
};

const portOf = (text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) {
    throw new UsageError(`--port is ${JSON.stringify(text)}: must be a number from 0 (any free port) to 65535.`);
  }
  return port;
};

const rocketChatOf = (
  url: string | undefined,
  room: string | undefined,
  env: CommandIo['env'],
): LocalOptions['rocketChat'] => {
  if (url === undefined) {
    if (room === undefined) return undefined;
    throw new UsageError('--room names a room on a real server: give --rocket-chat-url, too.');
  }
  const checked = v.safeParse(rocketChatUrlSchema, url);
  if (!checked.success) {
    throw new UsageError(`--rocket-chat-url: ${checked.issues.map(({ message }) => message).join('; ')}.`);
  }
  if (!room || room === '#') {
    throw new UsageError("--rocket-chat-url needs --room: a room's name, with or without '#', or its id.");
  }
  const [userId, authToken] = CREDENTIAL_VARIABLES.map((name) => env[name]);
  if (!userId || !authToken) {
    const missing = CREDENTIAL_VARIABLES.filter((name) => !env[name]);
    throw new UsageError(
      `--rocket-chat-url needs the bot's user id and personal access token in the environment: ${missing.join(' and ')} missing. ` +
        'Rocket.Chat shows both once, when you create a token under My Account, Personal Access Tokens.',
    );
  }
  return { url: checked.output, room, userId, authToken };
};

const existingFiles = (files: readonly string[]): readonly string[] => {
  const faults = files.flatMap((file) => {
    const stats = statSync(file, { throwIfNoEntry: false });
    if (stats === undefined) return [`${file} does not exist`];
    return stats.isFile() ? [] : [`${file} is not a file`];
  });
  if (faults.length > 0) throw new UsageError(`${faults.join('; ')}.`);
  return files;
};
