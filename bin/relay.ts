#!/usr/bin/env node
import { type Command, type CommandIo, ExitCode, UsageError } from '../lib/operator/command.ts';

/** Each command is loaded only when it is used, because it has imports that the others do not need. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  local: async () => (await import('../lib/operator/local.ts')).local,
};

const ORPHAN_CHECK_MS = 250;

const main = async (): Promise<number> => {
  const [name, ...args] = process.argv.slice(2);
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    (name === undefined ? process.stderr : process.stdout).write(await overview());
    return name === undefined ? ExitCode.WrongUsage : ExitCode.Done;
  }
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (load === undefined) {
    process.stderr.write(`There is no command ${JSON.stringify(name)}.\n\n${await overview()}`);
    return ExitCode.WrongUsage;
  }
  const command = await load();
  const options = args.slice(0, args.includes('--') ? args.indexOf('--') : args.length);
  if (options.includes('--help') || options.includes('-h')) {
    process.stdout.write(command.usage);
    return ExitCode.Done;
  }
  try {
    return await command.run(args, createIo());
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return ExitCode.WrongUsage;
  }
};

const overview = async (): Promise<string> => {
  const lines = await Promise.all(
    Object.entries(COMMANDS).map(async ([name, load]) => `  ${name.padEnd(14)}${(await load()).summary}\n`),
  );
  return `Usage: npx relay COMMAND [--json] [--help]\n\n${lines.join('')}`;
};

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
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: script === 'start' && calledFrom ? calledFrom : process.cwd(),
    isTerminal: process.stdout.isTTY === true,
    signal: stopping.signal,
  };
};

process.exitCode = await main();
