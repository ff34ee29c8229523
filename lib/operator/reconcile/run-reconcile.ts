import { createEnqueue } from '../backfill/enqueue.ts';
import { checkQueueIsEmpty, type ScopeOptions, scopeOf } from '../backfill/scope.ts';
import { type CommandIo, ExitCode } from '../command.ts';
import { createOutput, type Output } from '../output.ts';
import { createPlan } from '../plan.ts';
import { createProgress } from '../progress.ts';
import { readQueueState } from '../queue/queue-state.ts';
import { surveyColumns } from '../survey/columns.ts';
import { countsText, createCounts } from '../survey/counts.ts';
import { State } from '../survey/judge.ts';
import { createRoomIds, reportUnknownRooms } from '../survey/room-ids.ts';
import { missingObjects, type Surveyed, surveyBucket } from '../survey/survey.ts';
import { findTarget } from '../target/options.ts';
import type { Target } from '../target/target.ts';
import { counted, printable } from '../terminal.ts';

export interface ReconcileOptions extends ScopeOptions {
  readonly rate: number;
  readonly limit?: number | undefined;
  readonly execute?: boolean | undefined;
}

const FINDINGS: ReadonlySet<State> = new Set([State.NeverPosted, State.PostedTwice, State.Stuck]);

/** `relay reconcile` @returns the exit code: 1 if something is left to mend @throws UsageError, CommandError */
export const runReconcile = async (options: ReconcileOptions, io: CommandIo): Promise<number> => {
  const { execute = false, limit = Number.POSITIVE_INFINITY } = options;
  const output = createOutput(io, options);
  const target = await findTarget(options, io);
  const now = Date.now();
  const scope = scopeOf(target, options, now);
  await checkQueueIsEmpty(target, options, { execute, output });
  const deadLetters = await readQueueState(target.clients.sqs, target.deadLetterQueueUrl);
  const rooms = createRoomIds(target);
  const counts = createCounts();
  const shown = createPlan(output, surveyColumns);
  const progress = createProgress(io);
  let sent = 0;
  let failed = 0;
  const enqueue = createEnqueue(target, {
    rate: options.rate,
    signal: io.signal,
    onSent: () => {},
    onFailed(object, error) {
      failed += 1;
      output.problem(`${printable(object.key)} was not sent: ${error}`);
    },
  });
  try {
    for await (const page of surveyBucket(target, { ...options, ...scope, now }, { rooms, deadLetters })) {
      counts.add(page);
      progress.add(page.listed);
      const findings = page.surveyed.filter(({ state }) => FINDINGS.has(state));
      if (io.isTerminal && !output.isJson) for (const finding of findings) shown.add(finding);
      else printFindings(findings, output);
      if (execute)
        sent += await enqueue(
          missingObjects(findings)
            .slice(0, limit - sent)
            .map(({ object }) => object),
        );
      if (io.signal.aborted) break;
    }
  } catch (error) {
    if (!io.signal.aborted) throw error;
  } finally {
    progress.end();
  }
  reportUnknownRooms(rooms, output);
  if (shown.count > 0) shown.print({ what: (count) => `${counted(count, 'object')} to look at`, execute: true });
  output.record({ event: 'done', sent, failed, stopped: io.signal.aborted, ...counts.values() }, countsText(counts));
  const isMended = advise(counts.values(), { sent, execute, target, output });
  return isMended && failed === 0 && !io.signal.aborted ? ExitCode.Done : ExitCode.Failed;
};

const printFindings = (findings: readonly Surveyed[], output: Output): void => {
  if (!output.isJson) output.table(findings, surveyColumns);
  else {
    for (const { object, ...finding } of findings) {
      const { modifiedAt, ...rest } = object;
      output.record({ event: 'finding', ...finding, ...rest, modifiedAt: new Date(modifiedAt).toISOString() }, '');
    }
  }
};

/** Says what to do about the findings. @returns whether nothing is left */
const advise = (
  counts: Readonly<Record<string, number>>,
  { sent, execute, target, output }: { sent: number; execute: boolean; target: Target; output: Output },
): boolean => {
  const missing = counts[State.NeverPosted] ?? 0;
  const twice = counts[State.PostedTwice] ?? 0;
  const stuck = counts[State.Stuck] ?? 0;
  const letters = counts[State.DeadLettered] ?? 0;
  if (sent > 0) output.text(output.good(`Sent to the uploads queue: the events of ${counted(sent, 'object')}.`));
  else if (missing > 0 && !execute) output.text('Repeat the command with --execute to post those that never were.');
  if (twice > 0) {
    output.text('Posted twice: the same content has several messages in a room; it may also have been uploaded twice.');
  }
  if (stuck > 0) {
    output.text(
      `Pending for too long: is the relay paused (npx relay status ${target.option}), or was the queue purged? Then copy the ` +
        'objects onto themselves, so that S3 sends new events.',
    );
  }
  if (letters > 0) output.text(`Dead letters: npx relay dead-letters list ${target.option}`);
  return twice === 0 && stuck === 0 && (missing === 0 || sent >= missing);
};
