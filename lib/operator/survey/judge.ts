import { Status } from '../../../lambdas/relay/domain/delivery.ts';
import type { LedgerItem } from '../ledger/ledger-items.ts';

/** What the ledger says about an object version in a room. */
export const State = {
  Posted: 'posted',
  /** Several messages for the same content. */
  PostedTwice: 'posted-twice',
  /** Claimed or uploaded; its message is in the queue. */
  Pending: 'pending',
  /** Pending, but not tried for longer than a message can sleep. */
  Stuck: 'pending-too-long',
  /** Its letter is in the dead-letter queue. */
  DeadLettered: 'dead-lettered',
  /** The route's `overwrites` does not post it. */
  Ignored: 'ignored-overwrite',
  /** The relay was never told of it, or what it knew has expired. */
  NeverPosted: 'never-posted',
} as const;
export type State = (typeof State)[keyof typeof State];

export interface Judgement {
  readonly state: State;
  readonly messageIds: readonly string[];
  readonly lastError: string | undefined;
}

/** SQS hides a message for at most 12 h, so one that is still there is received again before that. */
export const STUCK_AFTER_MS = 13 * 3_600_000;

/**
 * Judges an object version by the ledger's items of its key.
 * @param options.room as the route names it
 * @param options.roomId undefined: not known; items of earlier versions, which do not name their room, then count
 * @param options.letterKeptMs how long the dead-letter queue keeps a letter
 * @param options.itemKeptMs the ledger's retention, from which the time of the last claim is computed
 * @param options.now epoch milliseconds
 */
export const judge = (
  items: readonly LedgerItem[],
  options: {
    readonly eTag: string;
    readonly room: string;
    readonly roomId: string | undefined;
    readonly now: number;
    readonly letterKeptMs: number;
    readonly itemKeptMs: number;
  },
): Judgement => {
  const { eTag, room, roomId, now, letterKeptMs, itemKeptMs } = options;
  const isOfRoom = (item: LedgerItem): boolean =>
    item.room === room || (roomId === undefined ? item.room === undefined : item.roomId === roomId);
  const own = items.filter((item) => item.eTag === eTag && isOfRoom(item));
  const posted = own.filter(({ status }) => status === Status.Posted);
  const messageIds = [...new Set(posted.flatMap(({ messageId }) => messageId ?? []))];
  const lastError = own.findLast((item) => item.lastError !== undefined)?.lastError;
  const judged = (state: State): Judgement => ({ state, messageIds, lastError });
  if (hasSeveral(posted)) return judged(State.PostedTwice);
  if (posted.length > 0) return judged(State.Posted);
  const pending = own.filter(({ status }) => status === Status.Claimed || status === Status.Uploaded);
  if (pending.length > 0) return judged(pending.every(isStuck(now, itemKeptMs)) ? State.Stuck : State.Pending);
  const letters = own.filter(({ status }) => status === Status.DeadLettered);
  // A letter that the queue no longer keeps can't be sent back.
  if (letters.some(({ failedAt = 0 }) => now - failedAt < letterKeptMs)) return judged(State.DeadLettered);
  return judged(own.some(({ ignoredAt }) => ignoredAt !== undefined) ? State.Ignored : State.NeverPosted);
};

/** Several messages in one room. */
const hasSeveral = (posted: readonly LedgerItem[]): boolean => {
  const rooms = posted.map(({ roomId }) => roomId);
  return new Set(rooms).size < rooms.length && new Set(posted.map(({ messageId }) => messageId)).size > 1;
};

/** The ledger writes the time of each claim as the time at which the item expires. */
const isStuck =
  (now: number, itemKeptMs: number) =>
  ({ expiresAt, leaseExpiresAt = 0 }: LedgerItem): boolean =>
    expiresAt !== undefined && leaseExpiresAt < now && now - (expiresAt - itemKeptMs) > STUCK_AFTER_MS;
