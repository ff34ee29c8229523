import type { CreatedObject } from './s3-event.ts';

/** What the ledger remembers an object version in a room by. */
export interface DeliveryId {
  readonly bucket: string;
  readonly key: string;
  readonly roomId: string;
  /** Orders the versions of a key; `undefined` in backfilled events, which go by their eTag. */
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

/** A file that the chat server has stored and that no message shows yet. */
export interface Upload {
  readonly fileId: string;
  /** The server's time, epoch milliseconds. */
  readonly uploadedAt: number;
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
  /** Set while a delivery works on it; still set later only if that delivery died. */
  readonly leaseOwner?: string | undefined;
  readonly leaseExpiresAt?: number | undefined;
  readonly upload?: Upload | undefined;
  readonly messageId?: string | undefined;
  readonly postedAt?: number | undefined;
  /** When it was dead-lettered. */
  readonly failedAt?: number | undefined;
  /** How often it was claimed. */
  readonly attempts: number;
  /** How often a claim was given back in order. The rest of `attempts` died. */
  readonly releases: number;
  /** How many of the releases were for a failure, not for waiting. */
  readonly failures: number;
  /** The sum of the delays asked for after failures: what `retryForHours` bounds. */
  readonly retriedForMs: number;
  /** A confirm may have posted the message without our knowing. */
  readonly inDoubt?: Doubt | undefined;
}

export interface Doubt {
  /** When the room was first looked through without finding the message, after any confirm had ended. */
  readonly notFoundSince?: number | undefined;
  /** How many looks have found nothing. */
  readonly looks: number;
}

export type LedgerChange =
  | { readonly kind: 'uploaded'; readonly upload: Upload }
  | { readonly kind: 'posted'; readonly messageId: string | undefined; readonly postedAt: number }
  | {
      readonly kind: 'released';
      /** Absent: there is no upload that could still be confirmed. */
      readonly upload: Upload | undefined;
      readonly inDoubt: Doubt | undefined;
      readonly failed: boolean;
      readonly retriedForMs: number;
      readonly lastError: string;
    }
  | {
      /** A redrive starts afresh: failures and retries are forgotten, the upload and the doubt are not. */
      readonly kind: 'dead-lettered';
      readonly upload: Upload | undefined;
      readonly inDoubt: Doubt | undefined;
      readonly failedAt: number;
      readonly lastError: string;
    }
  | { readonly kind: 'gone'; readonly lastError: string };

// An unconfirmed upload lives 24 h; an hour less leaves room for clocks that differ and for the call itself.
const UPLOAD_LIVES_MS = 23 * 3_600_000;

/** After a confirm without an answer: when to look. A thumbnail can keep the server busy long after the client gave up. */
const LOOK_DELAYS_MS = [5_000, 15_000, 60_000];
const MIN_LOOKS = 3;

export type NextStep =
  | { readonly kind: 'upload' }
  | { readonly kind: 'confirm'; readonly upload: Upload }
  | { readonly kind: 'look'; readonly upload: Upload };

/** What an entry that has just been claimed, or nothing (the first time), needs next. */
export const nextStep = (entry: Pick<LedgerEntry, 'upload' | 'inDoubt'> | undefined, now: number): NextStep => {
  const upload = entry?.upload;
  if (upload === undefined) return { kind: 'upload' };
  if (entry?.inDoubt !== undefined) return { kind: 'look', upload };
  return afterNoDoubt(upload, now);
};

/** What a look that found nothing leads to. */
export const afterNegativeLook = (
  upload: Upload,
  doubt: Doubt,
  now: number,
  confirmAgainAfterMs: number,
): { readonly kind: 'again'; readonly doubt: Doubt; readonly delayMs: number } | NextStep => {
  const looks = doubt.looks + 1;
  const notFoundSince = doubt.notFoundSince ?? now;
  if (looks >= MIN_LOOKS && now - notFoundSince >= confirmAgainAfterMs) return afterNoDoubt(upload, now);
  return {
    kind: 'again',
    doubt: { looks, notFoundSince },
    delayMs: lookDelayMs(looks, now - notFoundSince, confirmAgainAfterMs),
  };
};

const afterNoDoubt = (upload: Upload, now: number): NextStep =>
  now - upload.uploadedAt < UPLOAD_LIVES_MS ? { kind: 'confirm', upload } : { kind: 'upload' };

/** The last look that is needed comes when the time is over, not after it has been over for long. */
const lookDelayMs = (looks: number, elapsedMs: number, confirmAgainAfterMs: number): number => {
  const scale = Math.min(1, confirmAgainAfterMs / 90_000);
  const planned = (LOOK_DELAYS_MS[Math.min(looks, LOOK_DELAYS_MS.length - 1)] ?? 60_000) * scale;
  const left = confirmAgainAfterMs - elapsedMs;
  return Math.ceil(looks + 1 >= MIN_LOOKS ? Math.max(planned, left) : planned);
};

/** When to look first after a confirm that ended in doubt. */
export const firstLookDelayMs = (confirmAgainAfterMs: number): number =>
  Math.ceil((LOOK_DELAYS_MS[0] ?? 0) * Math.min(1, confirmAgainAfterMs / 90_000));

/** How many deliveries of this entry died without a word. */
export const crashes = (entry: Pick<LedgerEntry, 'attempts' | 'releases'>): number => entry.attempts - entry.releases;

/**
 * An object that took so many processes down with it is given up. A release that the ledger did not take looks the same,
 * so it is more than a few.
 */
export const MAX_CRASHES = 10;

/** The entry as the next delivery must see it: an owner that died with an upload may have confirmed it. */
export const recovered = (entry: LedgerEntry): LedgerEntry =>
  entry.leaseOwner !== undefined && entry.upload !== undefined
    ? { ...entry, inDoubt: { looks: 0, notFoundSince: undefined } }
    : entry;
