import { type AddCommand, withExamples } from './command.ts';
import { addLetterOptions, type LetterOptions } from './dead-letters/options.ts';

/** `relay dead-letters`: shows the dead letters without changing them. */
export const addDeadLetters: AddCommand = (program, io, action) => {
  const letters = program
    .command('dead-letters')
    .summary('list, show or export the uploads that could not be posted')
    .description(
      'Shows the dead-letter queue without changing it. While a command looks through the queue, SQS hides the letters that it ' +
        'has seen from others; they are visible again when it ends, also after Ctrl-C.',
    );

  withExamples(
    addLetterOptions(letters.command('list').summary('one line for each dead letter')).description(
      'Lists the dead letters, with a count for each reason.',
    ),
    'npx relay dead-letters list --local',
    "npx relay dead-letters list --reason ROOM_UNAVAILABLE --key 'reports/**' --since 2d --stack RocketChatRelay",
  ).action(
    action(async (options: LetterOptions) => {
      const { listLetters } = await import('./dead-letters/list.ts');
      return listLetters(options, io);
    }),
  );

  withExamples(
    addLetterOptions(letters.command('show').summary('everything about some dead letters'))
      .description('Shows all that is known of dead letters: reason, detail, objects, attributes and body.')
      .argument('<ID...>', 'ids of dead letters, or their beginnings'),
    'npx relay dead-letters show 1b2c3d4e --local',
  ).action(
    action(async (ids: string[], options: LetterOptions) => {
      const { showLetters } = await import('./dead-letters/list.ts');
      return showLetters(ids, options, io);
    }),
  );

  withExamples(
    addLetterOptions(letters.command('export').summary('write the dead letters to a file'))
      .description('Writes the dead letters as one JSON object per line. They stay in the queue.')
      .argument('[FILE]', 'a file that does not exist yet (default: stdout)'),
    'npx relay dead-letters export letters.jsonl --stack RocketChatRelay',
    'npx relay dead-letters export --reason FILE_TOO_LARGE --local',
  ).action(
    action(async (file: string | undefined, options: LetterOptions) => {
      const { exportLetters } = await import('./dead-letters/list.ts');
      return exportLetters(file, options, io);
    }),
  );
};
