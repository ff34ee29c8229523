/**
 * Keeps the calls to one server within its rate limit. Rocket.Chat counts per route and client address in fixed
 * windows; each limited answer tells the limit, what remains of it and when the window ends.
 * Without such headers there is no limit and nothing to pace.
 */

export type LimitedCall = 'media' | 'confirm';

export interface RateLimitReading {
  /** Calls a window. */
  readonly limit: number;
  readonly remaining: number;
  /** End of the window, epoch milliseconds of our own clock. */
  readonly resetAt: number;
}

export interface Pacer {
  /** Takes one call out of the window. 0: make it now; otherwise wait that long and ask again. */
  take(call: LimitedCall): number;
  /** How long a call that the server has just refused should wait; it takes its place among the others that wait. */
  delayMs(call: LimitedCall): number;
  /** What an answer told of the limit; `undefined`: it told nothing, so there is none. */
  observe(call: LimitedCall, reading: RateLimitReading | undefined): void;
  /** The server refused a call for the limit; `resetAt` where it said when to come back. */
  rejected(call: LimitedCall, resetAt: number | undefined): void;
}

/** Rocket.Chat's default window, for a 429 that does not tell its end. */
export const DEFAULT_WINDOW_MS = 60_000;

interface Window {
  limit: number;
  remaining: number;
  resetAt: number;
  /** How many were told to wait for a window to come; they are spread over the windows after this one. */
  waiting: number;
}

export const createPacer = ({ now, random }: { now: () => number; random: () => number }): Pacer => {
  const windows = new Map<LimitedCall, Window>();

  const wait = (window: Window): number => {
    const windowsAhead = Math.floor(window.waiting / window.limit);
    window.waiting += 1;
    const jitterMs = random() * 2_000;
    return Math.max(0, Math.ceil(window.resetAt - now() + windowsAhead * DEFAULT_WINDOW_MS + jitterMs));
  };

  return {
    take(call) {
      const window = windows.get(call);
      if (window === undefined) return 0;
      if (now() >= window.resetAt) {
        // A new window: nothing is known of it but the limit. The first answer corrects it.
        window.resetAt = now() + DEFAULT_WINDOW_MS;
        window.remaining = window.limit;
        window.waiting = 0;
      }
      if (window.remaining > 0) {
        window.remaining -= 1;
        return 0;
      }
      return wait(window);
    },

    delayMs(call) {
      const window = windows.get(call);
      return window === undefined ? 0 : wait(window);
    },

    observe(call, reading) {
      if (reading === undefined) {
        windows.delete(call);
        return;
      }
      const window = windows.get(call);
      const isSameWindow = window !== undefined && Math.abs(window.resetAt - reading.resetAt) < 1_500;
      windows.set(call, {
        limit: Math.max(1, reading.limit),
        // Answers overtake each other: within a window what remains only falls.
        remaining: isSameWindow ? Math.min(window.remaining, reading.remaining) : reading.remaining,
        resetAt: reading.resetAt,
        waiting: isSameWindow ? window.waiting : 0,
      });
    },

    rejected(call, resetAt) {
      const window = windows.get(call);
      const end = resetAt ?? now() + DEFAULT_WINDOW_MS;
      windows.set(call, {
        limit: window?.limit ?? 1,
        remaining: 0,
        resetAt: Math.max(end, now() + 1_000),
        waiting: window?.waiting ?? 0,
      });
    },
  };
};
