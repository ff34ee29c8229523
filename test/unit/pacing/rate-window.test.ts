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
  ...overrides,
});

/** Calls that are answered one after another by a server that has no other clients. */
const use = (calls: number, remainingBefore = 10) => {
  for (let call = 1; call <= calls; call += 1) {
    window.start();
    window.observe(reading(remainingBefore - call));
  }
};

describe('a window without rate-limit headers', () => {
  it('has no limit', () => {
    window.start();
    window.observe(undefined);
    expect([window.freeCalls(), window.callsPerWindow(), window.opensAt()]).toEqual([
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY,
      clock.now(),
    ]);
  });

  it('has the size of our own cap', () => {
    window = createRateWindow({ now: clock.now, cap: 3 });
    for (let call = 0; call < 3; call += 1) {
      window.start();
      window.observe(undefined);
    }
    expect(window.freeCalls()).toBe(0);
    expect(window.opensAt()).toBe(clock.now() + MINUTE_MS);
    clock.advance(MINUTE_MS);
    expect(window.freeCalls()).toBe(3);
  });
});

describe('a window with rate-limit headers', () => {
  it('subtracts calls that are not answered yet', () => {
    for (let call = 0; call < 4; call += 1) window.start();
    window.observe(reading(9));
    expect(window.freeCalls()).toBe(6);
  });

  it('takes the lowest count of remaining calls when answers arrive out of order', () => {
    for (let call = 0; call < 4; call += 1) window.start();
    for (const remaining of [6, 9, 7, 8]) window.observe(reading(remaining));
    expect(window.freeCalls()).toBe(6);
  });

  it('has no free calls until it ends, and all of them after that', () => {
    use(10);
    expect(window.freeCalls()).toBe(0);
    expect(window.opensAt()).toBe(endsAt);
    clock.advance(MINUTE_MS);
    expect(window.freeCalls()).toBe(10);
  });

  it('keeps the earliest end when the answers of a window differ by the rounding of the Date header', () => {
    use(3);
    window.start();
    window.observe(reading(6, { resetAt: endsAt + 900 }));
    expect(window.freeCalls()).toBe(6);
    expect(window.opensAt()).toBe(endsAt);
  });

  it("ignores a slow upload's answer about the window before", () => {
    use(9);
    window.start();
    clock.advance(MINUTE_MS);
    window.start();
    window.observe(reading(0));
    expect(window.freeCalls()).toBe(9);
  });

  it('uses a raised limit from the first answer on', () => {
    use(10);
    clock.advance(MINUTE_MS);
    window.start();
    const id = clock.now() + MINUTE_MS;
    window.observe({ limit: 50, remaining: 49, resetAt: id });
    expect([window.freeCalls(), window.callsPerWindow()]).toEqual([49, 50]);
  });

  it('has no limit any more after an answer without headers', () => {
    use(10);
    clock.advance(MINUTE_MS);
    window.start();
    window.observe(undefined);
    expect(window.freeCalls()).toBe(Number.POSITIVE_INFINITY);
  });

  it('has the length that the answer to its first call shows', () => {
    window.start();
    window.observe(reading(9, { resetAt: clock.now() + 15_000 }));
    expect(window.lengthMs()).toBe(15_000);
  });

  it('keeps its length when other clients opened the window', () => {
    window.start();
    window.observe(reading(4, { resetAt: clock.now() + 15_000 }));
    expect(window.lengthMs()).toBe(MINUTE_MS);
  });
});

describe('a window that other clients use as well', () => {
  const shared = () => {
    // Five calls of ours, but ten are used up.
    for (let call = 0; call < 5; call += 1) window.start();
    for (const remaining of [8, 6, 4, 2, 0]) window.observe(reading(remaining));
  };

  it('leaves them the calls they have made', () => {
    shared();
    expect(window.callsPerWindow()).toBe(5);
  });

  it('allows three calls before its first answer, then half of the remaining calls', () => {
    shared();
    clock.advance(MINUTE_MS);
    expect(window.freeCalls()).toBe(3);
    window.start();
    const id = clock.now() + MINUTE_MS;
    window.observe({ limit: 10, remaining: 6, resetAt: id });
    expect(window.freeCalls()).toBe(3);
  });

  it('is counted as ours alone five windows after they have stopped', () => {
    shared();
    for (let turn = 0; turn < 5; turn += 1) {
      clock.advance(MINUTE_MS);
      const id = clock.now() + MINUTE_MS;
      for (let call = 1; call <= 10; call += 1) {
        window.start();
        window.observe({ limit: 10, remaining: 10 - call, resetAt: id });
      }
    }
    expect(window.callsPerWindow()).toBe(10);
  });
});

describe('a refusal', () => {
  const pauseMs = () => window.opensAt() - clock.now();
  const refuse = (retryAt?: number, told?: RateLimitReading) => {
    window.start();
    window.reject(retryAt, told);
  };

  it('leaves no free calls until the time that the server names', () => {
    refuse(endsAt, reading(0));
    expect([window.freeCalls(), pauseMs(), window.callsPerWindow()]).toEqual([0, MINUTE_MS, 5]);
  });

  it('without headers lasts a minute and sets a limit of ten, which each further refusal halves', () => {
    const shares: number[] = [];
    for (let turn = 0; turn < 5; turn += 1) {
      refuse();
      expect(window.freeCalls()).toBe(0);
      shares.push(window.callsPerWindow());
      clock.advance(pauseMs());
    }
    expect(shares).toEqual([10, 5, 2, 1, 1]);
  });

  it('without headers is forgotten after windows without a refusal have doubled the limit beyond 1,000', () => {
    refuse();
    for (let turn = 0; turn < 12; turn += 1) {
      clock.advance(pauseMs());
      while (window.freeCalls() > 0 && window.freeCalls() < 2_000) {
        window.start();
        window.observe(undefined);
      }
    }
    expect(window.freeCalls()).toBe(Number.POSITIVE_INFINITY);
  });

  it.each([
    ['a time in the past', -5_000],
    ['the present', 0],
  ])('that names %s lasts a whole window', (_, ms) => {
    refuse(clock.now() + ms);
    expect(pauseMs()).toBe(MINUTE_MS);
  });

  it('lasts twice as long each time, up to 15 minutes, when the server keeps refusing', () => {
    const pauses: number[] = [];
    for (let turn = 0; turn < 12; turn += 1) {
      refuse(clock.now() + 100);
      pauses.push(pauseMs() / 1_000);
      clock.advance(pauseMs());
    }
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
  });

  it('of several calls at the same time counts once', () => {
    for (let call = 0; call < 5; call += 1) window.start();
    for (let call = 0; call < 5; call += 1) window.reject(clock.now() + 100, undefined);
    expect(pauseMs()).toBe(1_000);
  });
});
