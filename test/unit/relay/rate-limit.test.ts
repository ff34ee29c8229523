import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readRateLimit, readRetryAt } from '../../../lambdas/relay/adapters/rocket-chat/rate-limit.ts';
import { START } from '../../helpers/factories.ts';

const headers = (limit: unknown, remaining: unknown, reset: unknown, more: Record<string, string> = {}) => ({
  ...(limit === undefined ? {} : { 'x-ratelimit-limit': String(limit) }),
  ...(remaining === undefined ? {} : { 'x-ratelimit-remaining': String(remaining) }),
  ...(reset === undefined ? {} : { 'x-ratelimit-reset': String(reset) }),
  ...more,
});
const dateHeader = (time: number) => ({ date: new Date(time).toUTCString() });

describe('readRateLimit', () => {
  it('reads the headers of Rocket.Chat', () => {
    expect(readRateLimit(headers(10, 7, START + 42_000), START)).toMatchObject({
      limit: 10,
      remaining: 7,
      resetAt: START + 42_000,
    });
  });

  it.each<[string, Record<string, string>]>([
    ['without headers', {}],
    ['without a readable limit', headers('many', 3, START)],
    ['without a limit', headers(undefined, 3, START)],
    ['without a readable remaining', headers(10, 'unlimited, ', START)],
    ['without a remaining', headers(10, undefined, START)],
  ])('returns undefined %s', (_, given) => {
    expect(readRateLimit(given, START)).toBeUndefined();
  });

  // Node joins the values of a header that a gateway and the server both send.
  it.each<[string, unknown, unknown, unknown, object]>([
    ['the smallest limit', '100, 10', '50, 7', START + 9_000, { limit: 10, remaining: 7 }],
    ['the smallest limit in any order', '10, 100', '7, 50', START + 9_000, { limit: 10, remaining: 7 }],
    ['the number beside a text', '100;w=60, 10', 'none, 7', START + 9_000, { limit: 10, remaining: 7 }],
    ['the plausible reset', '100, 10', '50, 7', `30, ${START + 9_000}`, { resetAt: START + 9_000 }],
    ['the later of two plausible resets', 10, 7, `${START + 9_000}, ${START + 20_000}`, { resetAt: START + 20_000 }],
    ['a default for two resets that are not plausible', 10, 7, 'soon, 30', { resetAt: START + 60_000 }],
  ])('takes %s of doubled headers', (_, limit, remaining, reset, expected) => {
    expect(readRateLimit(headers(limit, remaining, reset), START)).toMatchObject(expected);
  });

  it.each<[string, unknown, unknown, unknown, object]>([
    ['no reset', 10, 3, undefined, { resetAt: START + 60_000 }],
    ['a limit of zero', 0, 0, START, { limit: 1, remaining: 0 }],
    ['negative numbers', -5, -7, START, { limit: 1, remaining: 0 }],
    ['more remaining than the limit', 10, 9_999, START, { limit: 10, remaining: 10 }],
    ['an absurd limit', 1e300, 5, START, { limit: 1_000_000, remaining: 5 }],
    ['a reset in seconds instead of milliseconds', 10, 0, Math.floor(START / 1_000) + 30, { resetAt: START + 60_000 }],
    ['a reset in seconds from now', 10, 0, 30, { resetAt: START + 60_000 }],
    ['a reset in microseconds', 10, 0, START * 1_000, { resetAt: START + 60_000 }],
    ['a reset a few seconds ago', 10, 0, START - 3_000, { resetAt: START }],
    ['a reset long ago', 10, 0, START - 3_600_000, { resetAt: START + 60_000 }],
    ['a reset in hours', 10, 0, START + 2 * 3_600_000, { resetAt: START + 60_000 }],
    ['an infinite reset', 10, 0, 'Infinity', { resetAt: START + 60_000 }],
    ['a reset that is not a number', 10, 0, 'soon', { resetAt: START + 60_000 }],
  ])('corrects headers with %s', (_, limit, remaining, reset, expected) => {
    expect(readRateLimit(headers(limit, remaining, reset), START)).toMatchObject(expected);
  });

  it.each([-40, -5, 5, 40])("uses the server's Date header if its clock is %i minutes off", (minutes) => {
    const serverTime = START + minutes * 60_000;
    const reading = readRateLimit(headers(10, 0, serverTime + 20_000, dateHeader(serverTime)), START);
    expect(reading?.resetAt).toBe(START + 20_000);
  });

  it('ignores an invalid Date header', () => {
    expect(readRateLimit(headers(10, 0, START + 20_000, { date: 'today' }), START)?.resetAt).toBe(START + 20_000);
  });

  it('returns values within their bounds for any headers', () => {
    const value = fc.oneof(
      fc.string(),
      fc.double().map(String),
      fc.maxSafeInteger().map(String),
      fc.constant(undefined),
    );
    fc.assert(
      fc.property(value, value, value, value, (limit, remaining, reset, date) => {
        const reading = readRateLimit(headers(limit, remaining, reset, date === undefined ? {} : { date }), START);
        if (reading === undefined) return;
        expect(reading.limit).toBeGreaterThanOrEqual(1);
        expect(reading.remaining).toBeGreaterThanOrEqual(0);
        expect(reading.remaining).toBeLessThanOrEqual(reading.limit);
        expect(reading.resetAt).toBeGreaterThanOrEqual(START);
        expect(reading.resetAt).toBeLessThanOrEqual(START + 3_600_000);
      }),
    );
  });
});

describe('readRetryAt', () => {
  it.each<[string, Record<string, string>, number | undefined]>([
    ['the end of the window for the rate-limit headers', headers(10, 0, START + 9_000), START + 9_000],
    ['the time that Retry-After names', { 'retry-after': '7' }, START + 7_000],
    ['the end of the window if there are both', headers(10, 0, START + 9_000, { 'retry-after': '7' }), START + 9_000],
    ['Retry-After beside a reset that is not plausible', headers(10, 0, 30, { 'retry-after': '7' }), START + 7_000],
    ['a default window for a reset that is not plausible', headers(10, 0, 30), START + 60_000],
    ['the longer of two times in Retry-After', { 'retry-after': '7, 9' }, START + 9_000],
    ['a second for Retry-After 0', { 'retry-after': '0' }, START + 1_000],
    ['at most an hour for Retry-After', { 'retry-after': '31536000' }, START + 3_600_000],
    ['undefined for a date in Retry-After', { 'retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT' }, undefined],
    ['undefined without headers', {}, undefined],
  ])('returns %s', (_, given, retryAt) => {
    expect(readRetryAt(given, START)).toBe(retryAt);
  });
});
