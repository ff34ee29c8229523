import type { Circuit } from '../domain/circuit.ts';
import { deliveryId, firstLookDelayMs } from '../domain/delivery.ts';
import { classify, type Failure } from '../domain/failure.ts';
import { suspectLoop } from '../domain/loop-guard.ts';
import { retryDelayMs } from '../domain/retry-delay.ts';
import { isDirectoryMarker, matchRoute, mayFit } from '../domain/route.ts';
import type { CreatedObject } from '../domain/s3-event.ts';
import type { Route } from '../domain/settings.ts';
import { type Outcome, told } from '../outcome.ts';
import type { LimitedCall } from '../pacing/pacer.ts';
import type { Bot, Lease, Logger, Queues, Rooms } from '../ports.ts';
import { type AttemptDeps, attempt, type Delivery, type Progress, takeOver } from './steps.ts';

export interface DeliverDeps extends AttemptDeps {
  readonly bot: Bot;
  readonly rooms: Rooms;
  readonly queues: Queues;
  readonly circuit: Circuit;
  readonly logger: Logger;
}

/** One object, as one SQS message asks for it. */
export interface Task {
  readonly object: CreatedObject;
  readonly message: {
    /** SQS `ApproximateReceiveCount`, 1 the first time. */
    readonly receiveCount: number;
    /** SQS `SentTimestamp`, epoch milliseconds. */
    readonly sentAt: number;
    /** Only on a message that was redriven: when its dead letter was written. */
    readonly failedAt: number | undefined;
    /** It was received before, but nothing was begun then. @default false */
    readonly isUntouched?: boolean;
  };
  readonly lease: Lease;
  readonly deadlineAt: number;
  readonly signal: AbortSignal;
}

export type Deliver = (task: Task) => Promise<Outcome>;

/** SQS forgets a message at the end of its retention; it is moved to the dead-letter queue this much earlier. */
const RETENTION_RESERVE_MS = 3_600_000;

/**
 * Delivers one object: routes it, attempts it, and settles what comes of it. Never throws: whatever happens, the object
 * ends posted, ignored, dead-lettered, or its message comes back.
 */
export const createDeliver = (deps: DeliverDeps): Deliver => {
  const { settings, store, rooms, circuit } = deps;

  return async (task) => {
    const { object, signal } = task;
    if (isDirectoryMarker(object)) return { kind: 'ignored', detail: 'a directory marker' };

    if (!mayFit(settings.routes, object)) return NO_ROUTE;

    let route: Route | undefined;
    try {
      if (await isOwnUpload(deps.bot, object.key)) return LOOP;
      route = await matchRoute(settings.routes, object, () => store.contentType(object, { signal }));
    } catch (error) {
      return settleUnclaimed(deps, task, undefined, classify(error, 'source'));
    }
    if (route === undefined) return NO_ROUTE;

    const known = circuit.admit(route.room);
    if (known !== undefined) return settleUnclaimed(deps, task, route, known);

    let roomId: string;
    try {
      roomId = await rooms.resolve(route.room, route.threadId, { signal });
    } catch (error) {
      const failure = classify(error, 'room');
      circuit.open(route.room, failure);
      return settleUnclaimed(deps, task, route, failure);
    }

    const delivery: Delivery = {
      ...task,
      route,
      roomId,
      id: deliveryId(object, roomId),
      isRepeat:
        (task.message.receiveCount > 1 && task.message.isUntouched !== true) ||
        object.sequencer === undefined ||
        task.message.failedAt !== undefined,
      failedAt: task.message.failedAt,
    };
    return attemptAndSettle(deps, task, delivery);
  };
};

const NO_ROUTE: Outcome = { kind: 'ignored', detail: 'no route fits' };
const LOOP: Outcome = {
  kind: 'ignored',
  detail:
    'the key is that of a file which Rocket.Chat keeps in this bucket; posting it would make another one. ' +
    'Give Rocket.Chat a bucket of its own, or the routes a prefix that leaves its uploads out',
  isLoopSuspected: true,
};

/** Asked of what a route may fit only: a bucket may well be shared with Rocket.Chat by prefixes. */
const isOwnUpload = async (bot: Bot, key: string): Promise<boolean> => {
  const suspicion = suspectLoop(key);
  if (suspicion === undefined) return false;
  return suspicion.isExact || suspicion.uploaderId === (await bot.userId());
};

const attemptAndSettle = async (deps: DeliverDeps, task: Task, delivery: Delivery): Promise<Outcome> => {
  const progress: Progress = {
    step: 'ledger',
    isClaimed: false,
    previous: undefined,
    upload: undefined,
    inDoubt: undefined,
  };
  const { route, roomId } = delivery;
  const { room } = route;
  try {
    const result = await attempt(deps, delivery, progress);
    switch (result.kind) {
      case 'posted': {
        deps.circuit.close(room);
        const { fileId, messageId: chatMessageId, wasFound } = result;
        return { kind: 'posted', room, roomId, fileId, chatMessageId, wasFound, attempts: attemptsOf(progress) };
      }
      case 'duplicate':
        return { kind: 'duplicate', room, roomId, chatMessageId: result.messageId };
      case 'later':
        return await giveBack(deps, task, delivery, progress, result.failure, result.delayMs, false);
      case 'failed':
        return await settle(deps, task, delivery, progress, result.failure);
      default:
        return result satisfies never;
    }
  } catch (error) {
    const failure = classify(error, progress.step);
    if (failure.reason === 'INTERNAL_ERROR') deps.logger.error('unexpected error', { error });
    try {
      return await settle(deps, task, delivery, progress, failure);
    } catch (settleError) {
      // The ledger or the queue can't be reached either. The lease runs out, the message becomes visible again.
      return retrying(
        task,
        progress,
        room,
        classify(settleError, 'ledger'),
        backoffMs(deps, task.message.receiveCount),
      );
    }
  }
};

/** Acts on a failure as its class says. Throws if the ledger or the dead-letter queue can't be written. */
const settle = async (
  deps: DeliverDeps,
  task: Task,
  delivery: Delivery,
  progress: Progress,
  failure: Failure,
): Promise<Outcome> => {
  const { settings, ledger, circuit } = deps;
  const { id, lease, route } = delivery;

  if (failure.kind === 'gone') {
    if (progress.isClaimed) await ledger.record(id, lease.owner, { kind: 'gone', lastError: failure.reason });
    return { kind: 'gone', reason: failure.reason, detail: failure.detail };
  }
  if (failure.kind === 'throttled') {
    return giveBack(deps, task, delivery, progress, failure, throttledMs(deps, progress, failure), false);
  }
  circuit.open(route.room, failure);

  if (!progress.isClaimed) {
    // Failures are counted in the ledger; and whether this object is still to be delivered at all is known only there.
    const claimed = await ledger.claim(id, lease, { failedAt: delivery.failedAt, object: task.object });
    if (claimed.kind === 'ended') {
      return { kind: 'duplicate', room: route.room, roomId: delivery.roomId, chatMessageId: claimed.entry.messageId };
    }
    if (claimed.kind === 'leased') {
      return retrying(task, progress, route.room, failure, backoffMs(deps, task.message.receiveCount));
    }
    takeOver(progress, claimed.previous, lease);
    // An earlier delivery came further than this one knew, and may even have posted: the next receive goes on from there.
    if (claimed.previous !== undefined) {
      return giveBack(deps, task, delivery, progress, failure, backoffMs(deps, 1), false);
    }
  }

  if (failure.kind === 'refused') return deadLetter(deps, task, delivery, progress, failure);
  const tries = (progress.previous?.failures ?? 0) + 1;
  const delayMs =
    progress.inDoubt?.looks === 0 && progress.step === 'confirm'
      ? firstLookDelayMs(settings.confirmAgainAfterSeconds * 1_000)
      : backoffMs(deps, tries);
  const maxTries =
    failure.kind === 'transient' ? (failure.maxTries ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY;
  if (tries >= maxTries || retriedForMs(progress) + delayMs > settings.retryForHours * 3_600_000) {
    return deadLetter(deps, task, delivery, progress, failure);
  }
  return giveBack(deps, task, delivery, progress, failure, delayMs, true);
};

/** Ends the lease and sends the message back to the queue for a while. */
const giveBack = async (
  deps: DeliverDeps,
  task: Task,
  delivery: Delivery,
  progress: Progress,
  failure: Failure,
  delayMs: number,
  failed: boolean,
): Promise<Outcome> => {
  if (outlivesRetention(deps, task, delayMs)) return deadLetter(deps, task, delivery, progress, failure);
  if (progress.isClaimed) {
    await deps.ledger.record(delivery.id, delivery.lease.owner, {
      kind: 'released',
      upload: progress.upload,
      inDoubt: progress.inDoubt,
      failed,
      retriedForMs: retriedForMs(progress) + (failed ? delayMs : 0),
      lastError: failure.reason,
    });
  }
  return retrying(task, progress, delivery.route.room, failure, delayMs);
};

/** Written before the message is deleted, and before the ledger says so: what is repeated after a crash is the letter. */
const deadLetter = async (
  deps: DeliverDeps,
  task: Task,
  delivery: Delivery,
  progress: Progress,
  failure: Failure,
): Promise<Outcome> => {
  const { roomId, route, id, lease } = delivery;
  const failedAt = deps.clock.now();
  const attempts = attemptsOf(progress);
  const { reason, detail, errorType, httpStatus } = failure;
  const body = task.object.eventBody;
  await deps.queues.sendDeadLetter({ body, reason, detail, errorType, httpStatus, roomId, attempts, failedAt });
  if (progress.isClaimed) {
    await deps.ledger.record(id, lease.owner, {
      kind: 'dead-lettered',
      upload: progress.upload,
      inDoubt: progress.inDoubt,
      failedAt,
      lastError: reason,
    });
  }
  return { kind: 'dead-lettered', room: route.room, attempts, ...told(failure) };
};

/** For what fails before there is an entry in the ledger: nothing is counted, only SQS's retention bounds it. */
const settleUnclaimed = async (
  deps: DeliverDeps,
  task: Task,
  route: Route | undefined,
  failure: Failure,
): Promise<Outcome> => {
  if (failure.kind === 'gone') return { kind: 'gone', reason: failure.reason, detail: failure.detail };
  const attempts = task.message.receiveCount;
  const room = route?.room;
  const waitMs = failure.kind === 'throttled' ? (failure.retryAt ?? 0) - deps.clock.now() : 0;
  const delayMs = Math.max(waitMs, 0) + backoffMs(deps, attempts);
  if (failure.kind !== 'refused' && !outlivesRetention(deps, task, delayMs)) {
    return { kind: 'retrying', delayMs, attempts, room, isUntouched: false, ...told(failure) };
  }
  const { reason, detail, errorType, httpStatus } = failure;
  try {
    const failedAt = deps.clock.now();
    await deps.queues.sendDeadLetter({
      body: task.object.eventBody,
      reason,
      detail,
      errorType,
      httpStatus,
      attempts,
      failedAt,
    });
  } catch (error) {
    return { kind: 'retrying', delayMs, attempts, room, isUntouched: false, ...told(classify(error, 'ledger')) };
  }
  return { kind: 'dead-lettered', attempts, room, ...told(failure) };
};

/** The pacer has seen the 429 of the two calls it paces, so it knows whose turn is when; other calls wait as told. */
const throttledMs = (deps: DeliverDeps, { step }: Progress, failure: Failure): number => {
  const told = failure.kind === 'throttled' ? (failure.retryAt ?? 0) - deps.clock.now() : 0;
  if (!isLimitedCall(step)) return Math.max(1_000, told) + Math.round(deps.random() * 1_000);
  return Math.max(1_000, deps.pacer.bookDelayMs(step));
};

const isLimitedCall = (step: string): step is LimitedCall => step === 'media' || step === 'confirm';

const outlivesRetention = ({ clock, settings }: DeliverDeps, { message }: Task, delayMs: number): boolean =>
  clock.now() + delayMs > message.sentAt + settings.queueRetentionDays * 86_400_000 - RETENTION_RESERVE_MS;

const backoffMs = ({ random }: DeliverDeps, attempts: number): number => retryDelayMs(attempts, random());

const retriedForMs = ({ previous }: Progress): number => previous?.retriedForMs ?? 0;
const attemptsOf = ({ previous }: Progress): number => (previous?.attempts ?? 0) + 1;

const retrying = (task: Task, progress: Progress, room: string, failure: Failure, delayMs: number): Outcome => ({
  kind: 'retrying',
  delayMs,
  attempts: Math.max(attemptsOf(progress), task.message.receiveCount),
  room,
  isUntouched: failure.kind === 'throttled' && !progress.isClaimed,
  ...told(failure),
});
