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

/** Where a command's words go and what it may look at. */
export interface CommandIo {
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What relative paths start from. */
  readonly cwd: string;
  /** Somebody reads along: colour is welcome. */
  readonly isTerminal: boolean;
  /** Aborted by Ctrl-C and by whatever else asks the process to end. */
  readonly signal: AbortSignal;
}

export const ExitCode = { Done: 0, Failed: 1, WrongUsage: 2 } as const;

/** The command was called wrongly. The message names what was given and what is allowed. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
