import type { Writable } from 'node:stream';

/** One sub-command of `relay`. */
export interface Command {
  /** One line for the list of commands. */
  readonly summary: string;
  /** What `--help` prints. */
  readonly usage: string;
  /** @returns the exit code @throws UsageError */
  run(args: readonly string[], io: CommandIo): Promise<number>;
}

/** A command's output streams and the parts of the process that it may read. */
export interface CommandIo {
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The folder that relative paths refer to. */
  readonly cwd: string;
  /** Whether stdout is a terminal, which may show colour. */
  readonly isTerminal: boolean;
  /** Aborted by Ctrl-C or another request to end the process. */
  readonly signal: AbortSignal;
}

export const ExitCode = { Done: 0, Failed: 1, WrongUsage: 2 } as const;

/** The command was called with invalid arguments. The message names the value given and the values allowed. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
