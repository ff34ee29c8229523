import { type Command, Option } from 'commander';
import { type CommandIo, UsageError } from '../command.ts';
import type { Target } from './target.ts';

/** The options that select a relay. */
export interface TargetOptions {
  readonly stack?: string | undefined;
  readonly local?: boolean | undefined;
  readonly region?: string | undefined;
  readonly json?: boolean | undefined;
}

/** Adds the options of every command that works on a relay. */
export const addTargetOptions = (command: Command): Command =>
  command
    .addOption(new Option('--stack <name>', 'the CloudFormation stack of a deployed relay').conflicts('local'))
    .option('--local', 'the embedded relay that "npm start" runs on this machine')
    .option('--region <region>', "the stack's region (default: AWS_REGION, or that of your profile)")
    .option('--json', 'print one JSON object per line');

/**
 * Finds the relay that the options select.
 * @throws UsageError if they select none; CommandError if there is no such relay
 */
export const findTarget = async (options: TargetOptions, io: Pick<CommandIo, 'env'>): Promise<Target> => {
  if (options.stack !== undefined) {
    const { findStack } = await import('./stack.ts');
    return findStack({ stackName: options.stack, region: options.region });
  }
  if (options.local !== true) throw new UsageError('Which relay? Give --stack NAME or --local.');
  const { findLocal } = await import('./local.ts');
  return findLocal(io.env);
};
