import { type CommandIo, ExitCode } from '../command.ts';
import { createOutput, type Output } from '../output.ts';
import { createPlan } from '../plan.ts';
import { createProgress } from '../progress.ts';
import { readQueueState } from '../queue/queue-state.ts';
import { commandLine } from '../shell.ts';
import { postingRate } from '../status/posting-rate.ts';
import { surveyColumns } from '../survey/columns.ts';
import { type Counts, countsText, createCounts } from '../survey/counts.ts';
import { createRoomIds, reportUnknownRooms } from '../survey/room-ids.ts';
import { missingObjects, type Surveyed, surveyBucket } from '../survey/survey.ts';
import { findTarget } from '../target/options.ts';
import type { Target } from '../target/target.ts';
import { counted, humanDuration, printable } from '../terminal.ts';
import { createEnqueue } from './enqueue.ts';
import { checkQueueIsEmpty, type Scope, type ScopeOptions, scopeOf } from './scope.ts';

export interface BackfillOptions extends ScopeOptions {
  readonly rate: number;
  readonly limit?: number | undefined;
  readonly execute?: boolean | undefined;
}

/** `relay backfill` @returns the exit code @throws UsageError, CommandError */
export const runBackfill = async (options: BackfillOptions, io: CommandIo): Promise<number> => {
  const { execute = false, limit = Number.POSITIVE_INFINITY, rate } = options;
  const output = createOutput(io, options);
  const target = await findTarget(options, io);
  const now = Date.now();
  const scope = scopeOf(target, options, now);
  await checkQueueIsEmpty(target, options, { execute, output });
  const deadLetters = await readQueueState(target.clients.sqs, target.deadLetterQueueUrl);
  const rooms = createRoomIds(target);
  const counts = createCounts();
  const plan = createPlan(output, surveyColumns);
  const progress = createProgress(io);
  let sent = 0;
  let failed = 0;
  let lastKey = options.startAfter;
  const enqueue = createEnqueue(target, {
    rate,
    signal: io.signal,
    onSent: (count) => progress.add(count),
    onFailed(object, error) {
      failed += 1;
      output.problem(`${printable(object.key)} was not sent: ${error}`);
    },
  });
  try {
    const survey = { ...options, ...scope, now };
    for await (const page of surveyBucket(target, survey, { rooms, deadLetters })) {
      if (io.signal.aborted) break;
      counts.add(page);
      const wanted = missingObjects(page.surveyed).slice(0, limit - (execute ? sent : plan.count));
      if (execute) sent += await enqueue(wanted.map(({ object }) => object));
      else {
        for (const one of wanted) plan.add(one);
        progress.add(page.listed);
      }
      if (io.signal.aborted) break;
      lastKey = page.lastKey;
      if (execute && output.isJson) output.record({ event: 'checkpoint', startAfter: lastKey, sent }, '');
      if ((execute ? sent : plan.count) >= limit) break;
    }
  } catch (error) {
    if (!io.signal.aborted) throw error;
  } finally {
    progress.end();
  }
  reportUnknownRooms(rooms, output);
  if (execute) reportSent({ counts, sent, failed, lastKey }, scope, io, output);
  else await reportPlan(plan, counts, { target, rate, now, output });
  return failed > 0 || io.signal.aborted ? ExitCode.Failed : ExitCode.Done;
};

const reportPlan = async (
  plan: ReturnType<typeof createPlan<Surveyed>>,
  counts: Counts,
  { target, rate, now, output }: { target: Target; rate: number; now: number; output: Output },
): Promise<void> => {
  output.text(countsText(counts));
  const { bestPerSecond } = await postingRate(target, now);
  const enqueueMs = (plan.count / rate) * 1_000;
  const drainMs = bestPerSecond === 0 ? undefined : (plan.count / Math.min(rate, bestPerSecond)) * 1_000;
  if (plan.count > 0) {
    output.record(
      {
        event: 'estimate',
        ...counts.values(),
        enqueueSeconds: Math.ceil(enqueueMs / 1_000),
        drainSeconds: drainMs === undefined ? undefined : Math.ceil(drainMs / 1_000),
      },
      `Sending the events takes ${humanDuration(enqueueMs)} at ${rate}/s. ${
        drainMs === undefined
          ? 'How long posting takes is not known: nothing was posted in the last 24 hours.'
          : `Posting takes about ${humanDuration(drainMs)} at the best rate of the last 24 hours, ${bestPerSecond.toPrecision(2)}/s; new uploads wait among them.`
      }`,
    );
  }
  plan.print({ what: (count) => `${counted(count, 'object')} to post`, execute: false });
};

const reportSent = (
  { counts, sent, failed, lastKey }: { counts: Counts; sent: number; failed: number; lastKey: string | undefined },
  { words }: Scope,
  io: CommandIo,
  output: Output,
): void => {
  output.text(countsText(counts));
  output.record(
    { event: 'done', sent, failed, startAfter: lastKey, stopped: io.signal.aborted, ...counts.values() },
    output.strong(`Sent to the uploads queue: the events of ${counted(sent, 'object')}.`),
  );
  if (!io.signal.aborted) return;
  const after = lastKey === undefined ? [] : ['--start-after', lastKey];
  output.problem(`Stopped. Go on with:\n${commandLine('npx', 'relay', 'backfill', ...words, ...after, '--execute')}`);
};
