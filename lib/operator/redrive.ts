import { type AddCommand, withExamples } from './command.ts';
import { addLetterOptions } from './dead-letters/options.ts';
import type { RedriveOptions } from './dead-letters/redrive.ts';
import { numberOption } from './option-values.ts';
import { addExecuteOption } from './plan.ts';

/** `relay redrive`: sends dead letters back to the uploads queue. */
export const addRedrive: AddCommand = (program, io, action) => {
  const command = program
    .command('redrive')
    .summary('send dead letters back to the uploads queue')
    .description(
      'Sends dead letters back to the uploads queue. Their objects are retried for the whole of retryForHours again; objects ' +
        'that have been posted meanwhile are not posted again. A letter is deleted only after it stands in the uploads queue, ' +
        'so the command can be stopped at any time and repeated.',
    )
    .argument('[ID...]', 'only the letters with these ids, or ids that begin so (default: all)')
    .option('--rate <number>', 'letters per second', numberOption({ min: 0.01, max: 3_000, whole: false }), 50)
    .option('--keep', 'leave the letters in the dead-letter queue as well');
  withExamples(
    addExecuteOption(addLetterOptions(command)),
    'npx relay redrive --local',
    'npx relay redrive --reason ROOM_UNAVAILABLE --room GENERAL --execute --local',
    "npx relay redrive --key 'reports/2026/**' --since 2d --rate 5 --execute --stack RocketChatRelay",
  ).action(
    action(async (ids: string[], options: RedriveOptions) => {
      const { redriveLetters } = await import('./dead-letters/redrive.ts');
      return redriveLetters(ids, options, io);
    }),
  );
};
