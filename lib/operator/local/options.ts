import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import * as v from 'valibot';
import { rocketChatUrlSchema } from '../../infra/config/connection.ts';
import { type CommandIo, UsageError } from '../command.ts';

export interface LocalOptions {
  readonly once: boolean;
  readonly json: boolean;
  readonly quiet: boolean;
  /** Whether the room's page is opened in the browser. */
  readonly open: boolean;
  readonly port: number | undefined;
  /** The file with the settings, an absolute path. */
  readonly config: string;
  /** Takes everything, in place of the routes. */
  readonly room: string | undefined;
  /** Undefined: the local chat server. */
  readonly rocketChat: { readonly url: string; readonly userId: string; readonly authToken: string } | undefined;
  /** An absolute path. Undefined: a new folder. */
  readonly watchFolder: string | undefined;
  /** Absolute paths. Empty: the samples on the local chat server, none on a real one. */
  readonly files: readonly string[];
}

/** This repository's own. `npm start` runs only in a clone. */
const CDK_JSON = join(import.meta.dirname, '../../../cdk.json');

/** The environment variables with the bot's user id and personal access token. */
export const CREDENTIAL_VARIABLES = ['ROCKETCHAT_USER_ID', 'ROCKETCHAT_AUTH_TOKEN'] as const;

/** The options as commander passes them. */
interface Values {
  readonly once?: boolean | undefined;
  readonly json?: boolean | undefined;
  readonly quiet?: boolean | undefined;
  readonly open?: boolean | undefined;
  readonly port?: string | undefined;
  readonly watch?: string | undefined;
  readonly config?: string | undefined;
  readonly rocketChatUrl?: string | undefined;
  readonly room?: string | undefined;
}

export const addLocalOptions = (command: Command): Command =>
  command
    .summary('run the whole relay on this machine')
    .description(
      'Runs the whole relay on this machine, with the routes and limits of cdk.json, and uploads the FILEs. If none are given, ' +
        'it uploads the files in samples/, but never to a real server. A change of the settings takes effect at once.',
    )
    .configureHelp({
      showGlobalOptions: true,
      commandUsage: () =>
        'npm start -- [--once] [--json | --quiet] [--open] [--port N] [--watch DIR] [--config FILE] [--rocket-chat-url URL] [--room NAME_OR_ID] [FILE...]',
    })
    .argument('[FILE...]', 'the files to upload')
    .option('--once', 'end when all files have settled: exit 0 if each was posted, else 1')
    .option('--json', 'print one JSON object per line')
    .option('--quiet', 'print no line for a posted file')
    .option('--open', "open the room's page in the browser")
    .option('--port <N>', 'the port of the AWS endpoint (default: 4566, or the next free one)')
    .option(
      '--watch <DIR>',
      'upload each file that is in DIR and its subfolders, or is put there; the key is the path in DIR (default: a new folder)',
    )
    .option('--config <FILE>', 'the settings: a file of the shape of cdk.json (default: cdk.json)')
    .option(
      '--rocket-chat-url <URL>',
      "post to this server instead of the local chat server; needs the bot's ROCKETCHAT_USER_ID and " +
        'ROCKETCHAT_AUTH_TOKEN in the environment',
    )
    .option(
      '--room <NAME_OR_ID>',
      "send everything to this room, in place of the routes: general, '#general' or an id",
    );

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
  if (values.once && values.rocketChatUrl !== undefined && files.length === 0) {
    throw new UsageError(
      '--once ends when the FILEs have settled, and no samples are uploaded to a real server: name at least one FILE.',
    );
  }
  if (values.json && values.quiet) {
    throw new UsageError('--json prints every event for programs, and --quiet leaves lines out: give one of them.');
  }
  if (values.once && values.open && values.rocketChatUrl === undefined) {
    throw new UsageError(
      '--once ends the local chat server, and with it the page that --open opens: give one of them.',
    );
  }
  return {
    once: values.once ?? false,
    json: values.json ?? false,
    quiet: values.quiet ?? false,
    open: values.open ?? false,
    port: portOf(values.port),
    config: values.config === undefined ? CDK_JSON : resolve(io.cwd, values.config),
    room: roomOf(values.room),
    rocketChat: rocketChatOf(values.rocketChatUrl, io.env),
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

const roomOf = (room: string | undefined): string | undefined => {
  if (room === undefined || /^(?!#$)\S+$/.test(room)) return room;
  throw new UsageError(`--room is ${JSON.stringify(room)}: must be a room's name, with or without '#', or its id.`);
};

const rocketChatOf = (url: string | undefined, env: CommandIo['env']): LocalOptions['rocketChat'] => {
  if (url === undefined) return undefined;
  const checked = v.safeParse(rocketChatUrlSchema, url);
  if (!checked.success) {
    throw new UsageError(`--rocket-chat-url: ${checked.issues.map(({ message }) => message).join('; ')}.`);
  }
  const [userId, authToken] = CREDENTIAL_VARIABLES.map((name) => env[name]);
  if (!userId || !authToken) {
    const missing = CREDENTIAL_VARIABLES.filter((name) => !env[name]);
    throw new UsageError(
      `--rocket-chat-url needs the bot's user id and personal access token in the environment: ${missing.join(' and ')} missing. ` +
        'Rocket.Chat shows both once, when you create a token under My Account, Personal Access Tokens.',
    );
  }
  return { url: checked.output, userId, authToken };
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
