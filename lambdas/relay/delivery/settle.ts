import type { Circuit } from '../domain/circuit.ts';
import { deliveryId, type FailureCounts, firstLookDelayMs } from '../domain/delivery.ts';
import { LedgerError } from '../domain/errors.ts';
import { type Call, classify, type Failure } from '../domain/failure.ts';
import { retryDelayMs } from '../domain/retry-delay.ts';
import type { RoomEntry } from '../domain/room-entry.ts';
import { leased, outOfTime } from '../domain/wait.ts';
import { failureFields, type Outcome } from '../outcome.ts';
import type { Queues } from '../ports.ts';
import { writeDeadLetter } from './dead-letter.ts';
import { type Addressed, type Delivery, type Ended, type Held, NOTHING_HELD, type Target, type Task } from './state.ts';
import { claimEntry, failed, leaseWaitMs, type StepDeps } from './steps.ts';

export interface SettleDeps extends Omit<StepDeps, 'store' | 'chat' | 'threads' | 'limits' | 'links' | 'notices'> {
  readonly queues: Queues;
  readonly circuit: Circuit;
  /** After how many receives SQS moves a message to the dead-letter queue itself. @default never */
  readonly maxReceiveCount?: number | undefined;
}

/** SQS deletes a message at the end of its retention; the relay moves it to the dead-letter queue this much earlier. */
const RETENTION_RESERVE_MS = 3_600_000;

/** The share of its receives after which the relay dead-letters a message: SQS would move it without a reason. */
const USED_UP_RECEIVES = 0.99;

/** Records how the steps of a delivery ended, and decides what happens next. Never throws. */
export const settle = async (deps: SettleDeps, delivery: Delivery, ended: Ended): Promise<Outcome> => {
  const { roomId, room } = delivery;
  if (ended.kind === 'posted') {
    deps.circuit.close(room);
    const { held, fileId, link, messageId: chatMessageId, wasFound } = ended;
    return { kind: 'posted', room, roomId, fileId, link, chatMessageId, wasFound, attempts: attemptsOf(held) };
  }
  if (ended.kind === 'duplicate') return duplicate(delivery, ended.messageId);
  if (ended.kind === 'ignored') return { kind: 'ignored', detail: ended.detail, room };
  const { held, failure } = ended;
  try {
    if (ended.kind === 'failed') return await settleFailure(deps, delivery, ended);
    return await giveBack(deps, delivery, held, failure, { delayMs: ended.delayMs, isFailure: false });
  } catch (error) {
    // No call had failed before: what can't be recorded is settled once more, as a failure of the ledger.
    if (ended.kind === 'waiting' || ended.call === undefined)
      return settle(deps, delivery, failed(deps, held, error, 'ledger'));
    return settleUnrecorded(deps, delivery, held, error);
  }
};

/** Acts on a failure by its class. Throws if the ledger or the dead-letter queue can't be written. */
const settleFailure = async (
  deps: SettleDeps,
  delivery: Delivery,
  { held, failure, call }: Extract<Ended, { kind: 'failed' }>,
): Promise<Outcome> => {
  const { id, lease, room } = delivery;
  if (failure.kind === 'gone') {
    if (held.isClaimed) await deps.ledger.record(id, lease.owner, { kind: 'gone', lastError: failure.reason });
    return gone(failure);
  }
  if (failure.kind === 'throttled') {
    const delayMs = throttledMs(deps, failure, call);
    return giveBack(deps, delivery, held, failure, { delayMs, isFailure: false });
  }
  deps.circuit.open(room, failure);
  if (held.isClaimed || isEntryInvalid(failure)) return countFailure(deps, delivery, held, failure, call);

  // Failures are counted in the ledger, and only the ledger knows whether the object is still to be delivered.
  const claimed = await claimEntry(deps.ledger, delivery, held);
  if (claimed.kind === 'ended') return duplicate(delivery, claimed.entry.messageId);
  if (claimed.kind === 'leased') return giveBack(deps, delivery, held, failure, receivedAgain(deps, delivery));
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
  const counts = countedIn(held, failure);
  const tries = (held.previous?.failures ?? 0) + 1;
  // A confirm that may have posted starts a new doubt. Other failures keep the doubt of an earlier confirm.
  const isInDoubtNow = call === 'confirm' && held.inDoubt?.looks === 0;
  const delayMs = isInDoubtNow ? firstLookDelayMs(confirmAgainAfterSeconds * 1_000) : backoffMs(deps, tries);
  const maxTries = failure.kind === 'transient' ? failure.maxTries : undefined;
  const hasTriesLeft = maxTries === undefined || (counts[failure.reason] ?? 0) < maxTries;
  const hasTimeLeft = retriedForMs(held) + delayMs <= retryForHours * 3_600_000;
  if (!hasTriesLeft || !hasTimeLeft) return deadLetter(deps, delivery, held, failure);
  return giveBack(deps, delivery, held, failure, { delayMs, isFailure: true });
};

interface GiveBack {
  readonly delayMs: number;
  readonly isFailure: boolean;
}

/** Ends the lease and hides the message for a while, or dead-letters the object if the message will not come back. */
const giveBack = async (
  deps: SettleDeps,
  delivery: Addressed,
  held: Held,
  failure: Failure,
  { delayMs, isFailure }: GiveBack,
): Promise<Outcome> => {
  if (isLastReceive(deps, delivery, delayMs)) return deadLetter(deps, delivery, held, failure);
  return release(deps, delivery, held, failure, { delayMs, isFailure });
};

const release = async (
  deps: SettleDeps,
  delivery: Addressed,
  held: Held,
  failure: Failure,
  { delayMs, isFailure }: GiveBack,
): Promise<Outcome> => {
  const dueAt = delivery.isOneOfSeveral === true ? deps.clock.now() + delayMs : undefined;
  if (held.isClaimed) {
    await deps.ledger.record(delivery.id, delivery.lease.owner, {
      kind: 'released',
      upload: held.upload,
      inDoubt: held.inDoubt,
      failed: isFailure,
      failuresByReason: isFailure ? countedIn(held, failure) : undefined,
      retriedForMs: retriedForMs(held) + (isFailure ? delayMs : 0),
      lastError: failure.reason,
      dueAt,
    });
  }
  return retrying(delivery, held, failure, delayMs);
};

/**
 * Writes a dead letter by way of the ledger, so that an object has one however often its message is received. Throws if
 * the ledger can't be read or written.
 */
const deadLetter = async (deps: SettleDeps, delivery: Addressed, held: Held, failure: Failure): Promise<Outcome> => {
  let owned = held;
  // An invalid entry can't be claimed.
  if (!held.isClaimed && !isEntryInvalid(failure)) {
    const claimed = await claimEntry(deps.ledger, delivery, held);
    if (claimed.kind === 'ended') return duplicate(delivery, claimed.entry.messageId);
    if (claimed.kind === 'claimed') owned = claimed.held;
    else if (!isLastReceive(deps, delivery, 0)) {
      return retrying(delivery, held, leased, leaseWaitMs(claimed.until - deps.clock.now(), deps.random()));
    }
  }
  const attempts = attemptsAt(delivery, held, owned);
  try {
    await writeDeadLetter(deps, delivery, owned, failure, attempts);
  } catch (error) {
    return release(deps, delivery, owned, classify(error, 'queue'), receivedAgain(deps, delivery));
  }
  return deadLettered(delivery, attempts, failure);
};

/** An object waits at least this long for the result of its malware scan. */
const SHORTEST_SCAN_HOURS = 1;

/**
 * Settles what fails before there is a ledger entry. The failures are not counted: `retryForHours` limits the age of
 * the message, unless it has only waited for the rate limit so far.
 */
export const settleUnclaimed = async (
  deps: SettleDeps,
  task: Task,
  target: Target | undefined,
  failure: Failure,
): Promise<Outcome> => {
  if (failure.kind === 'gone') return gone(failure);
  const { message, object } = task;
  const waitMs = failure.kind === 'throttled' ? Math.max(0, (failure.retryAt ?? 0) - deps.clock.now()) : 0;
  const delayMs = waitMs + backoffMs(deps, message.receiveCount);
  const { retryForHours } = deps.settings;
  // A scan takes its time, however short failures are retried.
  const hours = failure.kind === 'awaiting-scan' ? Math.max(SHORTEST_SCAN_HOURS, retryForHours) : retryForHours;
  const isTooOld =
    failure.kind !== 'throttled' &&
    message.isUntouched !== true &&
    deps.clock.now() + delayMs > message.sentAt + hours * 3_600_000;
  // The room's configured name stands for its id, which is not known yet.
  const delivery = { ...task, room: target?.room, id: deliveryId(object, target?.room ?? 'no room') };
  const isOver = failure.kind === 'refused' || isTooOld || isLastReceive(deps, task, delayMs);
  if (!isOver) return retrying(delivery, NOTHING_HELD, failure, delayMs, false);
  return endUnclaimed(deps, delivery, failure);
};

/** The outcome for a room in which an earlier receive of the message has settled the object. */
export const settleBefore = (room: string, { roomId, messageId }: RoomEntry): Outcome => ({
  kind: 'duplicate',
  room,
  roomId,
  chatMessageId: messageId,
});

/**
 * Settles a room whose turn did not come: other rooms have used up the time of the invocation. The next invocation
 * begins with another room.
 */
export const settleOutOfTime = async (deps: SettleDeps, task: Task, { room }: Target): Promise<Outcome> => {
  const delivery = { ...task, room, id: deliveryId(task.object, room) };
  const failure = outOfTime(0);
  if (isLastReceive(deps, task, 1_000)) return endUnclaimed(deps, delivery, failure);
  return retrying(delivery, NOTHING_HELD, failure, 1_000, false);
};

/** A record of a message that can't be delivered: it is unreadable, or names a bucket that is not the relay's. */
export interface Rejected extends Pick<Task, 'message' | 'lease'> {
  readonly messageId: string;
  /** Its place among the rejected records of the message. */
  readonly index: number;
  readonly eventBody: string;
  readonly reason: 'UNREADABLE_EVENT' | 'UNKNOWN_BUCKET';
  readonly detail: string;
}

/** Dead-letters a record that can't be delivered. Never throws. */
export type Reject = (record: Rejected) => Promise<Outcome>;

export const createReject =
  (deps: SettleDeps): Reject =>
  ({ messageId, index, eventBody, reason, detail, message, lease }) => {
    const sequencer = index.toString(16).padStart(8, '0');
    const id = { bucket: 'unreadable', key: messageId, roomId: 'no room', sequencer, eTag: undefined };
    const object = { eventBody, eTag: undefined, sizeBytes: eventBody.length };
    return endUnclaimed(deps, { id, object, message, lease }, { kind: 'refused', reason, detail });
  };

const endUnclaimed = async (deps: SettleDeps, addressed: Addressed, failure: Failure): Promise<Outcome> => {
  try {
    return await deadLetter(deps, addressed, NOTHING_HELD, failure);
  } catch (error) {
    return settleUnrecorded(deps, addressed, NOTHING_HELD, error, failure);
  }
};

/**
 * Settles what the ledger can't record: the lease runs out, and the message becomes visible again. If its entry is
 * invalid, or SQS would delete the message before, it is dead-lettered without the ledger.
 */
const settleUnrecorded = async (
  deps: SettleDeps,
  delivery: Addressed,
  held: Held,
  error: unknown,
  first?: Failure,
): Promise<Outcome> => {
  const cause = classify(error, 'ledger');
  const { delayMs } = receivedAgain(deps, delivery);
  const isLeaseLost = error instanceof LedgerError && error.code === 'LEASE_LOST';
  const isOver = isEntryInvalid(cause) || (!isLeaseLost && isLastReceive(deps, delivery, delayMs));
  if (!isOver) return retrying(delivery, held, cause, delayMs);
  const failure = first ?? cause;
  const attempts = attemptsAt(delivery, held, held);
  try {
    await writeDeadLetter(deps, delivery, { ...held, isClaimed: false }, failure, attempts);
  } catch (unwritten) {
    return retrying(delivery, held, classify(unwritten, 'queue'), delayMs);
  }
  return deadLettered(delivery, attempts, failure);
};

/** The pacer has seen the answer to the two calls that it paces, and books their turn; other calls wait until `retryAt`. */
const throttledMs = ({ clock, random, pacer }: SettleDeps, failure: Failure, call: Call | undefined): number => {
  if (call === 'media' || call === 'confirm') return Math.max(1_000, pacer.bookDelayMs(call));
  const waitMs = failure.kind === 'throttled' ? (failure.retryAt ?? 0) - clock.now() : 0;
  return Math.max(1_000, waitMs) + Math.round(random() * 1_000);
};

/** Whether SQS would delete the message, or move it to the dead-letter queue itself, before or at its next receive. */
const isLastReceive = (
  { clock, settings, maxReceiveCount = Number.POSITIVE_INFINITY }: SettleDeps,
  { message }: Pick<Task, 'message'>,
  delayMs: number,
): boolean =>
  message.receiveCount >= Math.ceil(maxReceiveCount * USED_UP_RECEIVES) ||
  clock.now() + delayMs > message.sentAt + settings.queueRetentionDays * 86_400_000 - RETENTION_RESERVE_MS;

const isEntryInvalid = ({ reason }: Failure): boolean => reason === 'LEDGER_ENTRY_INVALID';

/** The failures of this object by reason, with this one counted. */
const countedIn = ({ previous }: Held, { reason }: Failure): FailureCounts => {
  const counts = previous?.failuresByReason ?? {};
  return { ...counts, [reason]: (counts[reason] ?? 0) + 1 };
};

const backoffMs = ({ random }: SettleDeps, attempts: number): number => retryDelayMs(attempts, random());
const receivedAgain = (deps: SettleDeps, { message }: Pick<Task, 'message'>): GiveBack => ({
  delayMs: backoffMs(deps, message.receiveCount),
  isFailure: false,
});
const retriedForMs = ({ previous }: Held): number => previous?.retriedForMs ?? 0;
const attemptsOf = ({ previous }: Held): number => (previous?.attempts ?? 0) + 1;

/** `held`: before the dead letter; `owned`: with the entry that was claimed for it. */
const attemptsAt = ({ message }: Pick<Task, 'message'>, held: Held, owned: Held): number =>
  held.isClaimed ? attemptsOf(held) : Math.max(attemptsOf(owned), message.receiveCount);

const gone = ({ reason, detail }: Failure): Outcome => ({ kind: 'gone', reason, detail });
const duplicate = ({ room, roomId }: Addressed, chatMessageId: string | undefined): Outcome => ({
  kind: 'duplicate',
  room,
  roomId,
  chatMessageId,
});
const deadLettered = ({ room }: Addressed, attempts: number, failure: Failure): Outcome => ({
  kind: 'dead-lettered',
  room,
  attempts,
  ...failureFields(failure),
});
const retrying = (
  delivery: Addressed,
  held: Held,
  failure: Failure,
  delayMs: number,
  isUntouched = failure.kind === 'throttled' && !held.isClaimed,
): Outcome => ({
  kind: 'retrying',
  delayMs,
  attempts: Math.max(attemptsOf(held), delivery.message.receiveCount),
  room: delivery.room,
  isUntouched,
  ...failureFields(failure),
});
