import { LONGEST_SLEEP_MS } from '../names.ts';
import { createRateWindow, type RateLimitReading } from './rate-window.ts';
import { createSlots } from './slots.ts';

/**
 * Keeps the calls of one process within the rate limit of a server, and tells each that must wait when its turn is.
 * Rocket.Chat counts per route and client address in fixed windows, and only its answers tell of them; without a limit
 * there is nothing to pace.
 */
export interface Pacer {
  /** Takes one call out of the window. 0: make it now; otherwise wait that long and ask again. */
  take(call: LimitedCall): number;
  /** How long a call that the server has just refused should wait; it takes its place among the others that wait. */
  bookDelayMs(call: LimitedCall): number;
  /** An upload that was begun came to nothing, and no confirm will follow it. */
  giveUp(): void;
  /** What an answer told of the limit; `undefined`: it told nothing, so there is none. */
  observe(call: LimitedCall, reading: RateLimitReading | undefined): void;
  /** The server refused a call for the limit. `retryAt` and the reading: where it said so. */
  rejected(call: LimitedCall, retryAt: number | undefined, reading?: RateLimitReading | undefined): void;

  /** How many of those that wait could be served already; Infinity without a limit. */
  room(): number;
  /** Some that were to wait until these times come now. */
  bringForward(times: readonly number[]): void;
  /** Others wait too: messages that were put to sleep by other processes, or by one that is gone. */
  knowAsleep(messages: number): void;
  /** How long so many objects take; 0 without a limit. */
  drainMs(objects: number): number;
}

/** `media` stores a file, `confirm` posts it: each has its own limit. */
export type LimitedCall = 'media' | 'confirm';

/**
 * Visibility is told in whole seconds and a poll takes its time, so a window begins up to this long after its slot; the
 * next slot must not come before that window's end.
 */
const SLACK_MS = 2_000;

const SHORTEST_LONG_SLEEP = 0.75;

/** A confirm that was counted on and never asked for is forgotten after this time. */
const CONFIRM_IS_DUE_WITHIN_MS = 5 * 60_000;

export const createPacer = (options: {
  readonly now: () => number;
  readonly random: () => number;
  /** Calls of each kind that this process may make in a minute. @default no cap of our own */
  readonly maxCallsPerMinute?: number | undefined;
}): Pacer => {
  const { now, random, maxCallsPerMinute: cap = Number.POSITIVE_INFINITY } = options;
  const windows = { media: createRateWindow({ now, cap }), confirm: createRateWindow({ now, cap }) };
  const { media, confirm } = windows;
  const slots = createSlots({ now });
  /** For each confirm that is owed to an upload: until when it is counted on. */
  let owed: number[] = [];
  let confirmsAsleep: number[] = [];
  /** How long an upload takes at the least, of late. */
  let uploadMs = 0;
  let uploadStartedAt = 0;
  /**
   * Messages to wake a window beyond those that have places in it: some of those go to other processes, and whether
   * others come in their stead shows only in what a window leaves over.
   */
  let boost = 0;
  /** Places before this time are left to messages that other processes have put to sleep. */
  let behindOthersUntil: number | undefined;

  const forgetPast = () => {
    owed = owed.filter((until) => until > now());
    confirmsAsleep = confirmsAsleep.filter((at) => at > now());
  };

  /** Uploads that may start: no more than the confirms that can follow them, past those that are owed already. */
  const freeUploads = () => {
    forgetPast();
    return Math.max(0, Math.min(media.free(), freeConfirms()));
  };

  /** For an upload that would begin now: a slow one ends in the next window. */
  const freeConfirms = () => (confirmOpensAt() > now() ? confirm.free() : confirm.share()) - owed.length;
  const confirmOpensAt = () => confirm.opensAt() - uploadMs;

  const places = () => Math.min(media.share(), confirm.share());
  const stepMs = () => Math.max(media.lengthMs(), confirm.lengthMs()) + SLACK_MS;

  const longSleepMs = () => LONGEST_SLEEP_MS * (SHORTEST_LONG_SLEEP + random() * (1 - SHORTEST_LONG_SLEEP));

  const uploadDelayMs = (): number => {
    const mediaAt = media.free() > 0 ? now() : media.opensAt();
    const confirmAt = freeConfirms() > 0 ? now() : confirmOpensAt();
    const soonestAt = Math.max(mediaAt, confirmAt);
    // Not for want of calls, but because all of them are owed: after those.
    const freeAt = soonestAt > now() ? soonestAt : now() + confirm.lengthMs();
    const opensAt = Math.max(freeAt, behindOthersUntil ?? 0);
    const at = slots.book({
      opensAt,
      firstAt: opensAt + SLACK_MS,
      until: now() + LONGEST_SLEEP_MS,
      stepMs: stepMs(),
      places: places(),
    });
    return Math.ceil(at === undefined ? longSleepMs() : at - now());
  };

  /** Confirms go first: the next window is theirs, as far as it takes them all. */
  const confirmDelayMs = (): number => {
    forgetPast();
    const windowsAhead = Math.floor(confirmsAsleep.length / confirm.share());
    const at = confirm.opensAt() + SLACK_MS / 2 + windowsAhead * stepMs();
    confirmsAsleep.push(at);
    owed.push(at + stepMs());
    return Math.ceil(at - now());
  };

  return {
    take(call) {
      if (call === 'media') {
        slots.arrive();
        if (freeUploads() < 1) return uploadDelayMs();
        media.start();
        owed.push(now() + CONFIRM_IS_DUE_WITHIN_MS);
        uploadStartedAt = now();
        return 0;
      }
      if (owed.shift() !== undefined) uploadMs = Math.min(now() - uploadStartedAt, 1.5 * uploadMs + 100);
      if (confirm.free() < 1) return confirmDelayMs();
      confirm.start();
      return 0;
    },

    bookDelayMs: (call) => (call === 'media' ? uploadDelayMs() : confirmDelayMs()),

    giveUp() {
      owed.pop();
    },

    observe(call, reading) {
      windows[call].observe(reading);
    },

    rejected(call, retryAt, reading) {
      windows[call].reject(retryAt, reading);
    },

    room() {
      const free = freeUploads();
      if (free === Number.POSITIVE_INFINITY) return free;
      const unused = media.takeUnused();
      if (unused !== undefined) boost = unused > 0 ? Math.min(boost + unused, 2 * places()) : Math.floor(boost / 2);
      return Math.max(0, Math.min(free, free - slots.expected(media.opensAt()) + boost));
    },

    bringForward: (times) => slots.bringForward(times),

    knowAsleep(messages) {
      // Later readings are full of what this process has put to sleep itself; it knows its own places.
      if (behindOthersUntil !== undefined) return;
      const aheadMs = Math.floor(Math.max(0, messages - slots.taken()) / places()) * stepMs();
      // So many that not all have places: when the last of those that have comes is not known.
      behindOthersUntil = now() + (aheadMs <= SHORTEST_LONG_SLEEP * LONGEST_SLEEP_MS ? aheadMs : 0);
    },

    drainMs: (objects) => (places() === Number.POSITIVE_INFINITY ? 0 : Math.ceil(objects / places()) * stepMs()),
  };
};
