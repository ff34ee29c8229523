import type { Circuit } from '../domain/circuit.ts';
import { firstLookDelayMs } from '../domain/delivery.ts';
import { type Call, classify, type Failure } from '../domain/failure.ts';
import { retryDelayMs } from '../domain/retry-delay.ts';
import { failureFields, type Outcome } from '../outcome.ts';
import type { Queues } from '../ports.ts';
import type { Delivery, Ended, Held, Task } from './state.ts';
import { claimEntry, failed, type StepDeps } from './steps.ts';

export interface SettleDeps extends Omit<StepDeps, 'store' | 'chat'> {
  readonly queues: Queues;
  readonly circuit: Circuit;
}

/** SQS deletes a message at the end of its retention; the relay moves it to the dead-letter queue this much earlier. */
const RETENTION_RESERVE_MS = 3_600_000;

/** Records how the steps of a delivery ended, and decides what happens next. Never throws. */
export const settle = async (deps: SettleDeps, delivery: Delivery, ended: Ended): Promise<Outcome> => {
  const { roomId, route } = delivery;
  const { room } = route;
  if (ended.kind === 'posted') {
    deps.circuit.close(room);
    const { held, fileId, messageId: chatMessageId, wasFound } = ended;
    return { kind: 'posted', room, roomId, fileId, chatMessageId, wasFound, attempts: attemptsOf(held) };
  }
  if (ended.kind === 'duplicate') return duplicate(delivery, ended.messageId);
  const { held, failure } = ended;
  try {
    if (ended.kind === 'failed') return await settleFailure(deps, delivery, ended);
    return await giveBack(deps, delivery, held, failure, { delayMs: ended.delayMs, isFailure: false });
  } catch (error) {
    // No call had failed before: what can't be recorded is settled once more, as a failure of the ledger.
    if (ended.kind === 'waiting' || ended.call === undefined)
      return settle(deps, delivery, failed(deps, held, error, 'ledger'));
    // A failure that can't be recorded: the lease runs out, and the message becomes visible again.
    return retrying(delivery, held, classify(error, 'ledger'), backoffMs(deps, delivery.message.receiveCount));
  }
};

/** Acts on a failure by its class. Throws if the ledger or the dead-letter queue can't be written. */
const settleFailure = async (
  deps: SettleDeps,
  delivery: Delivery,
  { held, failure, call }: Extract<Ended, { kind: 'failed' }>,
): Promise<Outcome> => {
  const { id, lease, route, message } = delivery;
  if (failure.kind === 'gone') {
    if (held.isClaimed) await deps.ledger.record(id, lease.owner, { kind: 'gone', lastError: failure.reason });
    return gone(failure);
  }
  if (failure.kind === 'throttled') {
    const delayMs = throttledMs(deps, failure, call);
    return giveBack(deps, delivery, held, failure, { delayMs, isFailure: false });
  }
  deps.circuit.open(route.room, failure);
  if (held.isClaimed) return countFailure(deps, delivery, held, failure, call);

  // Failures are counted in the ledger, and only the ledger knows whether the object is still to be delivered.
  const claimed = await claimEntry(deps.ledger, delivery, held);
  if (claimed.kind === 'ended') return duplicate(delivery, claimed.entry.messageId);
  if (claimed.kind === 'leased') return retrying(delivery, held, failure, backoffMs(deps, message.receiveCount));
  if (claimed.held.previous === undefined) return countFailure(deps, delivery, claimed.held, failure, call);
  // An earlier delivery got further than this one, and may even have posted: the next receive continues from there.
  return giveBack(deps, delivery, claimed.held, failure, { delayMs: backoffMs(deps, 1), isFailure: false });
};

/** Retries the object, or dead-letters it if it is refused, failed too often or was retried for too long. */
const countFailure = async (
  deps: SettleDeps,
  delivery: Delivery,
  held: Held,
  failure: Failure,
  call: Call | undefined,
): Promise<Outcome> => {
  const { confirmAgainAfterSeconds, retryForHours } = deps.settings;
  if (failure.kind === 'refused') return deadLetter(deps, delivery, held, failure);
  const tries = (held.previous?.failures ?? 0) + 1;
  const isInDoubtNow = call === 'confirm' && held.inDoubt !== undefined;
  const delayMs = isInDoubtNow ? firstLookDelayMs(confirmAgainAfterSeconds * 1_000) : backoffMs(deps, tries);
  const hasTriesLeft = failure.kind !== 'transient' || tries < (failure.maxTries ?? Number.POSITIVE_INFINITY);
  const hasTimeLeft = retriedForMs(held) + delayMs <= retryForHours * 3_600_000;
  if (!hasTriesLeft || !hasTimeLeft) return deadLetter(deps, delivery, held, failure);
  return giveBack(deps, delivery, held, failure, { delayMs, isFailure: true });
};

/** Ends the lease and hides the message for a while. */
const giveBack = async (
  deps: SettleDeps,
  delivery: Delivery,
  held: Held,
  failure: Failure,
  { delayMs, isFailure }: { readonly delayMs: number; readonly isFailure: boolean },
): Promise<Outcome> => {
  if (outlivesRetention(deps, delivery, delayMs)) return deadLetter(deps, delivery, held, failure);
  if (held.isClaimed) {
    await deps.ledger.record(delivery.id, delivery.lease.owner, {
      kind: 'released',
      upload: held.upload,
      inDoubt: held.inDoubt,
      failed: isFailure,
      retriedForMs: retriedForMs(held) + (isFailure ? delayMs : 0),
      lastError: failure.reason,
    });
  }
  return retrying(delivery, held, failure, delayMs);
};

/** Sends the dead letter before the ledger records it: after a crash in between, the letter is repeated, not lost. */
const deadLetter = async (deps: SettleDeps, delivery: Delivery, held: Held, failure: Failure): Promise<Outcome> => {
  const { id, lease, object, roomId, route } = delivery;
  const attempts = attemptsOf(held);
  const failedAt = await sendDeadLetter(deps, object.eventBody, failure, attempts, roomId);
  if (held.isClaimed) {
    const { upload, inDoubt } = held;
    const change = { kind: 'dead-lettered', upload, inDoubt, failedAt, lastError: failure.reason } as const;
    await deps.ledger.record(id, lease.owner, change);
  }
  return { kind: 'dead-lettered', room: route.room, attempts, ...failureFields(failure) };
};

/** Settles what fails before there is a ledger entry: nothing counts the failures, only SQS's retention limits them. */
export const settleUnclaimed = async (
  deps: SettleDeps,
  task: Task,
  room: string | undefined,
  failure: Failure,
): Promise<Outcome> => {
  if (failure.kind === 'gone') return gone(failure);
  const attempts = task.message.receiveCount;
  const waitMs = failure.kind === 'throttled' ? Math.max(0, (failure.retryAt ?? 0) - deps.clock.now()) : 0;
  const delayMs = waitMs + backoffMs(deps, attempts);
  const retryingFor = (cause: Failure): Outcome => ({
    kind: 'retrying',
    delayMs,
    attempts,
    room,
    isUntouched: false,
    ...failureFields(cause),
  });
  if (failure.kind !== 'refused' && !outlivesRetention(deps, task, delayMs)) return retryingFor(failure);
  try {
    await sendDeadLetter(deps, task.object.eventBody, failure, attempts);
  } catch (error) {
    return retryingFor(classify(error, 'queue'));
  }
  return { kind: 'dead-lettered', attempts, room, ...failureFields(failure) };
};

/**
 * Dead-letters an event that can't be read.
 * @returns whether SQS stored the dead letter; otherwise the message must come back
 */
export const settleUnreadable = async (
  deps: Pick<SettleDeps, 'queues' | 'clock' | 'logger'>,
  event: { readonly messageId: string; readonly eventBody: string; readonly detail: string; readonly attempts: number },
): Promise<boolean> => {
  const { messageId, eventBody, detail, attempts } = event;
  try {
    await sendDeadLetter(deps, eventBody, { reason: 'UNREADABLE_EVENT', detail }, attempts);
    return true;
  } catch (error) {
    const failure = classify(error, 'queue');
    deps.logger.error('the dead letter could not be written; the message comes back', { messageId, ...failure });
    return false;
  }
};

/** @returns when the dead letter was written, epoch milliseconds */
const sendDeadLetter = async (
  deps: Pick<SettleDeps, 'queues' | 'clock'>,
  body: string,
  { reason, detail, errorType, httpStatus }: Pick<Failure, 'reason' | 'detail' | 'errorType' | 'httpStatus'>,
  attempts: number,
  roomId?: string,
): Promise<number> => {
  const failedAt = deps.clock.now();
  await deps.queues.sendDeadLetter({ body, reason, detail, errorType, httpStatus, roomId, attempts, failedAt });
  return failedAt;
};

/** The pacer has seen the answer to the two calls that it paces, and books their turn; other calls wait until `retryAt`. */
const throttledMs = ({ clock, random, pacer }: SettleDeps, failure: Failure, call: Call | undefined): number => {
  if (call === 'media' || call === 'confirm') return Math.max(1_000, pacer.bookDelayMs(call));
  const waitMs = failure.kind === 'throttled' ? (failure.retryAt ?? 0) - clock.now() : 0;
  return Math.max(1_000, waitMs) + Math.round(random() * 1_000);
};

const outlivesRetention = ({ clock, settings }: SettleDeps, { message }: Task, delayMs: number): boolean =>
  clock.now() + delayMs > message.sentAt + settings.queueRetentionDays * 86_400_000 - RETENTION_RESERVE_MS;

const backoffMs = ({ random }: SettleDeps, attempts: number): number => retryDelayMs(attempts, random());
const retriedForMs = ({ previous }: Held): number => previous?.retriedForMs ?? 0;
const attemptsOf = ({ previous }: Held): number => (previous?.attempts ?? 0) + 1;

const gone = ({ reason, detail }: Failure): Outcome => ({ kind: 'gone', reason, detail });
const duplicate = ({ route, roomId }: Delivery, chatMessageId: string | undefined): Outcome => ({
  kind: 'duplicate',
  room: route.room,
  roomId,
  chatMessageId,
});
const retrying = (delivery: Delivery, held: Held, failure: Failure, delayMs: number): Outcome => ({
  kind: 'retrying',
  delayMs,
  attempts: Math.max(attemptsOf(held), delivery.message.receiveCount),
  room: delivery.route.room,
  isUntouched: failure.kind === 'throttled' && !held.isClaimed,
  ...failureFields(failure),
});
