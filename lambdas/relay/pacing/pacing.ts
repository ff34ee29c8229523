import type { SQSRecord } from 'aws-lambda';
import { classify } from '../domain/failure.ts';
import { Metric } from '../names.ts';
import type { Outcome } from '../outcome.ts';
import type { Backlog, Clock, Logger, Metrics } from '../ports.ts';
import type { Pacer } from './pacer.ts';
import { createSleepers } from './sleepers.ts';

export interface PacingDeps {
  readonly pacer: Pick<Pacer, 'countToWake' | 'releasePlaces' | 'drainMs'>;
  readonly backlog: Backlog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** What the handler does for the rate limit around a batch (see pacer.ts). Without a limit it calls no AWS service. */
export interface Pacing {
  /** Every five minutes while there is a limit: reads the depth of the queue and reports the expected drain time. */
  beforeBatch(): Promise<void>;
  /** A message was received. Untouched: it has only slept since its first receive, and this process put it to sleep. */
  removeSleeper(record: SQSRecord): { readonly isUntouched: boolean };
  /** A message was postponed. It is remembered if all of its objects wait for the rate limit or are settled. */
  addSleeper(record: SQSRecord, outcomes: readonly Outcome[], delayMs: number): void;
  /** Wakes sleepers early for calls that are left: the limit was raised or lifted, or a window would not be used up. */
  afterBatch(): Promise<void>;
}

const READ_EVERY_MS = 5 * 60_000;
/** A hundred calls of ChangeMessageVisibilityBatch; the next invocation wakes more. */
const MOST_WOKEN_AT_ONCE = 1_000;

export const createPacing = ({ pacer, backlog, clock, logger, metrics }: PacingDeps): Pacing => {
  const sleepers = createSleepers(clock);
  let readAt = Number.NEGATIVE_INFINITY;

  return {
    async beforeBatch() {
      if (pacer.drainMs(1) === 0 || clock.now() < readAt + READ_EVERY_MS) return;
      readAt = clock.now();
      try {
        const { visible, inFlight } = await backlog.read();
        metrics.add(Metric.ExpectedDrainTime, Math.ceil(pacer.drainMs(visible + inFlight) / 1_000));
      } catch (error) {
        logger.warn('the depth of the queue could not be read', { detail: classify(error, 'ledger').detail });
      }
    },

    removeSleeper: ({ messageId, attributes }) =>
      sleepers.remove(messageId, Number(attributes.ApproximateReceiveCount)),

    addSleeper({ messageId, receiptHandle, attributes }, outcomes, delayMs) {
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

    async afterBatch() {
      const woken = sleepers.wake(Math.min(MOST_WOKEN_AT_ONCE, pacer.countToWake(sleepers.dueBy)));
      if (woken.length === 0) return;
      pacer.releasePlaces(woken.length);
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
