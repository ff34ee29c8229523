/** Rocket.Chat's default window, assumed where a server does not tell its own. */
export const DEFAULT_WINDOW_MS = 60_000;

/** What an answer tells of a limit. */
export interface RateLimitReading {
  /** Calls a window. */
  readonly limit: number;
  readonly remaining: number;
  /** End of the window, epoch milliseconds of our own clock; not before the true end. */
  readonly resetAt: number;
  /** The end as the server told it, nearly the same in all answers of one window; absent where it made no sense. */
  readonly windowId: number | undefined;
}

/**
 * The calls of one kind within the server's fixed window, as far as one process can know: what it was told, less what it
 * has started since. Others behind the same address show as calls that are gone and were not ours.
 */
export interface RateWindow {
  /** Calls of ours that a whole window has room for; Infinity without a limit. */
  share(): number;
  /** Calls that may start now; Infinity without a limit. */
  free(): number;
  /** When the window that is used up ends; now, if none is. */
  opensAt(): number;
  lengthMs(): number;
  /** Calls that the window before this one had left over; told once a window. */
  takeUnused(): number | undefined;
  start(): void;
  observe(reading: RateLimitReading | undefined): void;
  reject(retryAt: number | undefined, reading: RateLimitReading | undefined): void;
}

/** The server computes the end anew for each answer, so it differs by the milliseconds between two readings of its clock. */
const SAME_WINDOW_MS = 250;
/** For 429s that tell no limit: a guess to start from, halved while refused, doubled while not, forgotten when large. */
const FIRST_GUESS = 10;
const LARGEST_GUESS = 1_000;
/** Calls that may be refused at once in a window that others use as well. */
const BLIND_CALLS = 3;
const SHORTEST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 15 * 60_000;

export const createRateWindow = ({ now, cap }: { now: () => number; cap: number }): RateWindow => {
  /** Where the limit is from: the server's headers, a guess after a refusal without headers, or our own cap, if any. */
  let origin: 'told' | 'guessed' | 'own' = 'own';
  let limit = cap;
  let windowMs = DEFAULT_WINDOW_MS;
  /** Our part of the calls is the limit less these, an average over the windows before; `undefined` before the first. */
  let others: number | undefined;
  let unusedBefore: number | undefined;
  let refusedInARow = 0;
  let window = newWindow(Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY);

  const isOver = () => now() >= window.endsAt;
  const expectedShare = () => Math.max(1, Math.floor(limit - (others ?? 0)));
  const left = (): number => {
    if (window.wasRefused) return 0;
    if (origin !== 'told') return limit - window.started;
    if (window.remaining === undefined) return blindShare() - window.started;
    // What is left beyond our share others may be taking at this moment.
    const ours = isShared() ? Math.ceil(window.remaining / 2) : window.remaining;
    // Of a call without an answer it is not known whether the server has counted it yet: at worst it counts twice.
    return Math.min(ours - (window.started - window.answered), cap - window.started);
  };
  /** Before the first answer nothing is known of the window, and where it is shared others may have used it up. */
  const blindShare = () => (isShared() ? Math.min(expectedShare(), BLIND_CALLS) : expectedShare());
  const isShared = () => (others ?? 0) >= 0.5 || takenByOthers() > 0;
  const takenByOthers = () => {
    if (origin !== 'told' || window.remaining === undefined) return 0;
    const taken = Math.max(0, limit - window.remaining - window.started);
    // Who comes into a window that is used up does not know whether those who did will go on.
    return others === undefined ? Math.min(taken, limit / 2) : taken;
  };

  const close = () => {
    if (window.openedAt === Number.NEGATIVE_INFINITY) return;
    if (window.remaining !== undefined) others = ((others ?? takenByOthers()) + takenByOthers()) / 2;
    unusedBefore = now() - window.endsAt < windowMs ? Math.max(0, left()) : 0;
    if (origin !== 'guessed') return;
    if (window.wasRefused) limit = Math.max(1, Math.floor(limit / 2));
    else if (window.started >= limit) limit *= 2;
    if (limit > LARGEST_GUESS) forgetLimit();
  };

  const forgetLimit = () => {
    origin = 'own';
    limit = cap;
    others = undefined;
  };

  /** The first call opens a window, so its answer tells the length. A Date header rounds it up by a second at most. */
  const learnLength = ({ remaining, limit: told, resetAt }: RateLimitReading) => {
    const isOpenedByUs = window.remaining === undefined && remaining >= told - 1;
    const lengthMs = Math.max(SHORTEST_PAUSE_MS, resetAt - (isOpenedByUs ? window.openedAt : now()));
    if (lengthMs > windowMs + 1_500 || (isOpenedByUs && lengthMs < windowMs)) windowMs = lengthMs;
  };

  const learn = (reading: RateLimitReading) => {
    origin = 'told';
    limit = Math.min(reading.limit, cap);
    const { windowId, resetAt } = reading;
    const idsDifferMs = windowId !== undefined && window.id !== undefined ? windowId - window.id : 0;
    // A slow upload's answer tells of the window that the upload began in.
    if (resetAt <= now() || idsDifferMs < -SAME_WINDOW_MS) return;
    learnLength(reading);
    if (idsDifferMs > SAME_WINDOW_MS) {
      // The server has begun another window while we thought the last one still open.
      const unanswered = Math.max(1, window.started - window.answered);
      close();
      window = { ...newWindow(now(), resetAt), started: unanswered };
    }
    window.endsAt = window.remaining === undefined ? resetAt : Math.min(window.endsAt, resetAt);
    window.remaining = Math.min(window.remaining ?? reading.remaining, reading.remaining);
    window.id ??= windowId;
    window.answered += 1;
  };

  return {
    share: () => Math.max(1, Math.round(limit - Math.max(others ?? 0, takenByOthers()))),
    free() {
      if (limit === Number.POSITIVE_INFINITY) return limit;
      return isOver() ? blindShare() : Math.max(0, left());
    },
    opensAt: () => (isOver() || limit === Number.POSITIVE_INFINITY ? now() : window.endsAt),
    lengthMs: () => windowMs,
    takeUnused() {
      const unused = unusedBefore;
      unusedBefore = undefined;
      return unused;
    },

    start() {
      if (isOver()) {
        close();
        window = newWindow(now(), now() + windowMs);
      }
      window.started += 1;
    },

    observe(reading) {
      refusedInARow = 0;
      if (reading !== undefined) {
        learn(reading);
        return;
      }
      if (origin === 'told') forgetLimit();
      window.answered += 1;
    },

    reject(retryAt, reading) {
      if (reading !== undefined) learn(reading);
      if (origin === 'own') {
        origin = 'guessed';
        limit = Math.min(cap, FIRST_GUESS);
      }
      if (window.wasRefused && !isOver()) return;
      // However near the end that it tells, a server that keeps refusing is asked less and less often.
      const pauseMs = Math.min(LONGEST_PAUSE_MS, SHORTEST_PAUSE_MS * 2 ** refusedInARow);
      refusedInARow += 1;
      const end = retryAt !== undefined && retryAt > now() ? retryAt : now() + windowMs;
      window.endsAt = Math.max(end, now() + pauseMs);
      window.wasRefused = true;
    },
  };
};

interface Window {
  readonly openedAt: number;
  endsAt: number;
  id: number | undefined;
  /** As told last; `undefined` until the first answer. */
  remaining: number | undefined;
  started: number;
  answered: number;
  wasRefused: boolean;
}

const newWindow = (openedAt: number, endsAt: number): Window => ({
  openedAt,
  endsAt,
  id: undefined,
  remaining: undefined,
  started: 0,
  answered: 0,
  wasRefused: false,
});
