import { caption, DEFAULT_CAPTION } from '../domain/caption.ts';
import {
  afterNegativeLook,
  crashes,
  type DeliveryId,
  type Doubt,
  type LedgerEntry,
  MAX_CRASHES,
  nextStep,
  recovered,
  type Upload,
} from '../domain/delivery.ts';
import { CredentialsRenewedError, LedgerError, SourceError } from '../domain/errors.ts';
import { classify, type Failure, isConfirmInDoubt, isWithoutMessage, type Step } from '../domain/failure.ts';
import { fileName, mediaType } from '../domain/object-name.ts';
import { retryDelayMs } from '../domain/retry-delay.ts';
import type { CreatedObject } from '../domain/s3-event.ts';
import type { Route, Settings } from '../domain/settings.ts';
import type { LimitedCall, Pacer } from '../pacing/pacer.ts';
import type { Chat, Clock, Lease, Ledger, ObjectStore, Random } from '../ports.ts';

export interface AttemptDeps {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly random: Random;
  readonly store: ObjectStore;
  readonly chat: Chat;
  readonly ledger: Ledger;
  readonly pacer: Pacer;
}

/** One object on its way to one room. */
export interface Delivery {
  readonly object: CreatedObject;
  readonly route: Route;
  readonly roomId: string;
  readonly id: DeliveryId;
  readonly lease: Lease;
  /** The object may have been delivered before: ask the ledger before anything is sent. */
  readonly isRepeat: boolean;
  /** When its dead letter was written, for a message that was redriven. */
  readonly failedAt: number | undefined;
  /** Nothing new is started after this time (epoch milliseconds); what runs is aborted by the signal. */
  readonly deadlineAt: number;
  readonly signal: AbortSignal;
}

/** Where a delivery stands; what settles its failure starts from here. */
export interface Progress {
  step: Step;
  isClaimed: boolean;
  /** The entry before this claim. */
  previous: LedgerEntry | undefined;
  upload: Upload | undefined;
  inDoubt: Doubt | undefined;
}

export type AttemptResult =
  | {
      readonly kind: 'posted';
      readonly fileId: string;
      readonly messageId: string | undefined;
      readonly wasFound: boolean;
    }
  | { readonly kind: 'duplicate'; readonly messageId: string | undefined }
  | { readonly kind: 'failed'; readonly failure: Failure }
  /** Nothing went wrong, but it is not its turn. */
  | { readonly kind: 'later'; readonly delayMs: number; readonly failure: Failure };

/** What an upload needs at the least, to know whether one that is begun can end: slower servers are given the time of a whole invocation. */
const SLOWEST_BYTES_PER_SECOND = 2 * 1024 ** 2;

/**
 * Takes a delivery as far as it gets: claim, upload, confirm, or a look for the message of a confirm without an answer.
 *
 * The first time, the claim is written together with the finished upload, right before the confirm, which is the point
 * of no return: two ledger writes a message. Whatever may have been delivered before is claimed first.
 * Throws what the ports throw; `progress` then tells how far it came.
 */
export const attempt = async (deps: AttemptDeps, delivery: Delivery, progress: Progress): Promise<AttemptResult> => {
  const { clock, ledger, chat, pacer, settings } = deps;
  const { object, route, roomId, id, lease, signal } = delivery;
  let isOrderChecked = false;
  let isUploadRenewed = false;

  const claim = async (upload: Upload | undefined): Promise<AttemptResult | undefined> => {
    progress.step = 'ledger';
    const claimed = await ledger.claim(id, lease, { upload, failedAt: delivery.failedAt, object });
    if (claimed.kind === 'leased') return later(leasedDelayMs(deps, claimed.until), leased());
    if (claimed.kind === 'ended') return { kind: 'duplicate', messageId: claimed.entry.messageId };
    takeOver(progress, claimed.previous, lease);
    return undefined;
  };

  /** An older version is not posted after a newer one, nor a backfilled object after itself. */
  const endIfSuperseded = async (): Promise<AttemptResult | undefined> => {
    if (isOrderChecked) return undefined;
    isOrderChecked = true;
    progress.step = 'ledger';
    const other = await ledger.findOther(id);
    if (other === undefined) return undefined;
    if (other.kind === 'same') {
      await ledger.record(id, lease.owner, { kind: 'gone', lastError: 'SUPERSEDED' });
      return { kind: 'duplicate', messageId: other.messageId };
    }
    const detail = 'a newer version of the same key was claimed before this one was posted';
    return { kind: 'failed', failure: { kind: 'gone', reason: 'SUPERSEDED', detail } };
  };

  const upload = async (): Promise<AttemptResult | undefined> => {
    if (progress.isClaimed) {
      const ended = await endIfSuperseded();
      if (ended !== undefined) return ended;
    }
    progress.step = 'source';
    if (object.sizeBytes === 0) {
      throw new SourceError('the object is empty, and Rocket.Chat takes no empty files', { code: 'OBJECT_EMPTY' });
    }
    if (!hasTimeFor(object.sizeBytes, delivery, clock.now())) return later(1_000, outOfTime(object.sizeBytes));
    const waitMs = pacer.take('media');
    if (waitMs > 0) return later(waitMs, limited('media'));

    try {
      progress.upload = await sendWithFreshCredentials();
    } catch (error) {
      pacer.giveUp();
      throw error;
    }
    progress.inDoubt = undefined;
    if (!progress.isClaimed) return claim(progress.upload);
    progress.step = 'ledger';
    await ledger.record(id, lease.owner, { kind: 'uploaded', upload: progress.upload });
    return undefined;
  };

  const sendWithFreshCredentials = async (): Promise<Upload> => {
    try {
      return await send();
    } catch (error) {
      if (!(error instanceof CredentialsRenewedError)) throw error;
      return send();
    }
  };

  const send = async (): Promise<Upload> => {
    progress.step = 'source';
    const source = await deps.store.open(object, { signal });
    try {
      progress.step = 'media';
      const name = fileName(object.key);
      const contentType = mediaType(source.contentType, name);
      return await chat.uploadMedia(roomId, { name, contentType, source }, { signal });
    } finally {
      source.close();
    }
  };

  const confirm = async (file: Upload): Promise<AttemptResult> => {
    const ended = await endIfSuperseded();
    if (ended !== undefined) return ended;
    const waitMs = pacer.take('confirm');
    if (waitMs > 0) return later(waitMs, limited('confirm'));
    // After this time the lease could run out under the call, and another delivery confirm as well.
    if (clock.now() >= delivery.deadlineAt) return later(1_000, outOfTime(0));

    progress.step = 'confirm';
    const text = caption(route.caption ?? DEFAULT_CAPTION, object, fileName(object.key));
    progress.inDoubt = { looks: 0 };
    let messageId: string;
    try {
      const target = { roomId, fileId: file.fileId };
      ({ messageId } = await chat.confirmMedia(target, { text, threadId: route.threadId }, { signal }));
    } catch (error) {
      if (!isConfirmInDoubt(error)) progress.inDoubt = undefined;
      // A null in place of the message has marked the file as confirmed all the same: to list it would prove nothing.
      if (isWithoutMessage(error)) progress.upload = undefined;
      const failure = classify(error, 'confirm');
      if (failure.kind !== 'stale-upload') throw error;
      progress.upload = undefined;
      if (isUploadRenewed) return { kind: 'failed', failure: { ...failure, kind: 'transient' } };
      isUploadRenewed = true;
      return (await upload()) ?? (await confirm(uploadOf(progress)));
    }
    return posted(file, messageId, false);
  };

  const posted = async (file: Upload, messageId: string | undefined, wasFound: boolean): Promise<AttemptResult> => {
    progress.step = 'ledger';
    await ledger.record(id, lease.owner, { kind: 'posted', messageId, postedAt: clock.now() });
    return { kind: 'posted', fileId: file.fileId, messageId, wasFound };
  };

  if (delivery.isRepeat) {
    const ended = await claim(undefined);
    if (ended !== undefined) return ended;
    const crashed = comeBackAlone(deps, delivery, progress);
    if (crashed !== undefined) return crashed;
  }

  let next = nextStep(progress, clock.now());
  if (next.kind === 'look') {
    progress.step = 'look';
    const found = await chat.findMessage({ roomId, upload: next.upload }, { signal });
    if (found !== undefined) return posted(next.upload, found.messageId, true);
    const doubt = progress.inDoubt ?? { looks: 0 };
    const then = afterNegativeLook(next.upload, doubt, clock.now(), settings.confirmAgainAfterSeconds * 1_000);
    if (then.kind === 'again') {
      progress.inDoubt = then.doubt;
      return later(then.delayMs, notYetKnown());
    }
    progress.inDoubt = undefined;
    next = then;
  }
  if (next.kind === 'confirm') return confirm(next.upload);
  return (await upload()) ?? (await confirm(uploadOf(progress)));
};

/** Starts from what earlier deliveries have left in the entry. */
export const takeOver = (progress: Progress, previous: LedgerEntry | undefined, lease: Lease): void => {
  progress.isClaimed = true;
  progress.previous = previous;
  if (previous === undefined) return;
  const { upload, inDoubt } = recovered(previous);
  // Our own claim with this very upload, written before its answer was lost: nothing was confirmed since.
  const isOurs = previous.leaseOwner === lease.owner && upload?.fileId === progress.upload?.fileId;
  if (isOurs) return;
  progress.upload = upload ?? progress.upload;
  progress.inDoubt = inDoubt;
};

/**
 * What is left behind by a delivery that died: its object may have been the one that took the process down, so it comes
 * back by itself, apart from the neighbours it was batched with, and after a few times not at all.
 */
const comeBackAlone = ({ random }: AttemptDeps, { lease }: Delivery, progress: Progress): AttemptResult | undefined => {
  const { previous } = progress;
  if (previous === undefined) return undefined;
  const died = crashes(previous);
  const detail = `${died} deliveries of this object died without a word: a crash, a time-out or too little memory`;
  if (died >= MAX_CRASHES) return { kind: 'failed', failure: { kind: 'refused', reason: 'ABANDONED', detail } };
  if (previous.leaseOwner === undefined || previous.leaseOwner === lease.owner) return undefined;
  return later(retryDelayMs(died, random()), { kind: 'transient', reason: 'ABANDONED', detail });
};

const hasTimeFor = (sizeBytes: number, { deadlineAt, lease }: Delivery, now: number): boolean => {
  const leftMs = deadlineAt - now;
  const neededMs = (sizeBytes / SLOWEST_BYTES_PER_SECOND) * 1_000;
  if (leftMs <= 0) return false;
  // An object that no invocation has the time for, by this estimate, is tried by a fresh one all the same.
  return leftMs >= neededMs || now - lease.takenAt < 1_000;
};

const leasedDelayMs = ({ clock, random }: AttemptDeps, until: number): number =>
  Math.min(15 * 60_000, Math.max(1_000, until - clock.now())) + Math.round(random() * 1_000);

const uploadOf = ({ upload }: Progress): Upload => {
  if (upload === undefined) throw new LedgerError('the upload is not there to confirm', { code: 'LEDGER_UNAVAILABLE' });
  return upload;
};

const later = (delayMs: number, failure: Failure): AttemptResult => ({ kind: 'later', delayMs, failure });
const limited = (call: LimitedCall): Failure => ({
  kind: 'throttled',
  reason: 'RATE_LIMITED',
  detail: `waits for its turn under the server's rate limit (rooms.${call === 'media' ? 'media' : 'mediaConfirm'})`,
  retryAt: undefined,
});
const leased = (): Failure => ({
  kind: 'transient',
  reason: 'LEASED',
  detail: 'another delivery of the same object is at work',
});
const notYetKnown = (): Failure => ({
  kind: 'transient',
  reason: 'NOT_POSTED',
  detail: 'a confirm had no answer and the room does not show the message yet; looking again before it is repeated',
});
const outOfTime = (sizeBytes: number): Failure => ({
  kind: 'transient',
  reason: 'OUT_OF_TIME',
  detail: `the invocation has too little time left${sizeBytes > 0 ? ` for ${sizeBytes} bytes` : ''}; a fresh one takes it`,
});
