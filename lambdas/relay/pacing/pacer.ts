import { LONGEST_SLEEP_MS } from '../names.ts';
import { createRateWindow, type RateLimitReading } from './rate-window.ts';

/**
 * Keeps the calls of one process within the rate limit of the chat server and schedules the messages that must wait.
 *
 * - A **window** (rate-window.ts) is the server's: Rocket.Chat allows a number of calls per route and client address in
 *   each fixed period. There is one window for uploads (`media`) and one for `confirm`. The process learns limit,
 *   remaining calls and end from the headers of each answer. A file needs one call of each.
 * - A **place** is one call in a future window, promised to a sleeping message. Places are given out in order:
 *   `nextAt` is the time at which the next sleeping message wakes and `placesUsed` counts the messages that wake then.
 *   When the messages of one wake time would use up a window, `nextAt` advances by a window's length.
 * - A **sleeper** (sleepers.ts) is a message that waits in SQS, invisible, until its wake time. The process remembers
 *   its receipt handle and can wake it early. Only the sleepers that wake last are woken early, so their places are the
 *   last ones given out, and `nextAt` moves back by as many.
 * - pacing.ts connects the three to the handler: after each batch it wakes as many sleepers as there are calls left in
 *   the current window that no sleeper will wake for.
 *
 * Without a limit the windows have no end, nothing sleeps, and no call is made.
 */
export interface Pacer {
  /**
   * Takes one call out of the window. Returns 0 if it may be made now, otherwise the milliseconds to wait before the
   * next try.
   */
  take(call: LimitedCall): number;
  /** Books a place for a call that the server has just refused. @returns milliseconds to wait */
  bookDelayMs(call: LimitedCall): number;
  /** An upload that `take` allowed has failed, so no confirm follows it. */
  giveUp(): void;
  /** An answer of the server. `undefined`: it had no rate-limit headers, so there is no limit. */
  observe(call: LimitedCall, reading: RateLimitReading | undefined): void;
  /**
   * The server refused a call because of the limit. `retryAt` (epoch milliseconds) and `reading` are set if it sent
   * them.
   */
  rejected(call: LimitedCall, retryAt: number | undefined, reading?: RateLimitReading | undefined): void;

  /** How many sleepers could be served now. `dueBy` counts those that wake by a time. Infinity without a limit. */
  countToWake(dueBy: (time: number) => number): number;
  /** This many of the sleepers that would wake last are woken now: their places are free again. */
  releasePlaces(count: number): void;
  /** How long this many objects take at the pace of the limit, in milliseconds; 0 without a limit. */
  drainMs(objects: number): number;
}

/** `media` stores a file, `confirm` posts it: each has its own limit. */
export type LimitedCall = 'media' | 'confirm';

/**
 * SQS rounds a visibility timeout to whole seconds and a poll takes time, so a window begins up to this long after the
 * wake time it belongs to. The next wake time must come after that window's end. Gates: 429s and time of one process.
 */
const SLACK_MS = 2_000;

/**
 * Messages without a place within LONGEST_SLEEP_MS sleep between this part of it and all of it. If they all woke
 * together, their first calls would be refused. Gate: 429s of the 20,000 files.
 */
const SHORTEST_LONG_SLEEP = 0.75;

/** A confirm that does not come within this time after its upload began is no longer expected. */
const CONFIRM_EXPECTED_WITHIN_MS = 5 * 60_000;

interface OwedConfirm {
  /** When its upload began; `undefined` for a confirm that had to wait. */
  readonly uploadStartedAt: number | undefined;
  readonly expiresAt: number;
}

export const createPacer = (options: {
  readonly now: () => number;
  readonly random: () => number;
  /** Calls of each kind that this process may make in a minute. @default no cap of our own */
  readonly maxCallsPerMinute?: number | undefined;
}): Pacer => {
  const { now, random, maxCallsPerMinute: cap = Number.POSITIVE_INFINITY } = options;
  let nextAt = Number.NEGATIVE_INFINITY;
  let placesUsed = 0;

  /**
   * Calls that recent windows left unused, because messages with places in them went to other processes. So many
   * more sleepers are woken in each window. Gate: time of two processes behind one address.
   */
  let shortfall = 0;
  const onClose = (unused: number) => {
    shortfall = unused > 0 ? Math.min(shortfall + unused, 2 * callsPerWindow()) : Math.floor(shortfall / 2);
  };

  const media = createRateWindow({ now, cap, onClose });
  const confirm = createRateWindow({ now, cap });
  const windows = { media, confirm };

  /**
   * Confirms that follow the uploads in progress. Calls are reserved for them, so that an uploaded file is posted before
   * others are uploaded. No gate needs the reservation; the unit tests of confirms state it.
   */
  let owedConfirms: OwedConfirm[] = [];
  /**
   * How long the last upload took until its confirm. The confirm of a slow upload falls into the next window, so the upload may begin
   * before that window does. Gate: time of uploads of 15 s.
   */
  let uploadMs = 0;

  const forgetExpired = () => {
    owedConfirms = owedConfirms.filter(({ expiresAt }) => expiresAt > now());
  };

  const freeUploads = () => {
    forgetExpired();
    return Math.max(0, Math.min(media.freeCalls(), freeConfirms()));
  };
  const freeConfirms = () =>
    (confirmOpensAt() > now() ? confirm.freeCalls() : confirm.callsPerWindow()) - owedConfirms.length;
  const confirmOpensAt = () => confirm.opensAt() - uploadMs;

  const callsPerWindow = () => Math.min(media.callsPerWindow(), confirm.callsPerWindow());
  const stepMs = () => Math.max(media.lengthMs(), confirm.lengthMs()) + SLACK_MS;

  const uploadDelayMs = (): number => {
    const mediaAt = media.freeCalls() > 0 ? now() : media.opensAt();
    const confirmAt = freeConfirms() > 0 ? now() : confirmOpensAt();
    const soonestAt = Math.max(mediaAt, confirmAt);
    // Both windows have calls left, but other uploads need all confirms: the upload waits for the window after.
    const opensAt = soonestAt > now() ? soonestAt : now() + confirm.lengthMs();
    return Math.ceil(bookPlace(opensAt) - now());
  };

  const bookPlace = (opensAt: number): number => {
    if (nextAt < opensAt) [nextAt, placesUsed] = [opensAt + SLACK_MS, 0];
    const calls = callsPerWindow();
    if (placesUsed >= calls) {
      const windowsUsed = Math.floor(placesUsed / calls);
      nextAt += windowsUsed * stepMs();
      placesUsed -= windowsUsed * calls;
    }
    if (nextAt > now() + LONGEST_SLEEP_MS) {
      return now() + LONGEST_SLEEP_MS * (SHORTEST_LONG_SLEEP + random() * (1 - SHORTEST_LONG_SLEEP));
    }
    placesUsed += 1;
    return nextAt;
  };

  /** A confirm takes no place: it wakes a second before the uploads of the next window, which leave a call for it. */
  const confirmDelayMs = (): number => {
    const at = confirm.opensAt() + SLACK_MS / 2;
    owedConfirms.push({ uploadStartedAt: undefined, expiresAt: at + stepMs() });
    return Math.ceil(at - now());
  };

  const settleConfirm = () => {
    forgetExpired();
    const startedAt = owedConfirms.shift()?.uploadStartedAt;
    if (startedAt !== undefined) uploadMs = now() - startedAt;
  };

  return {
    take(call) {
      if (call === 'media') {
        if (freeUploads() < 1) return uploadDelayMs();
        media.start();
        owedConfirms.push({ uploadStartedAt: now(), expiresAt: now() + CONFIRM_EXPECTED_WITHIN_MS });
        return 0;
      }
      settleConfirm();
      if (confirm.freeCalls() < 1) return confirmDelayMs();
      confirm.start();
      return 0;
    },

    bookDelayMs: (call) => (call === 'media' ? uploadDelayMs() : confirmDelayMs()),

    giveUp() {
      owedConfirms.pop();
    },

    observe(call, reading) {
      windows[call].observe(reading);
    },

    rejected(call, retryAt, reading) {
      windows[call].reject(retryAt, reading);
    },

    countToWake(dueBy) {
      const free = freeUploads();
      if (free === Number.POSITIVE_INFINITY) return free;
      return Math.max(0, Math.min(free, free - dueBy(media.opensAt()) + shortfall));
    },

    releasePlaces(count) {
      const calls = callsPerWindow();
      if (calls === Number.POSITIVE_INFINITY) {
        [nextAt, placesUsed] = [Number.NEGATIVE_INFINITY, 0];
        return;
      }
      const windowsBack = Math.max(0, Math.ceil((count - placesUsed) / calls));
      nextAt -= windowsBack * stepMs();
      placesUsed += windowsBack * calls - count;
    },

    drainMs: (objects) =>
      callsPerWindow() === Number.POSITIVE_INFINITY ? 0 : Math.ceil(objects / callsPerWindow()) * stepMs(),
  };
};
