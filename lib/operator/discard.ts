import { type AddCommand, withExamples } from './command.ts';
import type { DiscardOptions } from './dead-letters/discard.ts';
import { addLetterOptions } from './dead-letters/options.ts';
import { addExecuteOption } from './plan.ts';

/** `relay discard`: deletes dead letters. */
export const addDiscard: AddCommand = (program, io, action) => {
  const command = program
    .command('discard')
    .summary('delete dead letters, after writing them to a file')
    .description(
      'Deletes dead letters whose objects are not to be posted. They are written to a file first. The objects stay in the bucket.',
    )
    .argument('[ID...]', 'the letters with these ids, or ids that begin so')
    .option('--all', 'all dead letters')
    .option('--file <path>', 'the file that they are written to, which must not exist (default: discarded-TIME.jsonl)')
    .option('--yes <name>', "the dead-letter queue's name, to confirm without being asked for it");
  withExamples(
    addExecuteOption(addLetterOptions(command)),
    'npx relay discard --reason EMPTY_FILE --local',
    'npx relay discard --reason EMPTY_FILE --execute --yes relay-dead-letters --local',
    'npx relay discard --all --execute --stack RocketChatRelay',
  ).action(
    action(async (ids: string[], options: DiscardOptions) => {
      const { discardLetters } = await import('./dead-letters/discard.ts');
      return discardLetters(ids, options, io);
    }),
  );
};
