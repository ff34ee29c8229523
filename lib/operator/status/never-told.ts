/** Why the ledger has no entry of an object. */
export interface NeverTold {
  readonly code: 'NOT_THERE' | 'IGNORED' | 'BEFORE_THE_RELAY' | 'MAY_WAIT' | 'PAUSED' | 'EXPIRED' | 'NO_EVENT';
  readonly text: string;
}

const DAY_MS = 86_400_000;

/**
 * Judges by what is known of an object and of the relay. The first reason that explains it is given.
 * @param known.ignored why the routes ignore it; undefined if a route fits
 * @param known.relaySince when the ledger was created, epoch milliseconds
 * @param known.waiting how many messages are in the uploads queue
 */
export const whyNeverTold = (known: {
  readonly modifiedAt: number | undefined;
  readonly ignored: string | undefined;
  readonly relaySince: number | undefined;
  readonly isPaused: boolean;
  readonly waiting: number;
  readonly ledgerRetentionDays: number;
  readonly now: number;
  readonly option: string;
}): NeverTold => {
  const { modifiedAt, ignored, relaySince, isPaused, waiting, ledgerRetentionDays, now, option } = known;
  if (modifiedAt === undefined) {
    return { code: 'NOT_THERE', text: 'There is no such object in the bucket, and the ledger has no entry of it.' };
  }
  if (ignored !== undefined) {
    return {
      code: 'IGNORED',
      text: `The relay ignores the object: ${ignored}. S3 does not tell it of keys that no prefix and suffix of the routes fit.`,
    };
  }
  if (relaySince !== undefined && modifiedAt < relaySince) {
    const when = new Date(relaySince).toISOString();
    return {
      code: 'BEFORE_THE_RELAY',
      text: `S3 never told the relay of it: it was uploaded before the relay existed (${when}). Post it: npx relay backfill ${option}`,
    };
  }
  if (now - modifiedAt > ledgerRetentionDays * DAY_MS) {
    return {
      code: 'EXPIRED',
      text: `Not known: it was uploaded more than ledgerRetentionDays (${ledgerRetentionDays}) ago, and the ledger forgets its entries after that.`,
    };
  }
  if (isPaused && waiting > 0) {
    return {
      code: 'PAUSED',
      text: `The relay is paused, and the event may be one of ${waiting} that wait: npx relay resume ${option}`,
    };
  }
  if (waiting > 0) {
    return {
      code: 'MAY_WAIT',
      text: `Its event may be one of the ${waiting} messages in the queue. An object whose room or credentials can't be used has no entry yet, but lines in the log.`,
    };
  }
  return {
    code: 'NO_EVENT',
    text: `S3 never told the relay of it, although a route fits and nothing waits: was the bucket's notification replaced? Check with npx relay doctor ${option}, then post it with npx relay backfill ${option}`,
  };
};
