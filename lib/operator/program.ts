import { Command, CommanderError } from 'commander';
import { awsCodeOf, awsStatusOf } from '../../lambdas/relay/adapters/aws-error.ts';
import { addBackfill } from './backfill.ts';
import { type AddCommand, CommandError, type CommandIo, ExitCode, UsageError } from './command.ts';
import { addCompletion } from './completion.ts';
import { addCredentials } from './credentials.ts';
import { addDeadLetters } from './dead-letters.ts';
import { addDiscard } from './discard.ts';
import { addDoctor } from './doctor.ts';
import { addLocal } from './local.ts';
import { addLogs } from './logs.ts';
import { addOpen } from './open.ts';
import { addPause, addResume } from './pause.ts';
import { addReconcile } from './reconcile.ts';
import { addRedrive } from './redrive.ts';
import { addRoute } from './route.ts';
import { addSend } from './send.ts';
import { addStatus } from './status.ts';
import { printable } from './terminal.ts';
import { VERSION } from './version.ts';

/** In the order of the help. Completion comes last. */
const COMMANDS: readonly AddCommand[] = [
  addCredentials,
  addDoctor,
  addRoute,
  addSend,
  addStatus,
  addDeadLetters,
  addRedrive,
  addDiscard,
  addBackfill,
  addReconcile,
  addPause,
  addResume,
  addLogs,
  addOpen,
  addLocal,
  addCompletion,
];

/**
 * Parses the arguments and runs the command.
 * @param args without the program's name
 * @returns the exit code: 0 done, 1 something failed, 2 wrong usage
 */
export const runProgram = async (args: readonly string[], io: CommandIo): Promise<number> => {
  let exitCode: number = ExitCode.Done;
  const program = createProgram(io, (act) => async (...given) => {
    exitCode = await act(...given);
  });
  try {
    if (args.length === 0) program.help({ error: true });
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    // commander has printed its message.
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.Done : ExitCode.WrongUsage;
    io.stderr.write(`${messageOf(error)}\n`);
    return error instanceof UsageError ? ExitCode.WrongUsage : ExitCode.Failed;
  }
};

/** The program with all its commands. */
export const createProgram = (io: CommandIo, action: Parameters<AddCommand>[2]): Command => {
  const program = new Command('npx relay')
    .usage('COMMAND [--json] [--help]')
    .description('Sets up, checks and repairs a relay from S3 to Rocket.Chat.')
    .version(VERSION, '--version', 'print the version')
    .exitOverride()
    .showHelpAfterError()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      outputError: (text, write) => write(text.split('\n').map(printable).join('\n')),
    });
  for (const add of COMMANDS) add(program, io, action);
  return program;
};

/** The text for the user. Errors of the AWS SDK have a code, which their message does not always contain. */
const messageOf = (error: unknown): string => {
  if (!(error instanceof Error)) return printable(String(error));
  if (error instanceof CommandError || error instanceof UsageError) {
    return error.message.split('\n').map(printable).join('\n');
  }
  if (awsStatusOf(error) !== undefined) return `AWS: ${printable(awsCodeOf(error))}: ${printable(error.message)}`;
  return printable(error.message);
};
