/** What this process remembers of a message that it has sent back to wait for the rate limit. */
export interface Sleeper {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly receiveCount: number;
  readonly wakesAt: number;
  /** Nothing was begun, neither in the ledger nor at the chat server: it is as new. */
  readonly isUntouched: boolean;
}

/**
 * The messages that this process has put to sleep. A receipt handle stays good until its message is received again, so
 * whoever has it can wake the message when the limit turns out to be higher than thought. Others, and those of a process
 * that is gone, wake by themselves.
 */
export interface Sleepers {
  add(sleeper: Sleeper): void;
  /** One has come back. Whether it is as new: nobody else has had it since, and here nothing was begun. */
  remove(messageId: string, receiveCount: number): { readonly isUntouched: boolean };
  /** Takes out up to so many, those first that would sleep longest. */
  wake(count: number): readonly Sleeper[];
}

/** About 600 bytes each. */
const MOST_REMEMBERED = 20_000;
/** Who wakes within this time by itself need not be woken, and might have been received already. */
const WAKES_SOON_MS = 5_000;
/** Who has not come back this long after its time went to another process. */
const LATE_MS = 10 * 60_000;

export const createSleepers = ({ now }: { now: () => number }): Sleepers => {
  const sleepers = new Map<string, Sleeper>();

  const forgetLate = () => {
    for (const { messageId, wakesAt } of sleepers.values()) {
      if (wakesAt < now() - LATE_MS) sleepers.delete(messageId);
    }
  };

  return {
    add(sleeper) {
      if (sleepers.size >= MOST_REMEMBERED) forgetLate();
      if (sleepers.size < MOST_REMEMBERED) sleepers.set(sleeper.messageId, sleeper);
    },

    remove(messageId, receiveCount) {
      const sleeper = sleepers.get(messageId);
      sleepers.delete(messageId);
      return { isUntouched: sleeper?.isUntouched === true && sleeper.receiveCount === receiveCount - 1 };
    },

    wake(count) {
      if (count < 1 || sleepers.size === 0) return [];
      const woken = [...sleepers.values()]
        .filter(({ wakesAt }) => wakesAt > now() + WAKES_SOON_MS)
        .sort((a, b) => b.wakesAt - a.wakesAt)
        .slice(0, count);
      for (const sleeper of woken) sleepers.set(sleeper.messageId, { ...sleeper, wakesAt: now() });
      return woken;
    },
  };
};
