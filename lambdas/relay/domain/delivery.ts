import type { CreatedObject } from './s3-event.ts';

/** Identifies an object version in a room; the key of a ledger entry. */
export interface DeliveryId {
  readonly bucket: string;
  readonly key: string;
  readonly roomId: string;
  /** Orders the versions of a key; `undefined` in backfilled events, which are identified by their eTag. */
  readonly sequencer: string | undefined;
  readonly eTag: string | undefined;
}

export const deliveryId = (object: CreatedObject, roomId: string): DeliveryId => ({
  bucket: object.bucket,
  key: object.key,
  roomId,
  sequencer: object.sequencer,
  eTag: object.eTag,
});

/** Why a link is posted in place of a file. */
export type LinkReason = 'FILE_TOO_LARGE' | 'MEDIA_TYPE_REFUSED' | 'EMPTY_FILE';

/**
 * A file that the chat server has stored and for which no message is known yet; or a file that it refuses, and in whose
 * place a link is posted.
 */
export interface Upload {
  /** Of a link: `link`. */
  readonly fileId: string;
  /**
   * Set if a link is posted. It stays set when the server would accept the file later: the link may have been posted, and
   * only the link can be posted again without a second message.
   */
  readonly link?: LinkReason | undefined;
  /** The time of the upload by the server's clock, epoch milliseconds. */
  readonly uploadedAt: number;
  /** The time before the upload by the function's clock, epoch milliseconds. Absent in items of earlier versions. */
  readonly sentAt?: number | undefined;
}

export const Status = {
  Claimed: 'claimed',
  Uploaded: 'uploaded',
  Posted: 'posted',
  DeadLettered: 'dead-lettered',
  Gone: 'gone',
} as const;
export type Status = (typeof Status)[keyof typeof Status];

export interface LedgerEntry {
  readonly status: Status;
  /** Set while a delivery works on the entry. It stays set if that delivery dies. */
  readonly leaseOwner?: string | undefined;
  readonly leaseExpiresAt?: number | undefined;
  readonly upload?: Upload | undefined;
  readonly messageId?: string | undefined;
  readonly postedAt?: number | undefined;
  /** When the object was dead-lettered, epoch milliseconds. */
  readonly failedAt?: number | undefined;
  /** How often the entry was claimed. */
  readonly attempts: number;
  /** How often a claim was released. The other claims in `attempts` died. */
  readonly releases: number;
  /** How many of the releases were for a failure and not for waiting. */
  readonly failures: number;
  /** The same by the failure's reason. Absent in items of earlier versions. */
  readonly failuresByReason?: FailureCounts | undefined;
  /** The sum of the delays after failures, which `retryForHours` limits. */
  readonly retriedForMs: number;
  /** When a released entry is tried again, epoch milliseconds. Set only if its message delivers to several rooms. */
  readonly dueAt?: number | undefined;
  /** Set when a confirm of the upload may have posted the message. */
  readonly inDoubt?: Doubt | undefined;
}

/** How often a delivery failed, by reason. */
export type FailureCounts = Readonly<Record<string, number>>;

export interface Doubt {
  /** When the answer to the first look after the last confirm showed no message, epoch milliseconds. */
  readonly notFoundSince?: number | undefined;
  /** How many looks after the last confirm have found no message. */
  readonly looks: number;
  /** How many confirms of the upload were answered with `message: null`. @default 0 */
  readonly drops?: number | undefined;
}

export type LedgerChange =
  | { readonly kind: 'uploaded'; readonly upload: Upload }
  | {
      readonly kind: 'posted';
      readonly messageId: string;
      readonly postedAt: number;
      /** The message that it answers. @default none */
      readonly threadId?: string | undefined;
    }
  /** The route posts no overwrite such as this one. `threadId`: of the version that was posted before. */
  | {
      readonly kind: 'ignored';
      readonly ignoredAt: number;
      readonly lastError: string;
      readonly threadId: string | undefined;
    }
  | {
      readonly kind: 'released';
      /** `undefined`: no upload can still be confirmed. */
      readonly upload: Upload | undefined;
      readonly inDoubt: Doubt | undefined;
      readonly failed: boolean;
      /** `undefined`: the counts stay as they are. */
      readonly failuresByReason?: FailureCounts | undefined;
      readonly retriedForMs: number;
      readonly lastError: string;
      readonly dueAt?: number | undefined;
    }
  | {
      /** Failures and retries are reset for a redrive; the upload and the doubt are kept. */
      readonly kind: 'dead-lettered';
      readonly upload: Upload | undefined;
      readonly inDoubt: Doubt | undefined;
      readonly failedAt: number;
      readonly lastError: string;
    }
  | { readonly kind: 'gone'; readonly lastError: string };

// Rocket.Chat keeps an unconfirmed upload for 24 h. One hour less allows for clock differences and the call's duration.
const UPLOAD_LIVES_MS = 23 * 3_600_000;

/** The delays before the looks after a confirm without an answer. A server may still be making a thumbnail then. */
const LOOK_DELAYS_MS = [5_000, 15_000, 60_000];
const MIN_LOOKS = 3;

/** An upload is confirmed at most this often if the server answers each time with `message: null`. */
const MAX_DROPS = 3;

/** The state of a file at the chat server, as the diagram in docs/guarantee.md names it. */
export type FileState =
  | { readonly kind: 'uploading' }
  | { readonly kind: 'uploaded'; readonly upload: Upload }
  | { readonly kind: 'in-doubt'; readonly upload: Upload; readonly inDoubt: Doubt };

/** The state that a delivery continues from, given what the ledger holds. */
export const fileState = ({ upload, inDoubt }: Pick<LedgerEntry, 'upload' | 'inDoubt'>, now: number): FileState => {
  if (upload === undefined) return { kind: 'uploading' };
  // The server inserts the message of a link at most once, so a doubt needs no look. A link does not expire here.
  if (upload.link !== undefined) return { kind: 'uploaded', upload };
  if (inDoubt !== undefined) return { kind: 'in-doubt', upload, inDoubt };
  return withoutMessage(upload, undefined, now);
};

/** The doubt after a confirm that may have posted the message. */
export const afterConfirmInDoubt = (before: Doubt | undefined): Doubt => ({ looks: 0, drops: before?.drops });

/** The doubt after a confirm that was answered with `message: null`. */
export const afterDrop = (before: Doubt | undefined): Doubt => ({ looks: 0, drops: (before?.drops ?? 0) + 1 });

/** The doubt that a dead letter leaves: its redrive may confirm again, but still knows that a message was dropped. */
export const forRedrive = (doubt: Doubt | undefined): Doubt | undefined =>
  doubt?.drops === undefined ? doubt : { ...doubt, drops: Math.min(1, doubt.drops) };

/** When a look was sent, and when its answer was read; epoch milliseconds. */
export interface LookTimes {
  readonly askedAt: number;
  readonly answeredAt: number;
}

export interface NegativeLook {
  /** The doubt with this look counted. */
  readonly inDoubt: Doubt;
  readonly next: { readonly kind: 'look-again'; readonly delayMs: number } | { readonly kind: 'dropped' } | FileState;
}

/**
 * What follows a look that found no message. The time without a message is counted from the first look's answer to the
 * last look's request: the server looked in between, however long the process was suspended before or after.
 */
export const afterNegativeLook = (
  upload: Upload,
  doubt: Doubt,
  { askedAt, answeredAt }: LookTimes,
  confirmAgainAfterMs: number,
): NegativeLook => {
  const notFoundSince = doubt.notFoundSince ?? answeredAt;
  const inDoubt: Doubt = { ...doubt, looks: doubt.looks + 1, notFoundSince };
  if (inDoubt.looks >= MIN_LOOKS && askedAt - notFoundSince >= confirmAgainAfterMs) {
    if ((inDoubt.drops ?? 0) >= MAX_DROPS) return { inDoubt, next: { kind: 'dropped' } };
    return { inDoubt, next: withoutMessage(upload, inDoubt, answeredAt) };
  }
  const delayMs = lookDelayMs(inDoubt.looks, answeredAt - notFoundSince, confirmAgainAfterMs);
  return { inDoubt, next: { kind: 'look-again', delayMs } };
};

/** The state of a file that no message shows. A file whose message was dropped counts as confirmed and does not expire. */
const withoutMessage = (upload: Upload, doubt: Doubt | undefined, now: number): FileState =>
  (doubt?.drops ?? 0) > 0 || now - upload.uploadedAt < UPLOAD_LIVES_MS
    ? { kind: 'uploaded', upload }
    : { kind: 'uploading' };

/** The last look is planned for the end of `confirmAgainAfterMs`. */
const lookDelayMs = (looks: number, elapsedMs: number, confirmAgainAfterMs: number): number => {
  const scale = Math.min(1, confirmAgainAfterMs / 90_000);
  const planned = (LOOK_DELAYS_MS[Math.min(looks, LOOK_DELAYS_MS.length - 1)] ?? 60_000) * scale;
  const remainingMs = confirmAgainAfterMs - elapsedMs;
  return Math.ceil(looks + 1 >= MIN_LOOKS ? Math.max(planned, remainingMs) : planned);
};

/** The delay before the first look after a confirm that ended in doubt. */
export const firstLookDelayMs = (confirmAgainAfterMs: number): number =>
  Math.ceil((LOOK_DELAYS_MS[0] ?? 0) * Math.min(1, confirmAgainAfterMs / 90_000));

/** How many deliveries of this entry died: they ended without recording anything. */
export const crashes = (entry: Pick<LedgerEntry, 'attempts' | 'releases'>): number => entry.attempts - entry.releases;

/**
 * An object whose deliveries died this often is dead-lettered. The number is not small, because a release that could not
 * be written to the ledger counts as well.
 */
export const MAX_CRASHES = 10;

/** The entry as the next delivery must treat it: an owner that died holding an upload may have confirmed it. */
export const recovered = (entry: LedgerEntry): LedgerEntry =>
  entry.leaseOwner !== undefined && entry.upload !== undefined
    ? { ...entry, inDoubt: afterConfirmInDoubt(entry.inDoubt) }
    : entry;
