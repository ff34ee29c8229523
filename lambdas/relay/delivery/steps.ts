import { caption, DEFAULT_CAPTION } from '../domain/caption.ts';
import type { LedgerEntry, LinkReason, Upload } from '../domain/delivery.ts';
import {
  afterConfirmInDoubt,
  afterDrop,
  afterNegativeLook,
  crashes,
  fileState,
  MAX_CRASHES,
  recovered,
} from '../domain/delivery.ts';
import { CredentialsRenewedError } from '../domain/errors.ts';
import { type Call, classify, type Failure, isConfirmInDoubt, isWithoutMessage } from '../domain/failure.ts';
import { isLinkable, linkKey, linkReasonOf } from '../domain/link.ts';
import { fileName, mediaType } from '../domain/object-name.ts';
import { LONGEST_RETRY_DELAY_MS, retryDelayMs } from '../domain/retry-delay.ts';
import type { Settings } from '../domain/settings.ts';
import { dropped, leased, leasedTooLong, limited, notDue, notFoundYet, outOfTime } from '../domain/wait.ts';
import type { Pacer } from '../pacing/pacer.ts';
import type {
  Chat,
  Claim,
  Clock,
  Lease,
  Ledger,
  Limits,
  Links,
  Logger,
  Notices,
  ObjectStore,
  Random,
  Threads,
} from '../ports.ts';
import { linkMessage } from './link-message.ts';
import { refusalBefore, refusalByServer } from './refusal.ts';
import type { Addressed, Delivery, Ended, Held, State, StateOf } from './state.ts';
import { threadOf } from './thread.ts';
import { checkOrder } from './versions.ts';

/**
 * The steps of a delivery: `claim`, `upload`, `look` and `confirm`. Each starts from a state of the diagram in
 * docs/guarantee.md and returns the next state or how the delivery ended. A step never throws.
 *
 * A first delivery claims together with the finished upload, right before the confirm: two ledger writes for a message.
 * A delivery that may be a repeat claims before anything is sent.
 */
export interface StepDeps {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly random: Random;
  readonly store: ObjectStore;
  readonly chat: Chat;
  readonly limits: Limits;
  readonly links: Links;
  readonly notices: Notices;
  readonly threads: Threads;
  readonly ledger: Ledger;
  readonly pacer: Pacer;
  readonly logger: Logger;
}

/** Makes a step of its body: what the body throws is a failure of the given call, with what was held at the start. */
const step =
  <From extends { readonly held: Held }>(
    call: Call,
    run: (deps: StepDeps, delivery: Delivery, from: From) => Promise<State | Ended>,
  ) =>
  async (deps: StepDeps, delivery: Delivery, from: From): Promise<State | Ended> => {
    try {
      return await run(deps, delivery, from);
    } catch (error) {
      return failed(deps, from.held, error, call);
    }
  };

/** Takes the entry before anything is sent. */
export const claim = step('ledger', async (deps, delivery, { held }) => {
  const claimed = await claimEntry(deps.ledger, delivery, held);
  if (claimed.kind !== 'claimed') return notClaimed(deps, held, claimed);
  const taken = claimed.held;
  const early = comeBackAlone(deps, delivery, taken) ?? comeBackWhenDue(deps, delivery, taken);
  return early ?? { ...fileState(taken, deps.clock.now()), held: taken };
});

/** Stores the file at the chat server, and records the upload in the ledger. */
export const upload = step<StateOf<'uploading'>>('source', async (deps, delivery, { held }) => {
  const { clock, pacer } = deps;
  const { object } = delivery;
  // The order is known only to the holder of the entry; an unclaimed delivery checks it before the confirm.
  const order = held.isClaimed ? await checkOrder(deps, delivery, held) : ({ kind: 'next', held } as const);
  if (order.kind !== 'next') return order;
  const ready = order.held;
  const refusal = await refusalBefore(deps.limits, delivery);
  if (refusal !== undefined) return linkOrFail(deps, delivery, ready, refusal);
  if (!hasTimeFor(object.sizeBytes, delivery, clock.now())) return waiting(ready, 1_000, outOfTime(object.sizeBytes));
  const waitMs = pacer.take('media');
  if (waitMs > 0) return waiting(ready, waitMs, limited('media'));

  let file: Upload;
  try {
    file = await sendWithFreshCredentials(deps, delivery);
  } catch (error) {
    pacer.giveUp();
    return linkOrFail(deps, delivery, ready, error);
  }
  return recordUpload(deps, delivery, { held: { ...ready, upload: file, inDoubt: undefined }, upload: file });
});

/** A file that the server refuses is replaced by a link, if the route has one. */
const linkOrFail = (deps: StepDeps, delivery: Delivery, held: Held, error: unknown): Promise<State | Ended> | Ended => {
  const ended = failed(deps, held, error, 'media');
  const link = ended.kind === 'failed' ? linkReasonOf(ended.failure) : undefined;
  if (ended.kind !== 'failed' || link === undefined || delivery.route.link === undefined) return ended;
  if (!isLinkable(delivery.object.key)) {
    const detail = `${ended.failure.detail}; no link can be posted, because browsers remove "." and ".." from its path`;
    return { ...ended, failure: { ...ended.failure, detail } };
  }
  const now = deps.clock.now();
  const file: Upload = { fileId: 'link', uploadedAt: now, sentAt: now, link };
  return recordUpload(deps, delivery, { held: { ...held, upload: file, inDoubt: undefined }, upload: file });
};

const recordUpload = step<{ held: Held; upload: Upload }>('ledger', async (deps, delivery, { held, upload: file }) => {
  const { ledger } = deps;
  const { id, lease, object } = delivery;
  if (held.isClaimed) {
    await ledger.record(id, lease.owner, { kind: 'uploaded', upload: file });
    return { kind: 'uploaded', held, upload: file };
  }
  const claimed = await ledger.claimUploaded(id, lease, { object, room: delivery.room, upload: file });
  if (claimed.kind !== 'claimed') return notClaimed(deps, held, claimed);
  const taken = takeOver(held, claimed.previous, lease);
  return { kind: 'uploaded', held: taken, upload: taken.upload ?? file };
});

/** Searches the room for the message of a confirm without an answer. */
export const look = step<StateOf<'in-doubt'>>('look', async (deps, delivery, { held, upload: file, inDoubt }) => {
  const { chat, clock, settings } = deps;
  const { roomId, signal } = delivery;
  const askedAt = clock.now();
  const found = await chat.findMessage({ roomId, upload: file }, { signal });
  if (found !== undefined) return recordPosted(deps, delivery, { held, upload: file, ...found, wasFound: true });
  const times = { askedAt, answeredAt: clock.now() };
  const negative = afterNegativeLook(file, inDoubt, times, settings.confirmAgainAfterSeconds * 1_000);
  // The doubt is kept until the upload is confirmed or replaced: a delivery that has to wait before that looks again.
  const looked: Held = { ...held, inDoubt: negative.inDoubt };
  if (negative.next.kind === 'look-again') return waiting(looked, negative.next.delayMs, notFoundYet);
  if (negative.next.kind === 'dropped') return { kind: 'failed', held: looked, failure: dropped };
  return { ...negative.next, held: looked };
});

/** Posts the message. After the call is sent, only its answer or a look tells whether the message exists. */
export const confirm = step<StateOf<'uploaded'>>('ledger', async (deps, delivery, { held, upload: file }) => {
  const { chat, clock, pacer } = deps;
  const { object, route, roomId, signal } = delivery;
  const order = await checkOrder(deps, delivery, held);
  if (order.kind !== 'next') return order;
  let threadId: string | undefined;
  try {
    threadId = await threadOf(deps.threads, delivery, order.held.parent);
  } catch (error) {
    return failed(deps, order.held, error, 'thread');
  }
  const ready: Held = { ...order.held, threadId };
  if (file.link !== undefined) return postLink(deps, delivery, { held: ready, upload: file, reason: file.link });
  const waitMs = pacer.take('confirm');
  if (waitMs > 0) return waiting(ready, waitMs, limited('confirm'));
  // After the deadline the lease could run out during the call, and another delivery could confirm as well.
  if (clock.now() >= delivery.deadlineAt) return waiting(ready, 1_000, outOfTime(0));

  const text = caption(route.caption ?? DEFAULT_CAPTION, object, fileName(object.key));
  let messageId: string;
  try {
    const target = { roomId, fileId: file.fileId };
    ({ messageId } = await chat.confirmMedia(target, { text, threadId }, { signal }));
  } catch (error) {
    return afterFailedConfirm(deps, ready, error);
  }
  // Until the ledger has the message, the upload counts as in doubt.
  const posted = { ...ready, inDoubt: afterConfirmInDoubt(held.inDoubt) };
  return recordPosted(deps, delivery, { held: posted, upload: file, messageId, wasFound: false });
});

/** Posts a link in place of the file. The server inserts the message once, however often this is repeated. */
const postLink = step<{ readonly held: Held; readonly upload: Upload; readonly reason: LinkReason }>(
  'link',
  async (deps, delivery, { held, upload: file, reason }) => {
    const { object, route, roomId, id, signal } = delivery;
    // After the deadline the lease could run out during the call.
    if (deps.clock.now() >= delivery.deadlineAt) return waiting(held, 1_000, outOfTime(0));
    const text = await linkMessage(deps, delivery, {
      reason,
      caption: () => caption(route.caption ?? DEFAULT_CAPTION, object, fileName(object.key)),
    });
    const notice = { key: linkKey(id), text, threadId: held.threadId };
    const { messageId } = await deps.notices.post(roomId, notice, { signal });
    return recordPosted(deps, delivery, { held, upload: file, messageId, wasFound: false });
  },
);

const afterFailedConfirm = (deps: StepDeps, held: Held, error: unknown): State | Ended => {
  const failure = classify(error, 'confirm');
  if (failure.kind === 'stale-upload') {
    const expired: Held = { ...held, upload: undefined, inDoubt: undefined, isUploadRenewed: true };
    if (!held.isUploadRenewed) return { kind: 'uploading', held: expired };
    return { kind: 'failed', held: expired, failure: { ...failure, kind: 'transient' } };
  }
  // The server reads the message back after the insert: `message: null` can also come from a replica that lags behind.
  if (isWithoutMessage(error)) return failed(deps, { ...held, inDoubt: afterDrop(held.inDoubt) }, error, 'confirm');
  // A confirm that certainly posted nothing does not settle the doubt about an earlier one.
  const inDoubt = isConfirmInDoubt(error) ? afterConfirmInDoubt(held.inDoubt) : held.inDoubt;
  return failed(deps, { ...held, inDoubt }, error, 'confirm');
};

interface Found {
  readonly held: Held;
  readonly upload: Upload;
  readonly messageId: string;
  readonly wasFound: boolean;
}
const recordPosted = step<Found>('ledger', async ({ ledger, clock }, { id, lease }, { upload: file, ...found }) => {
  const { messageId, held } = found;
  const { threadId } = held;
  await ledger.record(id, lease.owner, { kind: 'posted', messageId, postedAt: clock.now(), threadId });
  return { kind: 'posted', fileId: file.fileId, link: file.link, ...found };
});

const sendWithFreshCredentials = async (deps: StepDeps, delivery: Delivery): Promise<Upload> => {
  try {
    return await send(deps, delivery);
  } catch (error) {
    if (!(error instanceof CredentialsRenewedError)) throw error;
    return send(deps, delivery);
  }
};

const send = async (deps: StepDeps, delivery: Delivery): Promise<Upload> => {
  const { store, chat, clock } = deps;
  const { object, roomId, signal } = delivery;
  const source = await store.open(object, { signal });
  try {
    const name = fileName(object.key);
    const contentType = mediaType(source.contentType, name);
    const refusal = await refusalByServer(deps.limits, delivery, { name, sizeBytes: source.sizeBytes, contentType });
    if (refusal !== undefined) throw refusal;
    const sentAt = clock.now();
    const file = await chat.uploadMedia(roomId, { name, contentType, source }, { signal });
    return { ...file, sentAt };
  } finally {
    source.close();
  }
};

/**
 * Claims the entry and takes over what it holds.
 * @throws LedgerError LEDGER_UNAVAILABLE
 */
export const claimEntry = async (
  ledger: Ledger,
  { id, lease, object, message, room, roomId }: Addressed,
  held: Held,
): Promise<{ readonly kind: 'claimed'; readonly held: Held } | NotClaimed> => {
  // A redriven dead letter stands for its own room only: the letter of another room is redriven by itself.
  const isItsLetter = message.failedRoomId === undefined || message.failedRoomId === roomId;
  const failedAt = isItsLetter ? message.failedAt : undefined;
  const claimed = await ledger.claim(id, lease, { object, room, failedAt });
  if (claimed.kind !== 'claimed') return claimed;
  return { kind: 'claimed', held: takeOver(held, claimed.previous, lease) };
};

type NotClaimed = Exclude<Claim, { kind: 'claimed' }>;

const notClaimed = ({ clock, random }: StepDeps, held: Held, claimed: NotClaimed): Ended => {
  if (claimed.kind === 'ended') return { kind: 'duplicate', messageId: claimed.entry.messageId };
  const leftMs = claimed.until - clock.now();
  if (leftMs > LONGEST_LEASE_MS) return { kind: 'failed', held, failure: leasedTooLong };
  return waiting(held, leaseWaitMs(leftMs, random()), leased);
};

/** A lease ends with its invocation, after at most 15 minutes. The rest allows for clocks that differ. */
const LONGEST_LEASE_MS = 3_600_000;

/** @param leftMs how long the lease lasts; a delivery that died may leave one that has run out */
export const leaseWaitMs = (leftMs: number, random: number): number =>
  Math.min(15 * 60_000, Math.max(1_000, leftMs)) + Math.round(random * 1_000);

/** What is held after a claim: what earlier deliveries left in the entry comes first. */
const takeOver = (held: Held, previous: LedgerEntry | undefined, lease: Lease): Held => {
  const claimed = { ...held, isClaimed: true, previous };
  if (previous === undefined) return claimed;
  const left = recovered(previous);
  // This delivery wrote the claim with the same upload before, and the answer was lost: nothing was confirmed since.
  const isOwn = previous.leaseOwner === lease.owner && left.upload?.fileId === held.upload?.fileId;
  return isOwn ? claimed : { ...claimed, upload: left.upload ?? held.upload, inDoubt: left.inDoubt };
};

/**
 * After a delivery that died, the object may have ended the process. Its message gets a separate delay, apart from the
 * messages of the same batch, and after too many deaths the object is dead-lettered. An upload in doubt is not: a look
 * does not read the object, and finds the message that may exist.
 */
const comeBackAlone = ({ random }: StepDeps, { lease }: Delivery, held: Held): Ended | undefined => {
  const { previous } = held;
  if (previous === undefined) return undefined;
  const died = crashes(previous);
  const detail = `${died} deliveries of this object ended without a result: a crash, a time-out or too little memory`;
  if (died >= MAX_CRASHES && held.inDoubt === undefined) {
    return { kind: 'failed', held, failure: { kind: 'refused', reason: 'ABANDONED', detail } };
  }
  if (previous.leaseOwner === undefined || previous.leaseOwner === lease.owner) return undefined;
  return waiting(held, retryDelayMs(died, random()), { kind: 'transient', reason: 'ABANDONED', detail });
};

/**
 * The message came back for another of its rooms, before this one is due. Tried now, its failures would use up its
 * tries and its time at the pace of the other room.
 */
const comeBackWhenDue = ({ clock }: StepDeps, { isOneOfSeveral }: Delivery, held: Held): Ended | undefined => {
  const leftMs = (held.previous?.dueAt ?? 0) - clock.now();
  // SQS rounds to whole seconds.
  if (!isOneOfSeveral || leftMs <= 1_000) return undefined;
  return waiting(held, Math.min(leftMs, LONGEST_RETRY_DELAY_MS), notDue);
};

/** The slowest upload that is expected to end. Slower servers are given the time of a whole invocation. */
const SLOWEST_BYTES_PER_SECOND = 2 * 1024 ** 2;

const hasTimeFor = (sizeBytes: number, { deadlineAt, lease }: Delivery, now: number): boolean => {
  const leftMs = deadlineAt - now;
  const neededMs = (sizeBytes / SLOWEST_BYTES_PER_SECOND) * 1_000;
  if (leftMs <= 0) return false;
  // An object that is too large for any invocation by this estimate is tried by an invocation that has just begun.
  return leftMs >= neededMs || now - lease.takenAt < 1_000;
};

export const failed = ({ logger }: Pick<StepDeps, 'logger'>, held: Held, error: unknown, call: Call): Ended => {
  const failure = classify(error, call);
  if (failure.reason === 'INTERNAL_ERROR') logger.error('unexpected error', { error });
  return { kind: 'failed', held, failure, call };
};

const waiting = (held: Held, delayMs: number, failure: Failure): Ended => ({ kind: 'waiting', held, failure, delayMs });
