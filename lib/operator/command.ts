import type { Readable, Writable } from 'node:stream';
import type { Command } from 'commander';

/** A command's streams and the parts of the process that it may read. */
export interface CommandIo {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folder that relative paths refer to. */
  readonly cwd: string;
  /** Whether stdout is a terminal, which may show colour. */
  readonly isTerminal: boolean;
  /** The number of columns of the terminal. @default 80 */
  readonly columns?: number | undefined;
  /** Whether stderr is a terminal, which may show progress. @default false */
  readonly showsProgress?: boolean | undefined;
  /** Aborted by Ctrl-C or another request to end the process. */
  readonly signal: AbortSignal;
}

/**
 * Adds one sub-command of `relay` to the program. The file that has it is loaded with every command, so it imports only
 * what describes the options; its action imports the rest.
 *
 * @param io the streams of the process
 * @param action makes commander's action of a function that returns the exit code
 */
export type AddCommand = (program: Command, io: CommandIo, action: MakeAction) => void;

/**
 * commander passes the arguments of the command, its options and the command itself.
 * @throws UsageError, CommandError
 */
// biome-ignore lint/suspicious/noExplicitAny: commander's own type of an action's arguments.
export type MakeAction = <Args extends any[]>(
  act: (...args: Args) => Promise<number> | number,
) => (...args: Args) => Promise<void>;

export const ExitCode = { Done: 0, Failed: 1, WrongUsage: 2 } as const;

/** The command was called with invalid arguments. The message names the value given and the values allowed. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The command failed for a reason that its user can change. The message says what happened, to what, and what to do. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

/** Adds examples to a command's help. Each must work as printed. */
export const withExamples = (command: Command, ...examples: readonly string[]): Command =>
  command.addHelpText('after', `\nExamples:\n${examples.map((example) => `  ${example}\n`).join('')}`);
