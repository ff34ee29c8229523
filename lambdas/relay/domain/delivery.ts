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

/** A file that the chat server has stored and for which no message is known yet. */
export interface Upload {
  readonly fileId: string;
  /** The server's time, epoch milliseconds. */
  readonly uploadedAt: number;
  /** Our own clock when the upload was answered, epoch milliseconds; absent in items of earlier versions. */
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
  /** The sum of the delays after failures, which `retryForHours` limits. */
  readonly retriedForMs: number;
  /** Set when a confirm without an answer may have posted the message. */
  readonly inDoubt?: Doubt | undefined;
}

export interface Doubt {
  /** When the first look after the last confirm found no message, epoch milliseconds. */
  readonly notFoundSince?: number | undefined;
  /** How many looks have found no message. */
  readonly looks: number;
}

export type LedgerChange =
  | { readonly kind: 'uploaded'; readonly upload: Upload }
  | { readonly kind: 'posted'; readonly messageId: string | undefined; readonly postedAt: number }
  | {
      readonly kind: 'released';
      /** `undefined`: no upload can still be confirmed. */
      readonly upload: Upload | undefined;
      readonly inDoubt: Doubt | undefined;
      readonly failed: boolean;
      readonly retriedForMs: number;
      readonly lastError: string;
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

/** The state of a file at the chat server, as the diagram in docs/guarantee.md names it. */
export type FileState =
  | { readonly kind: 'uploading' }
  | { readonly kind: 'uploaded'; readonly upload: Upload }
  | { readonly kind: 'in-doubt'; readonly upload: Upload; readonly inDoubt: Doubt };

/** The state that a delivery continues from, given what the ledger holds. */
export const fileState = ({ upload, inDoubt }: Pick<LedgerEntry, 'upload' | 'inDoubt'>, now: number): FileState => {
  if (upload === undefined) return { kind: 'uploading' };
  if (inDoubt !== undefined) return { kind: 'in-doubt', upload, inDoubt };
  return withoutDoubt(upload, now);
};

/** The state after a look that found no message, or the delay before the next look. */
export const afterNegativeLook = (
  upload: Upload,
  doubt: Doubt,
  now: number,
  confirmAgainAfterMs: number,
): { readonly kind: 'look-again'; readonly inDoubt: Doubt; readonly delayMs: number } | FileState => {
  const looks = doubt.looks + 1;
  const notFoundSince = doubt.notFoundSince ?? now;
  if (looks >= MIN_LOOKS && now - notFoundSince >= confirmAgainAfterMs) return withoutDoubt(upload, now);
  return {
    kind: 'look-again',
    inDoubt: { looks, notFoundSince },
    delayMs: lookDelayMs(looks, now - notFoundSince, confirmAgainAfterMs),
  };
};

const withoutDoubt = (upload: Upload, now: number): FileState =>
  now - upload.uploadedAt < UPLOAD_LIVES_MS ? { kind: 'uploaded', upload } : { kind: 'uploading' };

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
    ? { ...entry, inDoubt: { looks: 0, notFoundSince: undefined } }
    : entry;
