import { type CommandIo, UsageError } from '../command.ts';
import { createOutput } from '../output.ts';
import { runReconcile } from '../reconcile/run-reconcile.ts';
import { findTarget, type TargetOptions } from '../target/options.ts';
import { showOverview } from './overview.ts';
import { tellStory } from './tell-story.ts';

export interface StatusOptions extends TargetOptions {
  readonly since?: number | undefined;
}

/** `relay status` @returns the exit code @throws UsageError */
export const showStatus = async (
  object: string | undefined,
  options: StatusOptions,
  io: CommandIo,
): Promise<number> => {
  const [, bucket, key] = object === undefined ? [] : (/^s3:\/\/([^/]+)\/?(.*)$/s.exec(object) ?? []);
  if (object !== undefined && bucket === undefined) {
    throw new UsageError(`${object} is not an object: give s3://BUCKET/KEY.`);
  }
  const output = createOutput(io, options);
  const target = await findTarget(options, io);
  if (bucket === undefined) return showOverview(target, options, output);
  if (!target.buckets.includes(bucket)) {
    throw new UsageError(`The relay does not watch the bucket ${bucket}, but ${target.buckets.join(', ')}.`);
  }
  // A marker of a directory is an object as well, but nobody asks for it.
  if (key === undefined || key === '' || key.endsWith('/')) {
    const { since, ...rest } = options;
    return runReconcile({ ...rest, bucket, prefix: key, since, until: Date.now() + 60_000, rate: 1 }, io);
  }
  return tellStory(target, { bucket, key }, options, output);
};
