import type { IncomingHttpHeaders } from 'node:http';
import { DEFAULT_WINDOW_MS, type RateLimitReading } from '../../pacing/rate-window.ts';

/** A header that names a longer window is ignored. */
const LONGEST_WINDOW_MS = 3_600_000;
const MAX_LIMIT = 1_000_000;

/**
 * Reads `X-RateLimit-Limit`, `-Remaining` and `-Reset` (epoch milliseconds of the server's clock, ApiClass.ts of
 * Rocket.Chat). The `Date` header gives the difference between the server's clock and ours. `undefined` without a
 * limit.
 */
export const readRateLimit = (headers: IncomingHttpHeaders, now: number): RateLimitReading | undefined => {
  const limit = number(headers['x-ratelimit-limit']);
  const remaining = number(headers['x-ratelimit-remaining']);
  const reset = number(headers['x-ratelimit-reset']);
  if (limit === undefined && remaining === undefined && reset === undefined) return undefined;
  const safeLimit = Math.min(MAX_LIMIT, Math.max(1, limit ?? 1));
  return {
    limit: safeLimit,
    remaining: Math.min(safeLimit, Math.max(0, remaining ?? 0)),
    resetAt: resetAt(reset, headers, now),
  };
};

/**
 * When a rejected call may be repeated, by the rate-limit headers or by a proxy's `Retry-After`; epoch milliseconds.
 */
export const readRetryAt = (headers: IncomingHttpHeaders, now: number): number | undefined => {
  const reset = number(headers['x-ratelimit-reset']);
  if (reset !== undefined) return resetAt(reset, headers, now);
  const seconds = number(headers['retry-after']);
  return seconds === undefined ? undefined : now + Math.min(LONGEST_WINDOW_MS, Math.max(1_000, seconds * 1_000));
};

const resetAt = (reset: number | undefined, headers: IncomingHttpHeaders, now: number): number => {
  if (reset === undefined) return now + DEFAULT_WINDOW_MS;
  const wait = waitMs(reset, headers, now);
  return now + (isSane(wait) ? Math.max(0, wait) : DEFAULT_WINDOW_MS);
};

/** The Date header has whole seconds, rounded down, so the result is up to a second too long and never too short. */
const waitMs = (reset: number, headers: IncomingHttpHeaders, now: number): number =>
  reset - (serverNow(headers) ?? now);

// A time further in the past than an answer takes, or beyond the longest window, is wrong: seconds instead of
// milliseconds, for example.
const isSane = (wait: number): boolean => wait > -5_000 && wait <= LONGEST_WINDOW_MS;

/** The server's time by the Date header, in epoch milliseconds with a resolution of a second. */
export const serverNow = (headers: IncomingHttpHeaders): number | undefined => {
  const time = Date.parse(headers.date ?? '');
  return Number.isNaN(time) ? undefined : time;
};

const number = (header: string | string[] | undefined): number | undefined => {
  const text = Array.isArray(header) ? header[0] : header;
  if (text === undefined || text.trim() === '') return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
};
