import { type AddCommand, withExamples } from './command.ts';
import type { LogOptions } from './logs/print-log.ts';
import { listOption, timeOption } from './option-values.ts';
import { addTargetOptions } from './target/options.ts';

/** `relay logs`: the function's log. */
export const addLogs: AddCommand = (program, io, action) => {
  const command = program
    .command('logs')
    .summary("the function's log, readable")
    .description(
      "Prints the function's log: each delivery on a line, and what else it wrote, without its metrics. With a filter, only " +
        'the deliveries that match.',
    )
    .option('-f, --follow', 'go on as the log is written, until Ctrl-C')
    .option('--key <glob>', "only keys that match, such as 'reports/**'")
    .option('--reason <reason>', 'only this reason; several are separated by commas', listOption)
    .option('--outcome <outcome>', 'only posted, retrying, dead-lettered, duplicate, ignored or gone', listOption)
    .option('--since <time>', 'from then on: a date, a time, or 15m, 3h, 2d (default: 15m)', timeOption)
    .option('--until <time>', 'only before', timeOption);
  withExamples(
    addTargetOptions(command),
    'npx relay logs --since 1h --outcome retrying,dead-lettered --local',
    "npx relay logs --follow --key 'reports/**' --stack RocketChatRelay",
  ).action(
    action(async (options: LogOptions) => {
      const { printLog } = await import('./logs/print-log.ts');
      return printLog(options, io);
    }),
  );
};
