import { resolve } from 'node:path';
import { isCancel, text } from '@clack/prompts';
import { CommandError, type CommandIo, ExitCode, UsageError } from '../command.ts';
import { createOutput } from '../output.ts';
import { createPlan } from '../plan.ts';
import { createProgress } from '../progress.ts';
import { queueNameOf } from '../queue/queue-state.ts';
import { findTarget } from '../target/options.ts';
import { counted, printable } from '../terminal.ts';
import { letterColumns } from './columns.ts';
import { matchLetters } from './filter.ts';
import { titleOf } from './letter.ts';
import { createLetterFile } from './letter-file.ts';
import { reportRest } from './list.ts';
import { startPass } from './look-through.ts';
import { filterOf, type LetterOptions, selectsAll } from './options.ts';

export interface DiscardOptions extends LetterOptions {
  readonly all?: boolean | undefined;
  readonly file?: string | undefined;
  readonly yes?: string | undefined;
  readonly execute?: boolean | undefined;
}

/** `relay discard` @returns the exit code @throws UsageError, CommandError */
export const discardLetters = async (
  ids: readonly string[],
  options: DiscardOptions,
  io: CommandIo,
): Promise<number> => {
  const filter = filterOf(options, ids);
  if (options.all !== true && selectsAll(filter)) {
    throw new UsageError('Which letters? Give ids, a filter such as --reason, or --all.');
  }
  if (options.all === true && !selectsAll(filter)) throw new UsageError('--all takes no ids and no filters.');
  const output = createOutput(io, options);
  const target = await findTarget(options, io);
  const { clients, deadLetterQueueUrl: queueUrl, settings } = target;
  const isSelected = matchLetters(filter, settings.routes);
  if (options.execute) await confirm(queueNameOf(queueUrl), options.yes, io);
  const path = resolve(io.cwd, options.file ?? `discarded-${new Date().toISOString().replaceAll(':', '-')}.jsonl`);
  const file = options.execute ? await createLetterFile(path) : undefined;
  const plan = createPlan(output, letterColumns(Date.now()));
  let toDelete = 0;
  try {
    const pass = await startPass({ sqs: clients.sqs, queueUrl, signal: io.signal, hideForSeconds: options.hideFor });
    const progress = createProgress(io, { total: pass.visibleBefore });
    try {
      for await (const letters of pass.batches()) {
        progress.add(letters.length);
        // What failed while the command runs is not what its user has seen.
        const selected = letters.filter((letter) => letter.sentAt <= pass.startedAt() && isSelected(letter));
        if (file === undefined) for (const letter of selected) plan.add(letter);
        else {
          await file.append(selected);
          await pass.delete(selected);
          toDelete += selected.length;
        }
      }
    } finally {
      progress.end();
      await pass.giveBack();
    }
    const failed = pass.undeleted.length;
    if (file === undefined)
      plan.print({ what: (count) => `${counted(count, 'dead letter')} to delete`, execute: false });
    else {
      for (const { letter, error } of pass.undeleted) {
        output.problem(`${letter.id} ${printable(titleOf(letter))} could not be deleted: ${error}`);
      }
      const discarded = toDelete - failed;
      const what = `Deleted: ${counted(discarded, 'dead letter')}, written to ${printable(path)} before.`;
      output.record({ event: 'done', discarded, failed, file: path, stopped: io.signal.aborted }, output.strong(what));
    }
    reportRest(pass, target, output);
    return failed > 0 || io.signal.aborted ? ExitCode.Failed : ExitCode.Done;
  } finally {
    await file?.close();
  }
};

/** The queue's name must be given, so that the letters of another relay are not deleted by mistake. */
const confirm = async (name: string, given: string | undefined, io: CommandIo): Promise<void> => {
  if (given === name) return;
  if (given !== undefined) throw new UsageError(`--yes ${printable(given)}: the dead-letter queue's name is ${name}.`);
  if (io.stdin.isTTY !== true) {
    throw new UsageError(`Nothing was deleted. stdin is not a terminal: confirm with --yes ${name}.`);
  }
  const typed = await text({
    input: io.stdin,
    output: io.stderr,
    signal: io.signal,
    message: `The letters are deleted from the dead-letter queue. Type its name, ${name}, to go on`,
  });
  if (isCancel(typed) || typed !== name) throw new CommandError('Nothing was deleted.');
};
