import { type AddCommand, withExamples } from './command.ts';
import { addTargetOptions, type TargetOptions } from './target/options.ts';

/** `relay pause`: the function receives no more messages. */
export const addPause: AddCommand = (program, io, action) => {
  const command = program
    .command('pause')
    .summary('stop posting; uploads wait in the queue')
    .description(
      'Disables the event source mapping, so the function receives no more messages. Uploads wait in the queue until ' +
        "relay resume, but at most until the end of the queue's retention. A later deployment enables the mapping again.",
    );
  withExamples(addTargetOptions(command), 'npx relay pause --local', 'npx relay pause --stack RocketChatRelay').action(
    action(async (options: TargetOptions) => {
      const { switchMapping } = await import('./pause/switch-mapping.ts');
      return switchMapping(false, options, io);
    }),
  );
};

/** `relay resume`: the function receives messages again. */
export const addResume: AddCommand = (program, io, action) => {
  const command = program
    .command('resume')
    .summary('go on posting after a pause')
    .description('Enables the event source mapping, so the function receives the messages that wait.');
  withExamples(
    addTargetOptions(command),
    'npx relay resume --local',
    'npx relay resume --stack RocketChatRelay',
  ).action(
    action(async (options: TargetOptions) => {
      const { switchMapping } = await import('./pause/switch-mapping.ts');
      return switchMapping(true, options, io);
    }),
  );
};
