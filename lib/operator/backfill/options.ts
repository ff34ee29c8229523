import type { Command } from 'commander';
import { numberOption, timeOption } from '../option-values.ts';
import { addTargetOptions } from '../target/options.ts';

/** Adds the options that select a relay and objects of its bucket. */
export const addScopeOptions = (command: Command): Command =>
  addTargetOptions(
    command
      .option('--bucket <name>', 'the bucket, if the relay has several')
      .option('--prefix <prefix>', 'only keys that begin so')
      .option('--since <time>', 'only objects modified since then: a date, a time, or 3h, 2d', timeOption)
      .option('--until <time>', 'only objects modified before (default: 10 minutes ago)', timeOption)
      .option(
        '--room <room>',
        "only objects whose route leads to this room, as the routes name it: '#general' or an id",
      )
      .option('--start-after <key>', 'only keys after this one, to go on where a command was stopped'),
  );

/** Adds the options of sending events to the uploads queue. */
export const addEnqueueOptions = (command: Command): Command =>
  command
    .option('--rate <number>', 'objects per second', numberOption({ min: 0.01, max: 3_000, whole: false }), 50)
    .option('--limit <number>', 'send at most so many objects', numberOption({ min: 1, max: Number.MAX_SAFE_INTEGER }));
