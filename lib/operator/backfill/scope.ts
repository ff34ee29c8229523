import { CommandError, UsageError } from '../command.ts';
import type { Output } from '../output.ts';
import { readQueueState } from '../queue/queue-state.ts';
import type { TargetOptions } from '../target/options.ts';
import type { Target } from '../target/target.ts';

/** The options that select objects of a bucket. */
export interface ScopeOptions extends TargetOptions {
  readonly bucket?: string | undefined;
  readonly prefix?: string | undefined;
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  readonly room?: string | undefined;
  readonly startAfter?: string | undefined;
}

/** A younger object is left to its own event: S3's notifications usually come within seconds, but can take longer. */
const SETTLE_MS = 10 * 60_000;

export interface Scope {
  readonly bucket: string;
  /** Epoch milliseconds. */
  readonly until: number;
  /** The options that select the same objects again, for a command line. */
  readonly words: readonly string[];
}

/**
 * The objects that a command is about. Their end in time is fixed, so that a repeated command sees the same objects.
 * @throws UsageError if the relay has several buckets and none, or another one, is named
 */
export const scopeOf = (target: Target, options: ScopeOptions, now: number): Scope => {
  const [first = '', ...others] = target.buckets;
  const { bucket = others.length === 0 ? first : undefined, since, until = now - SETTLE_MS } = options;
  const known = target.buckets.join(', ');
  if (bucket === undefined) throw new UsageError(`Which bucket? Give --bucket with one of: ${known}.`);
  if (!target.buckets.includes(bucket)) throw new UsageError(`--bucket ${bucket} is not one of the relay's: ${known}.`);
  const word = (name: string, value: string | undefined) => (value === undefined ? [] : [name, value]);
  const words = [
    ...word('--bucket', others.length === 0 ? undefined : bucket),
    ...word('--prefix', options.prefix),
    ...word('--since', since === undefined ? undefined : new Date(since).toISOString()),
    ...word('--until', new Date(until).toISOString()),
    ...word('--room', options.room),
    ...target.option.split(' '),
    ...word('--region', options.region),
  ];
  return { bucket, until, words };
};

/**
 * An upload whose event waits in the queue and was never received looks as one that the relay was never told of: both have
 * no entry in the ledger. The function recognises the second of the two messages, unless both are delivered at the same
 * moment; then each would be posted.
 * @throws CommandError if messages wait and the user has not said which objects are meant
 */
export const checkQueueIsEmpty = async (
  target: Target,
  { until }: ScopeOptions,
  { execute, output }: { readonly execute: boolean; readonly output: Output },
): Promise<void> => {
  if (until !== undefined) return;
  const { visible, inFlight, delayed } = await readQueueState(target.clients.sqs, target.queueUrl);
  const waiting = visible + inFlight + delayed;
  if (waiting === 0) return;
  const text =
    `${waiting} messages are in the uploads queue. The relay can't tell an upload whose event waits there from one that it ` +
    'was never told of, and could post it twice. Wait until the queue is empty ' +
    `(npx relay status ${target.option}), or give --until with a time before the oldest upload that waits.`;
  if (execute) throw new CommandError(text);
  output.problem(text);
};
