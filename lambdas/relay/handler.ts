import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import pMap from 'p-map';
import type { Deliver } from './delivery/deliver.ts';
import { settleUnreadable } from './delivery/settle.ts';
import type { Task } from './delivery/state.ts';
import { classify } from './domain/failure.ts';
import { parseEvent } from './domain/s3-event.ts';
import { countEvent, countOutcome } from './observe/metrics.ts';
import { incidentOf, type Operations } from './observe/operations.ts';
import { logFields, type Outcome } from './outcome.ts';
import type { Pacing } from './pacing/pacing.ts';
import type { Clock, Logger, Metrics, Queues } from './ports.ts';

export interface HandlerDeps {
  readonly deliver: Deliver;
  readonly queues: Queues;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Returns a signal that aborts after the delay. */
  readonly abortAfter: (delayMs: number) => AbortSignal;
  /** How many messages of a batch are handled at the same time. */
  readonly filesAtOnce: number;
  /** @default messages that wait for the rate limit are not woken early */
  readonly pacing?: Pacing | undefined;
  /** @default nothing is posted to an operations room */
  readonly operations?: Operations | undefined;
}

/** The time at the end of an invocation that is reserved for recording states. */
const reserveMs = (remainingMs: number): number => Math.min(15_000, remainingMs * 0.2);

/** The difference between the clocks of two processes that a lease allows for. */
const CLOCK_SKEW_MS = 30_000;

export type Handler = (event: SQSEvent, context: Context) => Promise<SQSBatchResponse>;

/** Handles a batch of SQS messages. The messages that must come back are in `batchItemFailures`. */
export const createHandler =
  (deps: HandlerDeps): Handler =>
  async (event, context) => {
    const startedAt = deps.clock.now();
    const remainingMs = context.getRemainingTimeInMillis();
    const budgetMs = remainingMs - reserveMs(remainingMs);
    const invocation: Invocation = {
      id: context.awsRequestId,
      startedAt,
      deadlineAt: startedAt + budgetMs,
      leaseExpiresAt: startedAt + remainingMs + CLOCK_SKEW_MS,
      signal: deps.abortAfter(Math.max(0, Math.floor(budgetMs))),
    };
    await deps.pacing?.beforeBatch();
    const failed = await pMap(event.Records, (record) => handleMessage(deps, record, invocation), {
      concurrency: deps.filesAtOnce,
    });
    await deps.pacing?.afterBatch();
    return { batchItemFailures: failed.filter((id) => id !== undefined).map((itemIdentifier) => ({ itemIdentifier })) };
  };

interface Invocation {
  readonly id: string;
  readonly startedAt: number;
  readonly deadlineAt: number;
  readonly leaseExpiresAt: number;
  readonly signal: AbortSignal;
}

/** @returns the message's id if it must come back */
const handleMessage = async (
  deps: HandlerDeps,
  record: SQSRecord,
  invocation: Invocation,
): Promise<string | undefined> => {
  const parsed = parseEvent(record.body);
  if (parsed.kind === 'ignored') {
    deps.logger.info('event ignored', { messageId: record.messageId, detail: parsed.why });
    countEvent(deps.metrics, 'ignored');
    return undefined;
  }
  const unreadable =
    parsed.kind === 'unreadable' ? [{ eventBody: record.body, detail: parsed.detail }] : parsed.unreadable;
  const objects = parsed.kind === 'unreadable' ? [] : parsed.objects;

  const isUntouched = deps.pacing?.removeSleeper(record).isUntouched ?? false;
  const outcomes: Outcome[] = [];
  let comesBackInMs: number | undefined;
  const comeBack = (delayMs: number) => {
    comesBackInMs = Math.min(comesBackInMs ?? delayMs, delayMs);
  };
  for (const { eventBody, detail } of unreadable) {
    if (!(await deadLetterUnreadable(deps, record, eventBody, detail))) comeBack(60_000);
    else await deps.operations?.tell({ kind: 'dead-lettered', reason: 'UNREADABLE_EVENT', detail }, invocation);
  }
  for (const [index, object] of objects.entries()) {
    const startedAt = deps.clock.now();
    const outcome = await deps.deliver(taskOf(record, object, index, invocation, startedAt, isUntouched));
    outcomes.push(outcome);
    report(deps, record, object, outcome, startedAt);
    await deps.operations?.tell(incidentOf(object, outcome, failedAtOf(record)), invocation);
    if (outcome.kind === 'retrying') comeBack(outcome.delayMs);
  }
  if (comesBackInMs === undefined) return undefined;
  await postpone(deps, record, comesBackInMs);
  if (unreadable.length === 0) deps.pacing?.addSleeper(record, outcomes, comesBackInMs);
  return record.messageId;
};

const taskOf = (
  record: SQSRecord,
  object: Task['object'],
  index: number,
  { id, deadlineAt, leaseExpiresAt, startedAt: takenAt, signal }: Invocation,
  now: number,
  isUntouched: boolean,
): Task => ({
  object,
  message: {
    receiveCount: Number(record.attributes.ApproximateReceiveCount) || 1,
    sentAt: Number(record.attributes.SentTimestamp) || now,
    failedAt: failedAtOf(record),
    isUntouched,
  },
  lease: { owner: `${id}/${record.messageId}/${index}`, takenAt, expiresAt: leaseExpiresAt },
  deadlineAt,
  signal,
});

/** A redriven message keeps the attributes of its dead letter. */
const failedAtOf = (record: SQSRecord): number | undefined => {
  const time = Date.parse(record.messageAttributes['failedAt']?.stringValue ?? '');
  return Number.isNaN(time) ? undefined : time;
};

const report = (
  deps: HandlerDeps,
  record: SQSRecord,
  object: Task['object'],
  outcome: Outcome,
  startedAt: number,
): void => {
  const now = deps.clock.now();
  const ageMs = Math.max(0, now - object.createdAt);
  const latencyMs = outcome.kind === 'posted' ? ageMs : undefined;
  const fields = { ...logFields(object, outcome), messageId: record.messageId, durationMs: now - startedAt, latencyMs };
  if (outcome.kind === 'dead-lettered') deps.logger.error('delivery', fields);
  else if (outcome.kind === 'retrying' || 'isLoopSuspected' in outcome) deps.logger.warn('delivery', fields);
  else deps.logger.info('delivery', fields);
  countOutcome(deps.metrics, outcome, object.sizeBytes, ageMs);
};

const deadLetterUnreadable = async (
  deps: HandlerDeps,
  { messageId, attributes }: SQSRecord,
  eventBody: string,
  detail: string,
): Promise<boolean> => {
  const attempts = Number(attributes.ApproximateReceiveCount) || 1;
  if (!(await settleUnreadable(deps, { messageId, eventBody, detail, attempts }))) return false;
  deps.logger.error('delivery', { outcome: 'dead-lettered', reason: 'UNREADABLE_EVENT', detail, messageId, attempts });
  countEvent(deps.metrics, 'dead-lettered');
  return true;
};

const postpone = async (
  { queues, logger }: HandlerDeps,
  { receiptHandle, messageId }: SQSRecord,
  delayMs: number,
): Promise<void> => {
  try {
    await queues.postpone(receiptHandle, delayMs);
  } catch (error) {
    // The message then comes back when the queue's visibility timeout ends.
    logger.warn('the message could not be postponed', { messageId, detail: classify(error, 'queue').detail });
  }
};
