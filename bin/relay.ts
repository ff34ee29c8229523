#!/usr/bin/env node
import { type CommandIo, ExitCode } from '../lib/operator/command.ts';
import { runProgram } from '../lib/operator/program.ts';

const ORPHAN_CHECK_MS = 250;

const createIo = (): CommandIo => {
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // The second signal ends the process at once; its child processes then end too.
      if (stopping.signal.aborted) process.exit(ExitCode.Failed);
      stopping.abort();
    });
  }
  // A signal to npm ends npm and its shell but is not passed on to this process, whose parent process then changes.
  const { npm_lifecycle_event: script, INIT_CWD: calledFrom } = process.env;
  const parent = process.ppid;
  if (script === 'start') setInterval(() => process.ppid !== parent && stopping.abort(), ORPHAN_CHECK_MS).unref();
  // The reader of the output, such as `head`, has closed it.
  process.stdout.on('error', () => stopping.abort());
  // `npm start` changes into the package's folder; relative paths refer to the folder in which it was called.
  return {
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: script === 'start' && calledFrom ? calledFrom : process.cwd(),
    isTerminal: process.stdout.isTTY === true,
    columns: process.stdout.columns,
    showsProgress: process.stderr.isTTY === true,
    signal: stopping.signal,
  };
};

process.exitCode = await runProgram(process.argv.slice(2), createIo());
