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
  pacer.observe(call, { limit, remaining, resetAt: endsAt });

/** Uploads and confirms files without waiting. */
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
  it('no call waits', () => {
    for (let file = 0; file < 10_000; file += 1) {
      expect(pacer.take('media') + pacer.take('confirm')).toBe(0);
      pacer.observe('media', undefined);
      pacer.observe('confirm', undefined);
    }
    expect([pacer.countToWake(() => 0), pacer.drainMs(1_000)]).toEqual([Number.POSITIVE_INFINITY, 0]);
  });
});

describe('when a window is used up', () => {
  it('messages wake two seconds after its end at the earliest, as many at a time as a window has calls', () => {
    post(10);
    expect(secondsToWait(25)).toEqual([...Array(10).fill(62), ...Array(10).fill(124), ...Array(5).fill(186)]);
  });

  it('the next window serves the messages that wake in it, and later ones wait behind the other sleepers', () => {
    post(10);
    secondsToWait(20);
    nextWindow();
    post(10);
    expect(secondsToWait(2)).toEqual([124, 124]);
  });

  it('a message without a place within three hours sleeps for a random time between 2.25 and 3 hours', () => {
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

  it('drainMs is a window and two seconds for each ten messages', () => {
    post(10);
    expect(pacer.drainMs(1_000)).toBe(100 * 62_000);
  });
});

describe('confirms', () => {
  it('have calls reserved for them while uploads are in progress', () => {
    post(7);
    expect(pacer.take('media') + pacer.take('media') + pacer.take('media')).toBe(0);
    answer('media', 0, 20);
    // Ten more uploads could start, but the three confirms that are left belong to the three uploads in progress.
    expect(pacer.take('media')).toBeGreaterThan(0);
    expect(pacer.take('confirm') + pacer.take('confirm') + pacer.take('confirm')).toBe(0);
  });

  it('that had to wait are sent before new uploads', () => {
    post(9);
    expect(pacer.take('media')).toBe(0);
    answer('media', 0);
    pacer.take('confirm');
    pacer.rejected('confirm', endsAt, { limit: 10, remaining: 0, resetAt: endsAt });
    const confirmMs = pacer.bookDelayMs('confirm');
    const [uploadSeconds = 0] = secondsToWait(1);
    expect(confirmMs).toBe(MINUTE_MS + 1_000);
    expect(uploadSeconds).toBe(62);
    nextWindow();
    // Nine uploads, not ten: the tenth confirm of this window belongs to the file that is uploaded already.
    expect(secondsToWait(10)).toEqual([...Array(9).fill(0), 62]);
    expect(pacer.take('confirm')).toBe(0);
  });

  it('are not reserved for uploads that failed', () => {
    post(5);
    for (let file = 0; file < 5; file += 1) {
      expect(pacer.take('media')).toBe(0);
      pacer.giveUp();
    }
    answer('media', 0);
    nextWindow();
    expect(secondsToWait(10)).toEqual(Array(10).fill(0));
  });

  it('are not reserved any more when they have not come within five minutes', () => {
    post(1);
    for (let file = 0; file < 9; file += 1) pacer.take('media');
    clock.advance(5 * MINUTE_MS);
    expect(secondsToWait(10)).toEqual(Array(10).fill(0));
  });
});

describe('slow uploads', () => {
  it('may start before the window of their confirms opens', () => {
    endsAt = clock.now() + MINUTE_MS;
    for (let file = 1; file <= 10; file += 1) {
      pacer.take('media');
      answer('media', 10 - file);
    }
    clock.advance(20_000);
    const confirmEndsAt = clock.now() + MINUTE_MS;
    for (let file = 1; file <= 10; file += 1) {
      pacer.take('confirm');
      pacer.observe('confirm', { limit: 10, remaining: 10 - file, resetAt: confirmEndsAt });
    }
    clock.advance(50_000);
    // The media window is over. The confirm window lasts ten more seconds, less than an upload takes.
    expect(pacer.take('media')).toBe(0);
  });
});

describe('countToWake', () => {
  it('is 0 while the sleepers that are due will use up the window', () => {
    post(10);
    secondsToWait(10);
    nextWindow();
    post(4);
    expect(pacer.countToWake(() => 6)).toBe(0);
  });

  it('asks for the sleepers that wake before the window ends', () => {
    post(4);
    const times: number[] = [];
    pacer.countToWake((time) => times.push(time));
    expect(times).toEqual([endsAt]);
  });

  it('is what a raised limit adds, from the first answer on', () => {
    post(10);
    secondsToWait(100);
    nextWindow();
    post(10, 30);
    expect(pacer.countToWake(() => 0)).toBe(20);
    expect(pacer.countToWake(() => 20)).toBe(0);
  });

  it('is infinite when the limit is lifted for both calls', () => {
    post(10);
    nextWindow();
    pacer.take('media');
    pacer.observe('media', undefined);
    expect(pacer.countToWake(() => 0)).toBeLessThanOrEqual(10);
    pacer.take('confirm');
    pacer.observe('confirm', undefined);
    expect(pacer.countToWake(() => 0)).toBe(Number.POSITIVE_INFINITY);
  });

  it('includes as many due sleepers as the window before left calls unused', () => {
    post(10);
    nextWindow();
    post(6);
    nextWindow();
    post(5);
    // Five calls are left and five sleepers are due; four calls were left over last time.
    expect(pacer.countToWake(() => 5)).toBe(4);
  });
});

describe('releasePlaces', () => {
  it('gives the last places to the next messages', () => {
    post(10);
    secondsToWait(25);
    pacer.releasePlaces(8);
    expect(secondsToWait(4)).toEqual([124, 124, 124, 186]);
  });

  it('starts over when the limit is lifted', () => {
    post(10);
    secondsToWait(25);
    nextWindow();
    for (const call of ['media', 'confirm'] as const) {
      pacer.take(call);
      pacer.observe(call, undefined);
    }
    pacer.releasePlaces(25);
    pacer.rejected('media', undefined);
    expect(secondsToWait(1)).toEqual([62]);
  });
});

describe('calls that are refused', () => {
  it('stop all calls of the process until the window ends', () => {
    expect(pacer.take('media')).toBe(0);
    pacer.rejected('media', undefined);
    pacer.giveUp();
    expect(pacer.bookDelayMs('media')).toBeGreaterThanOrEqual(MINUTE_MS);
    expect(pacer.take('media')).toBeGreaterThanOrEqual(MINUTE_MS);
    expect(pacer.countToWake(() => 0)).toBe(0);
  });

  it('are made less and less often when the server keeps refusing', () => {
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

it('allows no more calls than maxCallsPerMinute', () => {
  pacer = createPacer({ now: clock.now, random: () => 0.5, maxCallsPerMinute: 2 });
  for (let file = 0; file < 2; file += 1) {
    expect(pacer.take('media') + pacer.take('confirm')).toBe(0);
    pacer.observe('media', undefined);
    pacer.observe('confirm', undefined);
  }
  expect(secondsToWait(3)).toEqual([62, 62, 124]);
});
