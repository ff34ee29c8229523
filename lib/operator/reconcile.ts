import { addEnqueueOptions, addScopeOptions } from './backfill/options.ts';
import { type AddCommand, withExamples } from './command.ts';
import { addExecuteOption } from './plan.ts';
import type { ReconcileOptions } from './reconcile/run-reconcile.ts';
import { limitMemory } from './survey/limit-memory.ts';

/** `relay reconcile`: compares the bucket with the ledger. */
export const addReconcile: AddCommand = (program, io, action) => {
  const command = program
    .command('reconcile')
    .summary('compare the bucket with what was posted')
    .description(
      'Compares the bucket with the ledger and lists the objects that were never posted, were posted twice, or are pending ' +
        'for too long: not tried for 13 hours, although SQS hides a message for 12 at most. With --execute, the objects that ' +
        'were never posted are sent to the uploads queue. Exits with 1 if it finds something and does not mend it.',
    );
  withExamples(
    addExecuteOption(addEnqueueOptions(addScopeOptions(command))),
    'npx relay reconcile --local',
    'npx relay reconcile --prefix reports/ --since 30d --stack RocketChatRelay',
  ).action(
    action(async (options: ReconcileOptions) => {
      limitMemory();
      const { runReconcile } = await import('./reconcile/run-reconcile.ts');
      return runReconcile(options, io);
    }),
  );
};
