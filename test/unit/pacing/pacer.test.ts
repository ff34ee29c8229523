import { beforeEach, describe, expect, it } from 'vitest';
import { createPacer, type LimitedCall, type Pacer } from '../../../lambdas/relay/pacing/pacer.ts';
import { createHandClock, type HandClock } from '../../helpers/hand-clock.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

let clock: HandClock;
let pacer: Pacer;
let endsAt: number;

beforeEach(() => {
  clock = createHandClock();
  pacer = createPacer({ now: clock.now, random: () => 0.5 });
  endsAt = clock.now() + MINUTE_MS;
});

const answer = (call: LimitedCall, remaining: number, limit = 10) =>
  pacer.observe(call, { limit, remaining, resetAt: endsAt, windowId: endsAt });

/** Files that go through at once. */
const post = (files: number, limit = 10, remainingBefore = limit) => {
  for (let file = 1; file <= files; file += 1) {
    expect(pacer.take('media')).toBe(0);
    answer('media', remainingBefore - file, limit);
    expect(pacer.take('confirm')).toBe(0);
    answer('confirm', remainingBefore - file, limit);
  }
};
const secondsToWait = (calls: number) => Array.from({ length: calls }, () => Math.round(pacer.take('media') / 1_000));
const nextWindow = () => {
  clock.advance(endsAt + 2_000 - clock.now());
  endsAt = clock.now() + MINUTE_MS;
};

describe('without a limit', () => {
  it('nothing waits', () => {
    for (let file = 0; file < 10_000; file += 1) {
      expect(pacer.take('media') + pacer.take('confirm')).toBe(0);
      pacer.observe('media', undefined);
      pacer.observe('confirm', undefined);
    }
    expect([pacer.room(), pacer.drainMs(1_000)]).toEqual([Number.POSITIVE_INFINITY, 0]);
  });
});

describe('when a window is used up', () => {
  it('each gets its turn: as many a window as go through, two seconds after it ends at the soonest', () => {
    post(10);
    expect(secondsToWait(25)).toEqual([...Array(10).fill(62), ...Array(10).fill(124), ...Array(5).fill(186)]);
  });

  it('the next window takes those that wait, and no more', () => {
    post(10);
    secondsToWait(20);
    nextWindow();
    post(10);
    expect(secondsToWait(2)).toEqual([124, 124]);
  });

  it('none sleeps for more than three hours, and those that would come back at different times', () => {
    let random = 0;
    pacer = createPacer({ now: clock.now, random: () => random });
    post(10);
    secondsToWait(2_000);
    const delays = [0, 0.5, 0.999].map((value) => {
      random = value;
      return pacer.take('media');
    });
    expect(delays[0]).toBe(2.25 * HOUR_MS);
    expect(delays[1]).toBe(2.625 * HOUR_MS);
    expect(delays[2]).toBeLessThanOrEqual(3 * HOUR_MS);
  });

  it('tells how long a backlog takes', () => {
    post(10);
    expect(pacer.drainMs(1_000)).toBe(100 * 62_000);
  });
});

describe('confirms', () => {
  it('have calls kept for them while uploads are on their way', () => {
    post(7);
    expect(pacer.take('media') + pacer.take('media') + pacer.take('media')).toBe(0);
    answer('media', 0, 20);
    // Ten more uploads could go out, but three confirms are left, and three are owed.
    expect(pacer.take('media')).toBeGreaterThan(0);
    expect(pacer.take('confirm') + pacer.take('confirm') + pacer.take('confirm')).toBe(0);
  });

  it('of which one had to wait go before uploads', () => {
    post(9);
    expect(pacer.take('media')).toBe(0);
    answer('media', 0);
    pacer.take('confirm');
    pacer.rejected('confirm', endsAt, { limit: 10, remaining: 0, resetAt: endsAt, windowId: endsAt });
    const confirmMs = pacer.bookDelayMs('confirm');
    const [uploadSeconds = 0] = secondsToWait(1);
    expect(confirmMs).toBe(MINUTE_MS + 1_000);
    expect(uploadSeconds).toBe(62);
    nextWindow();
    // Nine uploads, not ten: the tenth confirm of this window is owed.
    expect(secondsToWait(10)).toEqual([...Array(9).fill(0), 62]);
    expect(pacer.take('confirm')).toBe(0);
  });

  it('are spread over windows when they are more than one takes', () => {
    post(10);
    const delays = Array.from({ length: 12 }, () => Math.round(pacer.take('confirm') / 1_000));
    expect(delays).toEqual([...Array(10).fill(61), 123, 123]);
  });

  it('of uploads that came to nothing are not waited for', () => {
    post(5);
    for (let file = 0; file < 5; file += 1) {
      expect(pacer.take('media')).toBe(0);
      pacer.giveUp();
    }
    answer('media', 0);
    nextWindow();
    expect(secondsToWait(10)).toEqual(Array(10).fill(0));
  });

  it('that never came are forgotten after a while', () => {
    post(1);
    for (let file = 0; file < 9; file += 1) pacer.take('media');
    clock.advance(5 * MINUTE_MS);
    expect(secondsToWait(10)).toEqual(Array(10).fill(0));
  });
});

describe('uploads that take long', () => {
  it('may begin before the window opens that their confirms will fall into', () => {
    endsAt = clock.now() + MINUTE_MS;
    for (let file = 1; file <= 10; file += 1) {
      pacer.take('media');
      answer('media', 10 - file);
    }
    clock.advance(20_000);
    const confirmEndsAt = clock.now() + MINUTE_MS;
    for (let file = 1; file <= 10; file += 1) {
      pacer.take('confirm');
      pacer.observe('confirm', { limit: 10, remaining: 10 - file, resetAt: confirmEndsAt, windowId: confirmEndsAt });
    }
    clock.advance(50_000);
    // The media window is over; the one of confirms lasts ten seconds more, and uploads at least as long as the last ones.
    expect(pacer.take('media')).toBe(0);
  });
});

describe('room for messages that sleep', () => {
  it('is none while those that are to come will fill the window', () => {
    post(10);
    secondsToWait(10);
    nextWindow();
    post(4);
    expect(pacer.room()).toBe(0);
  });

  it('is what a raised limit adds, at once', () => {
    post(10);
    secondsToWait(100);
    nextWindow();
    post(10, 30);
    expect(pacer.room()).toBe(20);
  });

  it('is not given away twice', () => {
    post(10);
    secondsToWait(100);
    nextWindow();
    post(10, 30);
    const now = clock.now();
    pacer.bringForward(Array.from({ length: pacer.room() }, () => now + 9 * 62_000));
    expect(pacer.room()).toBe(0);
  });

  it('is boundless when the limit is lifted, for both calls', () => {
    post(10);
    nextWindow();
    pacer.take('media');
    pacer.observe('media', undefined);
    expect(pacer.room()).toBeLessThanOrEqual(10);
    pacer.take('confirm');
    pacer.observe('confirm', undefined);
    expect(pacer.room()).toBe(Number.POSITIVE_INFINITY);
  });

  it('is more than there are calls for, as far as messages go elsewhere', () => {
    post(10);
    secondsToWait(20);
    nextWindow();
    post(6);
    nextWindow();
    post(5);
    // Ten were to come, of which four did not come last time: of the five that may be missing now, four are woken.
    expect(pacer.room()).toBe(4);
  });
});

describe('a process that begins while others wait', () => {
  it('places its own behind them', () => {
    post(10);
    pacer.knowAsleep(300);
    expect(secondsToWait(1)).toEqual([30 * 62 + 2]);
  });

  it('goes by the first reading: later ones are of its own messages', () => {
    post(10);
    pacer.knowAsleep(0);
    secondsToWait(1);
    pacer.knowAsleep(300);
    expect(secondsToWait(1)).toEqual([62]);
  });

  it('does not leave out hours that nobody may have planned', () => {
    post(10);
    pacer.knowAsleep(100_000);
    expect(secondsToWait(1)).toEqual([62]);
  });
});

describe('calls that are refused', () => {
  it('stop the process at once', () => {
    expect(pacer.take('media')).toBe(0);
    pacer.rejected('media', undefined);
    pacer.giveUp();
    expect(pacer.bookDelayMs('media')).toBeGreaterThanOrEqual(MINUTE_MS);
    expect(pacer.take('media')).toBeGreaterThanOrEqual(MINUTE_MS);
    expect(pacer.room()).toBe(0);
  });

  it('again and again are made less and less often', () => {
    let calls = 0;
    for (const end = clock.now() + 24 * HOUR_MS; clock.now() < end; ) {
      const delayMs = pacer.take('media');
      if (delayMs === 0) {
        calls += 1;
        pacer.rejected('media', clock.now() - 1_000);
        pacer.giveUp();
      }
      clock.advance(Math.max(delayMs, 1_000));
    }
    expect(calls).toBeLessThan(110);
  });
});

it('keeps to a cap of its own', () => {
  pacer = createPacer({ now: clock.now, random: () => 0.5, maxCallsPerMinute: 2 });
  for (let file = 0; file < 2; file += 1) {
    expect(pacer.take('media') + pacer.take('confirm')).toBe(0);
    pacer.observe('media', undefined);
    pacer.observe('confirm', undefined);
  }
  expect(secondsToWait(3)).toEqual([62, 62, 124]);
});
