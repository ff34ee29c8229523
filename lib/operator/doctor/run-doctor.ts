import { CommandError, type CommandIo, ExitCode, UsageError } from '../command.ts';
import { createOutput } from '../output.ts';
import { chatOf } from '../target/chat.ts';
import { findTarget, type TargetOptions } from '../target/options.ts';
import type { Check } from './check.ts';
import { CHECKS } from './checks.ts';
import { chatBeforeDeployment, readPlanned } from './planned.ts';
import { createDoctorReport } from './report.ts';
import { type Outcome, runCheck } from './run-checks.ts';
import { createWorld, type World } from './world.ts';

export interface DoctorOptions extends TargetOptions {
  readonly config?: string | undefined;
  readonly only?: 'server' | 'aws' | undefined;
  readonly list?: boolean | undefined;
  readonly probe?: string | true | undefined;
}

const TIME_LIMIT_MS = 45_000;
const DEFAULT_PROBE_MIB = 2;
const MAX_PROBE_MIB = 1024;

/** @returns the exit code: 1 if there is a problem, or if a check could not run @throws UsageError */
export const runDoctor = async (names: readonly string[], options: DoctorOptions, io: CommandIo): Promise<number> => {
  const checks = selected(names, options.only);
  const output = createOutput(io, options);
  if (options.list) {
    output.table(
      checks.map(({ name, group, about }) => ({ name, group, about })),
      [
        { title: 'CHECK', text: ({ name }) => name },
        { title: 'GROUP', text: ({ group }) => group },
        { title: 'WHAT', text: ({ about }) => about },
      ],
    );
    return ExitCode.Done;
  }
  const probeBytes = probeBytesOf(options.probe);
  const report = createDoctorReport(output, io);
  const stopping = new AbortController();
  const signal = AbortSignal.any([io.signal, stopping.signal]);
  let world: World;
  try {
    world = await worldOf(options, io, { probeBytes, signal });
  } catch (error) {
    if (!(error instanceof CommandError) || options.config !== undefined) throw error;
    report.outcome(notFound(error, options));
    return report.verdict();
  }
  try {
    const timeLimitMs = (check: Check) => (check.name === 'body-limit' ? 10 * TIME_LIMIT_MS : TIME_LIMIT_MS);
    const running = checks.map((check) => runCheck(check, world, timeLimitMs(check)));
    for (const outcome of running) report.outcome(await outcome);
    return report.verdict();
  } finally {
    // Ends the calls of checks that took too long.
    stopping.abort();
  }
};

const selected = (names: readonly string[], only: DoctorOptions['only']): readonly Check[] =>
  CHECKS.filter(
    ({ name, group }) => (names.length === 0 || names.includes(name)) && (only === undefined || group === only),
  );

const probeBytesOf = (probe: DoctorOptions['probe']): number | undefined => {
  if (probe === undefined) return undefined;
  const mib = probe === true ? DEFAULT_PROBE_MIB : Number(probe);
  if (!(mib > 0 && mib <= MAX_PROBE_MIB)) {
    throw new UsageError(
      `--probe is ${JSON.stringify(probe)}: must be a number of MiB, more than 0 and at most ${MAX_PROBE_MIB}.`,
    );
  }
  return Math.ceil(mib * 1024 * 1024);
};

const worldOf = async (
  options: DoctorOptions,
  io: CommandIo,
  given: { readonly probeBytes: number | undefined; readonly signal: AbortSignal },
): Promise<World> => {
  if (options.config !== undefined) {
    const planned = readPlanned(options.config, io);
    const option = `--config ${options.config}`;
    return createWorld({ ...given, ...planned, option, target: undefined, chat: chatBeforeDeployment(planned) });
  }
  const target = await findTarget(options, io);
  const { rocketChatUrl, settings, option } = target;
  return createWorld({ ...given, rocketChatUrl, settings, option, target, chat: chatOf(target) });
};

/** Without the relay's outputs no other check can run. */
const notFound = (error: CommandError, { stack }: DoctorOptions): Outcome => {
  const check = CHECKS.find(({ name }) => name === 'outputs') as Check;
  const mend = stack === undefined ? 'npm start' : 'see above; to deploy: npx cdk deploy';
  const why = 'Nothing else can be checked before the relay is found.';
  return {
    check,
    status: 'problem',
    note: 'the relay was not found',
    findings: [{ level: 'problem', what: error.message, why, mend }],
  };
};
