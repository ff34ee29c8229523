import { type CommandIo, ExitCode } from '../command.ts';
import { createOutput } from '../output.ts';
import { oldestMessageAgeMs } from '../queue/oldest-message.ts';
import { readQueueState } from '../queue/queue-state.ts';
import { findTarget, type TargetOptions } from '../target/options.ts';
import { humanDuration } from '../terminal.ts';
import { setMapping } from './mapping.ts';
import { safetyOf } from './safe-until.ts';

/** `relay pause` and `relay resume` @returns the exit code @throws CommandError */
export const switchMapping = async (isEnabled: boolean, options: TargetOptions, io: CommandIo): Promise<number> => {
  const output = createOutput(io, options);
  const target = await findTarget(options, io);
  await setMapping(target, isEnabled, io.signal);
  const queue = await readQueueState(target.clients.sqs, target.queueUrl);
  const now = Date.now();
  const waiting = queue.visible + queue.delayed + queue.inFlight;
  const ageMs =
    target.stack === undefined ? undefined : await oldestMessageAgeMs(target.clients.cloudWatch, queue.name, now);
  const safety = safetyOf(queue.retentionMs, ageMs ?? 0, now);
  const until = new Date(safety.until).toISOString();
  const record = {
    event: isEnabled ? 'resumed' : 'paused',
    waiting,
    oldestAgeSeconds: ageMs === undefined ? undefined : Math.round(ageMs / 1_000),
    retentionSeconds: queue.retentionMs / 1_000,
    safeUntil: isEnabled ? undefined : until,
    isNear: isEnabled ? undefined : safety.isNear,
  };
  const messages = `${waiting} messages wait (SQS counts them approximately)`;
  if (isEnabled) {
    output.record(
      record,
      `${output.good('resumed')}  ${messages} and are posted now: see relay status ${target.option}.`,
    );
    return ExitCode.Done;
  }
  const age =
    ageMs === undefined
      ? target.stack === undefined
        ? 'The age of the oldest is not known: the embedded SQS has no metrics.'
        : 'CloudWatch has no age of the oldest yet.'
      : `The oldest is ${humanDuration(ageMs)} old.`;
  const left = `SQS deletes a message after ${humanDuration(queue.retentionMs)}`;
  const safe =
    ageMs === undefined
      ? `${left}: what is uploaded from now on is safe until ${until}, what waits already is deleted earlier.`
      : `${left}: nothing is lost before ${until}, in ${humanDuration(safety.leftMs)}.`;
  output.record(
    record,
    `${output.warn('paused')}  ${messages}. ${age}\n${safety.isNear ? output.bad(safe) : safe}\n` +
      `Go on with: npx relay resume ${target.option}`,
  );
  if (safety.isNear) {
    output.problem(
      `Resume soon: the relay moves a message to the dead-letter queue before SQS deletes it, but only while it is not paused.`,
    );
  }
  return ExitCode.Done;
};
