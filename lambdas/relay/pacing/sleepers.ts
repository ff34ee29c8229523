/** A message that this process has made invisible in SQS until its turn under the rate limit. */
export interface Sleeper {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly receiveCount: number;
  /** Epoch milliseconds. */
  readonly wakesAt: number;
  /** Nothing was written to the ledger and nothing was sent to the chat server. */
  readonly isUntouched: boolean;
}

/**
 * The sleepers of this process. A receipt handle stays valid until its message is received again, so the process can
 * wake a message early. Messages that other processes, or a replaced one, put to sleep wake at their own time.
 */
export interface Sleepers {
  add(sleeper: Sleeper): void;
  /** The message was received. Untouched: nothing was begun here, and no other process has received it since. */
  remove(messageId: string, receiveCount: number): { readonly isUntouched: boolean };
  /** Counts the sleepers that wake by this time and can still be expected. */
  dueBy(time: number): number;
  /** Marks up to `count` sleepers as awake now and returns them, those first that would wake last. */
  wake(count: number): readonly Sleeper[];
}

/** About 600 bytes each. */
const MOST_REMEMBERED = 20_000;
/**
 * A message that is this late has gone to another process. A process receives ten at a time, so the last of a window with
 * many calls come late. Gates: SQS requests at 600 calls a minute, time of two processes behind one address.
 */
const OVERDUE_MS = 30_000;
/** An overdue sleeper is forgotten after this time when memory is needed. */
const FORGOTTEN_AFTER_MS = 10 * 60_000;

export const createSleepers = ({ now }: { now: () => number }): Sleepers => {
  const sleepers = new Map<string, Sleeper>();

  const forgetOverdue = () => {
    for (const { messageId, wakesAt } of sleepers.values()) {
      if (wakesAt < now() - FORGOTTEN_AFTER_MS) sleepers.delete(messageId);
    }
  };

  return {
    add(sleeper) {
      if (sleepers.size >= MOST_REMEMBERED) forgetOverdue();
      if (sleepers.size < MOST_REMEMBERED) sleepers.set(sleeper.messageId, sleeper);
    },

    remove(messageId, receiveCount) {
      const sleeper = sleepers.get(messageId);
      sleepers.delete(messageId);
      return { isUntouched: sleeper?.isUntouched === true && sleeper.receiveCount === receiveCount - 1 };
    },

    dueBy(time) {
      let count = 0;
      for (const { wakesAt } of sleepers.values()) {
        if (wakesAt >= now() - OVERDUE_MS && wakesAt <= time) count += 1;
      }
      return count;
    },

    wake(count) {
      if (count < 1 || sleepers.size === 0) return [];
      const woken = [...sleepers.values()]
        .filter(({ wakesAt }) => wakesAt > now())
        .sort((a, b) => b.wakesAt - a.wakesAt)
        .slice(0, count);
      for (const sleeper of woken) sleepers.set(sleeper.messageId, { ...sleeper, wakesAt: now() });
      return woken;
    },
  };
};
