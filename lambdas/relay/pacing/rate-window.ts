/** Rocket.Chat's default window, assumed if the server does not send the end of its window. */
export const DEFAULT_WINDOW_MS = 60_000;

/** The rate-limit headers of one answer. */
export interface RateLimitReading {
  /** Calls per window. */
  readonly limit: number;
  readonly remaining: number;
  /** End of the window, epoch milliseconds of our own clock; never before the true end. */
  readonly resetAt: number;
}

/**
 * The current window of one kind of call, as one process sees it: the server's last answer, minus the calls that this
 * process has started since. Other clients behind the same address use up calls that this process did not make.
 */
export interface RateWindow {
  /** Calls of a whole window that this process can expect to get, at least 1; Infinity without a limit. */
  callsPerWindow(): number;
  /** Calls that may start now; Infinity without a limit. */
  freeCalls(): number;
  /** When the current window ends, epoch milliseconds; now, if it has ended or there is no limit. */
  opensAt(): number;
  lengthMs(): number;
  start(): void;
  /** An answer that was no refusal. `undefined`: it had no rate-limit headers. */
  observe(reading: RateLimitReading | undefined): void;
  reject(retryAt: number | undefined, reading: RateLimitReading | undefined): void;
}

/**
 * The assumed limit after a 429 without headers. It is halved after a window with a refusal, doubled after one without,
 * and dropped when it is large. Gate: no headers, only 429s. Halving and
 * doubling serve limits other than ten, which only unit tests have.
 */
const FIRST_GUESS = 10;
const LARGEST_GUESS = 1_000;
/**
 * Calls before the first answer in a window that others use as well: they may have used it up, and then each of these
 * is refused. Gate: 429s of two processes behind one address.
 */
const CALLS_BEFORE_FIRST_ANSWER = 3;
const SHORTEST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 15 * 60_000;

export const createRateWindow = (options: {
  readonly now: () => number;
  readonly cap: number;
  /** A window has ended with this many unused calls; 0 if the next one began more than a window's length later. */
  readonly onClose?: (unused: number) => void;
}): RateWindow => {
  const { now, cap, onClose } = options;
  /** The source of the limit: the server's headers, a guess after a 429 without headers, or our own cap, if any. */
  let origin: 'headers' | 'guess' | 'cap' = 'cap';
  let limit = cap;
  let windowMs = DEFAULT_WINDOW_MS;
  /**
   * Calls per window that other clients make, a moving average; `undefined` before the first window has ended.
   * Gate: 429s and time of two processes behind one address.
   */
  let others: number | undefined;
  let refusedInARow = 0;
  let window = newWindow(Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY);

  const isOver = () => now() >= window.endsAt;
  const left = (): number => {
    if (window.wasRefused) return 0;
    if (origin !== 'headers') return limit - window.started;
    if (window.remaining === undefined) return callsBeforeFirstAnswer() - window.started;
    // Others may take the other half at this moment. Gate: 429s of two processes behind one address.
    const ours = isShared() ? Math.ceil(window.remaining / 2) : window.remaining;
    // The server may or may not have counted a call that is not answered yet: it is subtracted in any case.
    return Math.min(ours - (window.started - window.answered), cap - window.started);
  };
  const callsBeforeFirstAnswer = () => {
    const expected = Math.max(1, Math.floor(limit - (others ?? 0)));
    return isShared() ? Math.min(expected, CALLS_BEFORE_FIRST_ANSWER) : expected;
  };
  const isShared = () => (others ?? 0) >= 0.5 || takenByOthers() > 0;
  const takenByOthers = () => {
    if (origin !== 'headers' || window.remaining === undefined) return 0;
    const taken = Math.max(0, limit - window.remaining - window.started);
    // A process that begins in a window others have used up does not know yet whether they will go on. Gate: time of
    // three processes behind one address.
    return others === undefined ? Math.min(taken, limit / 2) : taken;
  };

  const close = () => {
    if (window.openedAt === Number.NEGATIVE_INFINITY) return;
    if (window.remaining !== undefined) others = ((others ?? takenByOthers()) + takenByOthers()) / 2;
    if (limit !== Number.POSITIVE_INFINITY) onClose?.(now() - window.endsAt < windowMs ? Math.max(0, left()) : 0);
    if (origin !== 'guess') return;
    if (window.wasRefused) limit = Math.max(1, Math.floor(limit / 2));
    else if (window.started >= limit) limit *= 2;
    if (limit > LARGEST_GUESS) dropLimit();
  };

  const dropLimit = () => {
    origin = 'cap';
    limit = cap;
    others = undefined;
  };

  /**
   * The first call opens a window, so its answer shows the length. A Date header makes it up to a second too long.
   * Gate: real time, with a window of one second.
   */
  const learnLength = ({ remaining, limit: calls, resetAt }: RateLimitReading) => {
    const isOpenedByUs = window.remaining === undefined && remaining >= calls - 1;
    const lengthMs = Math.max(SHORTEST_PAUSE_MS, resetAt - (isOpenedByUs ? window.openedAt : now()));
    if (lengthMs > windowMs + 1_500 || (isOpenedByUs && lengthMs < windowMs)) windowMs = lengthMs;
  };

  const learn = (reading: RateLimitReading) => {
    origin = 'headers';
    limit = Math.min(reading.limit, cap);
    // The answer of a slow upload is about the window in which the upload began.
    if (reading.resetAt <= now()) return;
    learnLength(reading);
    window.endsAt = window.remaining === undefined ? reading.resetAt : Math.min(window.endsAt, reading.resetAt);
    window.remaining = Math.min(window.remaining ?? reading.remaining, reading.remaining);
    window.answered += 1;
  };

  return {
    callsPerWindow: () => Math.max(1, Math.round(limit - Math.max(others ?? 0, takenByOthers()))),
    freeCalls() {
      if (limit === Number.POSITIVE_INFINITY) return limit;
      return isOver() ? callsBeforeFirstAnswer() : Math.max(0, left());
    },
    opensAt: () => (isOver() || limit === Number.POSITIVE_INFINITY ? now() : window.endsAt),
    lengthMs: () => windowMs,

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
      if (origin === 'headers') dropLimit();
      window.answered += 1;
    },

    reject(retryAt, reading) {
      if (reading !== undefined) learn(reading);
      if (origin === 'cap') {
        origin = 'guess';
        limit = Math.min(cap, FIRST_GUESS);
      }
      if (window.wasRefused && !isOver()) return;
      // A server that keeps refusing is called less and less often, even if it says that its window ends soon. No gate
      // needs it; the unit tests of refusals state it.
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
  /** From the headers; `undefined` until the first answer. */
  remaining: number | undefined;
  started: number;
  answered: number;
  wasRefused: boolean;
}

const newWindow = (openedAt: number, endsAt: number): Window => ({
  openedAt,
  endsAt,
  remaining: undefined,
  started: 0,
  answered: 0,
  wasRefused: false,
});
