import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import pMap from 'p-map';
import type { Deliver } from './delivery/deliver.ts';
import type { Reject, Rejected } from './delivery/settle.ts';
import type { Task } from './delivery/state.ts';
import { classify } from './domain/failure.ts';
import { type CreatedObject, type ParsedEvent, parseEvent } from './domain/s3-event.ts';
import { countEvent, countOutcome } from './observe/metrics.ts';
import { incidentOf, type Operations } from './observe/operations.ts';
import { logFields, type Outcome } from './outcome.ts';
import type { Pacing } from './pacing/pacing.ts';
import type { Clock, Logger, Metrics, Queues } from './ports.ts';

export interface HandlerDeps {
  readonly deliver: Deliver;
  readonly reject: Reject;
  /** The buckets that the relay was deployed for. Records of other buckets are dead-lettered. */
  readonly buckets: ReadonlySet<string>;
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

/** A message with more rejected records than this becomes one dead letter as a whole. */
const MAX_LETTERS_PER_MESSAGE = 10;

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
  const { objects, rejected } = sortedOut(parsed, record.body, deps.buckets);
  const isUntouched = deps.pacing?.removeSleeper(record).isUntouched ?? false;
  const outcomes: Outcome[] = [];
  let comesBackInMs: number | undefined;
  const comeBack = (delayMs: number) => {
    comesBackInMs = Math.min(comesBackInMs ?? delayMs, delayMs);
  };
  for (const [index, rejection] of rejected.entries()) {
    const outcome = await rejectRecord(deps, record, { ...rejection, index }, invocation);
    if (outcome.kind === 'retrying') comeBack(60_000);
    if (outcome.kind !== 'dead-lettered') continue;
    const { reason, detail } = rejection;
    await deps.operations?.report({ kind: 'dead-lettered', reason, detail }, invocation);
  }
  for (const [index, object] of objects.entries()) {
    const startedAt = deps.clock.now();
    for (const outcome of await deps.deliver(taskOf(record, object, index, invocation, startedAt, isUntouched))) {
      outcomes.push(outcome);
      report(deps, record, object, outcome, startedAt);
      await deps.operations?.report(incidentOf(object, outcome, failedAtOf(record)), invocation);
      if (outcome.kind === 'retrying') comeBack(outcome.delayMs);
    }
  }
  if (comesBackInMs === undefined) return undefined;
  await postpone(deps, record, comesBackInMs);
  if (rejected.length === 0) deps.pacing?.addSleeper(record, outcomes, comesBackInMs);
  return record.messageId;
};

type Rejection = Pick<Rejected, 'eventBody' | 'reason' | 'detail'>;

/** Separates the objects to deliver from the records that can't be delivered. */
const sortedOut = (
  parsed: Exclude<ParsedEvent, { kind: 'ignored' }>,
  body: string,
  buckets: ReadonlySet<string>,
): { readonly objects: readonly CreatedObject[]; readonly rejected: readonly Rejection[] } => {
  if (parsed.kind === 'unreadable') {
    return { objects: [], rejected: [{ eventBody: body, reason: 'UNREADABLE_EVENT', detail: parsed.detail }] };
  }
  const rejected: Rejection[] = [
    ...parsed.unreadable.map((record) => ({ ...record, reason: 'UNREADABLE_EVENT' as const })),
    ...parsed.objects
      .filter(({ bucket }) => !buckets.has(bucket))
      .map(({ bucket, eventBody }) => ({
        eventBody,
        reason: 'UNKNOWN_BUCKET' as const,
        detail: `the relay was not deployed for the bucket ${bucket}`,
      })),
  ];
  const objects = parsed.objects.filter(({ bucket }) => buckets.has(bucket));
  const [first] = rejected;
  if (first === undefined || rejected.length <= MAX_LETTERS_PER_MESSAGE) return { objects, rejected };
  const detail = `${rejected.length} records of the message can't be delivered; of the first one: ${first.detail}`;
  return { objects, rejected: [{ eventBody: body, reason: first.reason, detail }] };
};

const taskOf = (
  record: SQSRecord,
  object: Task['object'],
  index: number,
  invocation: Invocation,
  now: number,
  isUntouched: boolean,
): Task => ({
  object,
  message: { ...messageOf(record, now), isUntouched },
  lease: leaseOf(record, String(index), invocation),
  deadlineAt: invocation.deadlineAt,
  signal: invocation.signal,
});

const messageOf = (record: SQSRecord, now: number): Task['message'] => ({
  receiveCount: Number(record.attributes.ApproximateReceiveCount) || 1,
  sentAt: Number(record.attributes.SentTimestamp) || now,
  failedAt: failedAtOf(record),
  failedRoomId: record.messageAttributes['roomId']?.stringValue,
});

const leaseOf = ({ messageId }: SQSRecord, part: string, invocation: Invocation): Task['lease'] => ({
  owner: `${invocation.id}/${messageId}/${part}`,
  takenAt: invocation.startedAt,
  expiresAt: invocation.leaseExpiresAt,
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

const rejectRecord = async (
  deps: HandlerDeps,
  record: SQSRecord,
  rejection: Rejection & { readonly index: number },
  invocation: Invocation,
): Promise<Outcome> => {
  const { messageId } = record;
  const message = messageOf(record, deps.clock.now());
  const lease = leaseOf(record, `rejected-${rejection.index}`, invocation);
  const outcome = await deps.reject({ ...rejection, messageId, message, lease });
  const { kind, ...rest } = outcome;
  const fields = { outcome: kind, reason: rejection.reason, detail: rejection.detail, messageId };
  if (outcome.kind === 'dead-lettered') {
    deps.logger.error('delivery', { ...fields, attempts: outcome.attempts });
    countEvent(deps.metrics, 'dead-lettered');
  } else if (outcome.kind === 'retrying') {
    deps.logger.error('the dead letter could not be written; the message comes back', { messageId, ...rest });
  }
  return outcome;
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
