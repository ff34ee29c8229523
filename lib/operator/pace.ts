import { setTimeout as sleep } from 'node:timers/promises';

/** Limits how many units are started per second. */
export interface Pace {
  /**
   * Resolves when `count` more units may start. The first ones may start at once.
   * @throws AbortError if the signal aborts while it waits
   */
  take(count: number): Promise<void>;
}

/**
 * @param options.perSecond units per second; undefined: no limit
 * @param options.now milliseconds, of any origin
 */
export const createPace = (options: {
  readonly perSecond: number | undefined;
  readonly signal: AbortSignal;
  readonly now?: () => number;
  readonly wait?: (delayMs: number) => Promise<void>;
}): Pace => {
  const { perSecond, signal, now = performance.now.bind(performance) } = options;
  const { wait = (delayMs: number) => sleep(delayMs, undefined, { signal }) } = options;
  // The time from which on the next unit may start. Time that was not used does not add up to a burst.
  let freeAt = Number.NEGATIVE_INFINITY;
  return {
    async take(count) {
      if (perSecond === undefined) return;
      const startsAt = Math.max(freeAt, now());
      freeAt = startsAt + (count / perSecond) * 1_000;
      const delayMs = startsAt - now();
      if (delayMs > 0) await wait(delayMs);
    },
  };
};
