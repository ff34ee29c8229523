import { addEnqueueOptions, addScopeOptions } from './backfill/options.ts';
import type { BackfillOptions } from './backfill/run-backfill.ts';
import { type AddCommand, withExamples } from './command.ts';
import { addExecuteOption } from './plan.ts';
import { limitMemory } from './survey/limit-memory.ts';

/** `relay backfill`: posts objects that were in the bucket before. */
export const addBackfill: AddCommand = (program, io, action) => {
  const command = program
    .command('backfill')
    .summary('post objects that were in the bucket before')
    .description(
      'Posts objects of the bucket that the relay was never told of, for example those from before it was deployed. They go ' +
        'through the uploads queue, and the ledger keeps what was posted already from being posted again. Without --execute, ' +
        'the command counts them and estimates how long they take. It can be stopped at any time: it prints how to go on, and ' +
        'a repetition from the beginning posts nothing twice.',
    );
  withExamples(
    addExecuteOption(addEnqueueOptions(addScopeOptions(command))),
    'npx relay backfill --local',
    'npx relay backfill --prefix reports/2026/ --since 2026-01-01 --limit 100 --execute --stack RocketChatRelay',
  ).action(
    action(async (options: BackfillOptions) => {
      limitMemory();
      const { runBackfill } = await import('./backfill/run-backfill.ts');
      return runBackfill(options, io);
    }),
  );
};
