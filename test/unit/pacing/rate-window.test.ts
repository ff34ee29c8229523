import { beforeEach, describe, expect, it } from 'vitest';
import { createRateWindow, type RateLimitReading, type RateWindow } from '../../../lambdas/relay/pacing/rate-window.ts';
import { createHandClock, type HandClock } from '../../helpers/hand-clock.ts';

const MINUTE_MS = 60_000;

let clock: HandClock;
let window: RateWindow;
let endsAt: number;

beforeEach(() => {
  clock = createHandClock();
  window = createRateWindow({ now: clock.now, cap: Number.POSITIVE_INFINITY });
  endsAt = clock.now() + MINUTE_MS;
});

const reading = (remaining: number, overrides: Partial<RateLimitReading> = {}): RateLimitReading => ({
  limit: 10,
  remaining,
  resetAt: endsAt,
  windowId: endsAt,
  ...overrides,
});

/** Calls that are answered one after another, as a server that nobody else uses would. */
const use = (calls: number, remainingBefore = 10) => {
  for (let call = 1; call <= calls; call += 1) {
    window.start();
    window.observe(reading(remainingBefore - call));
  }
};

describe('a window nobody has told of', () => {
  it('has no limit', () => {
    window.start();
    window.observe(undefined);
    expect([window.free(), window.share(), window.opensAt()]).toEqual([
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY,
      clock.now(),
    ]);
  });

  it('keeps to a cap of our own', () => {
    window = createRateWindow({ now: clock.now, cap: 3 });
    for (let call = 0; call < 3; call += 1) {
      window.start();
      window.observe(undefined);
    }
    expect(window.free()).toBe(0);
    expect(window.opensAt()).toBe(clock.now() + MINUTE_MS);
    clock.advance(MINUTE_MS);
    expect(window.free()).toBe(3);
  });
});

describe('a window the server tells of', () => {
  it('counts calls that are still on their way', () => {
    for (let call = 0; call < 4; call += 1) window.start();
    window.observe(reading(9));
    expect(window.free()).toBe(6);
  });

  it('is not fooled by answers that overtake each other', () => {
    for (let call = 0; call < 4; call += 1) window.start();
    for (const remaining of [6, 9, 7, 8]) window.observe(reading(remaining));
    expect(window.free()).toBe(6);
  });

  it('is used up until it ends, and then as large as it was', () => {
    use(10);
    expect(window.free()).toBe(0);
    expect(window.opensAt()).toBe(endsAt);
    clock.advance(MINUTE_MS);
    expect(window.free()).toBe(10);
  });

  it('takes the answers of a window that differ by milliseconds for the same', () => {
    use(3);
    window.start();
    window.observe(reading(6, { windowId: endsAt + 40, resetAt: endsAt + 900 }));
    expect(window.free()).toBe(6);
    expect(window.opensAt()).toBe(endsAt);
  });

  it('is another one as soon as the server says so, with the calls that are on their way', () => {
    use(9);
    window.start();
    window.start();
    const later = { windowId: endsAt + 20_000, resetAt: endsAt + 20_000 };
    window.observe(reading(9, later));
    expect(window.free()).toBe(8);
    expect(window.opensAt()).toBe(endsAt + 20_000);
  });

  it("forgets what a slow upload's answer tells of the window before", () => {
    use(9);
    window.start();
    clock.advance(MINUTE_MS);
    window.start();
    window.observe(reading(0));
    expect(window.free()).toBe(9);
  });

  it('forgets it too where the end that it tells is rounded up into the new window', () => {
    use(9);
    window.start();
    clock.advance(MINUTE_MS);
    window.start();
    const id = clock.now() + MINUTE_MS;
    window.observe(reading(9, { resetAt: id, windowId: id }));
    window.observe(reading(0, { resetAt: clock.now() + 900 }));
    expect(window.free()).toBe(9);
    expect(window.opensAt()).toBe(id);
  });

  it('takes a higher limit at once', () => {
    use(10);
    clock.advance(MINUTE_MS);
    window.start();
    const id = clock.now() + MINUTE_MS;
    window.observe({ limit: 50, remaining: 49, resetAt: id, windowId: id });
    expect([window.free(), window.share()]).toEqual([49, 50]);
  });

  it('ends for good with the first answer that tells of none', () => {
    use(10);
    clock.advance(MINUTE_MS);
    window.start();
    window.observe(undefined);
    expect(window.free()).toBe(Number.POSITIVE_INFINITY);
  });

  it('learns how long windows are from those it opens itself', () => {
    window.start();
    window.observe(reading(9, { resetAt: clock.now() + 15_000, windowId: clock.now() + 15_000 }));
    expect(window.lengthMs()).toBe(15_000);
  });

  it('does not take the rest of a window that others opened for its length', () => {
    window.start();
    window.observe(reading(4, { resetAt: clock.now() + 15_000, windowId: clock.now() + 15_000 }));
    expect(window.lengthMs()).toBe(MINUTE_MS);
  });
});

describe('a window that others use as well', () => {
  const shared = () => {
    // Five calls of ours, and ten are gone.
    for (let call = 0; call < 5; call += 1) window.start();
    for (const remaining of [8, 6, 4, 2, 0]) window.observe(reading(remaining));
  };

  it('is shared with them', () => {
    shared();
    expect(window.share()).toBe(5);
  });

  it('is begun with a few calls, and gone on with half of what is left', () => {
    shared();
    clock.advance(MINUTE_MS);
    expect(window.free()).toBe(3);
    window.start();
    const id = clock.now() + MINUTE_MS;
    window.observe({ limit: 10, remaining: 6, resetAt: id, windowId: id });
    expect(window.free()).toBe(3);
  });

  it('is ours again some windows after they have gone', () => {
    shared();
    for (let turn = 0; turn < 5; turn += 1) {
      clock.advance(MINUTE_MS);
      const id = clock.now() + MINUTE_MS;
      for (let call = 1; call <= 10; call += 1) {
        window.start();
        window.observe({ limit: 10, remaining: 10 - call, resetAt: id, windowId: id });
      }
    }
    expect(window.share()).toBe(10);
  });
});

describe('a refusal', () => {
  const pauseMs = () => window.opensAt() - clock.now();
  const refuse = (retryAt?: number, told?: RateLimitReading) => {
    window.start();
    window.reject(retryAt, told);
  };

  it('ends the window, until the time it tells', () => {
    refuse(endsAt, reading(0));
    expect([window.free(), pauseMs(), window.share()]).toEqual([0, MINUTE_MS, 5]);
  });

  it('without a word is a minute, and a guess, which is halved while it is refused', () => {
    const shares: number[] = [];
    for (let turn = 0; turn < 5; turn += 1) {
      refuse();
      expect(window.free()).toBe(0);
      shares.push(window.share());
      clock.advance(pauseMs());
    }
    expect(shares).toEqual([10, 5, 2, 1, 1]);
  });

  it('is forgotten when the guess has been kept to often enough', () => {
    refuse();
    for (let turn = 0; turn < 12; turn += 1) {
      clock.advance(pauseMs());
      while (window.free() > 0 && window.free() < 2_000) {
        window.start();
        window.observe(undefined);
      }
    }
    expect(window.free()).toBe(Number.POSITIVE_INFINITY);
  });

  it.each([
    ['in the past', -5_000],
    ['at once', 0],
  ])('with a time %s is a whole window', (_, ms) => {
    refuse(clock.now() + ms);
    expect(pauseMs()).toBe(MINUTE_MS);
  });

  it('is asked about less and less often, however near the time that it tells', () => {
    const pauses: number[] = [];
    for (let turn = 0; turn < 12; turn += 1) {
      refuse(clock.now() + 100);
      pauses.push(pauseMs() / 1_000);
      clock.advance(pauseMs());
    }
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
  });

  it('of several calls at once counts once', () => {
    for (let call = 0; call < 5; call += 1) window.start();
    for (let call = 0; call < 5; call += 1) window.reject(clock.now() + 100, undefined);
    expect(pauseMs()).toBe(1_000);
  });
});
