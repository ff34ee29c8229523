import type { SQSRecord } from 'aws-lambda';
import { classify } from '../domain/failure.ts';
import { Metric } from '../names.ts';
import type { Outcome } from '../outcome.ts';
import type { Backlog, Clock, Logger, Metrics } from '../ports.ts';
import type { Pacer } from './pacer.ts';
import { createSleepers } from './sleepers.ts';

export interface PacingDeps {
  readonly pacer: Pick<Pacer, 'room' | 'bringForward' | 'knowAsleep' | 'drainMs'>;
  readonly backlog: Backlog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** What a rate limit asks of the handler, around its deliveries. Without a limit none of it makes a call. */
export interface Pacing {
  /** Now and then, while messages wait: looks how many there are. */
  begin(messages: number): Promise<void>;
  /** Whether a message that was received before is still as new: it only ever waited, and here. */
  removeSleeper(record: SQSRecord): { readonly isUntouched: boolean };
  /** A message was sent back to wait; its objects' outcomes tell what for. */
  slept(record: SQSRecord, outcomes: readonly Outcome[], delayMs: number): void;
  /** Wakes messages for which there is room already: the limit was raised or lifted, or others have left some over. */
  end(): Promise<void>;
}

/** `GetQueueAttributes` is called no more often. */
const READ_EVERY_MS = 5 * 60_000;
/** A hundred calls of ChangeMessageVisibilityBatch; the next invocation wakes more. */
const MOST_WOKEN_AT_ONCE = 1_000;

export const createPacing = ({ pacer, backlog, clock, logger, metrics }: PacingDeps): Pacing => {
  const sleepers = createSleepers(clock);
  let readAt = Number.NEGATIVE_INFINITY;

  const read = async (inHand: number): Promise<void> => {
    try {
      const { visible, inFlight } = await backlog.read();
      pacer.knowAsleep(inFlight - inHand);
      metrics.add(Metric.ExpectedDrainTime, Math.ceil(pacer.drainMs(visible + inFlight) / 1_000));
    } catch (error) {
      // Then it is planned without: messages of other processes are met when they wake.
      logger.warn('the depth of the queue could not be read', { detail: classify(error, 'ledger').detail });
    }
  };

  return {
    async begin(messages) {
      if (pacer.drainMs(1) === 0 || clock.now() < readAt + READ_EVERY_MS) return;
      readAt = clock.now();
      await read(messages);
    },

    removeSleeper: ({ messageId, attributes }) =>
      sleepers.remove(messageId, Number(attributes.ApproximateReceiveCount)),

    slept({ messageId, receiptHandle, attributes }, outcomes, delayMs) {
      const waiting = outcomes.filter((outcome) => outcome.kind === 'retrying');
      if (waiting.length === 0 || !waiting.every(({ failureKind }) => failureKind === 'throttled')) return;
      sleepers.add({
        messageId,
        receiptHandle,
        receiveCount: Number(attributes.ApproximateReceiveCount),
        wakesAt: clock.now() + delayMs,
        isUntouched: waiting.length === outcomes.length && waiting.every(({ isUntouched }) => isUntouched),
      });
    },

    async end() {
      const woken = sleepers.wake(Math.min(MOST_WOKEN_AT_ONCE, pacer.room()));
      if (woken.length === 0) return;
      pacer.bringForward(woken.map(({ wakesAt }) => wakesAt));
      try {
        await backlog.wake(woken.map(({ receiptHandle }) => receiptHandle));
      } catch (error) {
        logger.warn('messages could not be woken; they wake at their own time', {
          messages: woken.length,
          detail: classify(error, 'ledger').detail,
        });
      }
    },
  };
};
