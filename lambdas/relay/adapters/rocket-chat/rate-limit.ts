import type { IncomingHttpHeaders } from 'node:http';
import { DEFAULT_WINDOW_MS, type RateLimitReading } from '../../pacing/rate-window.ts';

/** A header that names a longer window is ignored. */
const LONGEST_WINDOW_MS = 3_600_000;
const MAX_LIMIT = 1_000_000;

/**
 * Reads `X-RateLimit-Limit`, `-Remaining` and `-Reset` (epoch milliseconds of the server's clock, ApiClass.ts of
 * Rocket.Chat). The `Date` header gives the difference between the server's clock and ours. `undefined` without a
 * readable limit and a readable number of remaining calls.
 *
 * A gateway in front of the server may add headers of its own, so each can have several values, and some may not be
 * numbers. The smallest limit, the smallest remaining and the latest plausible reset are used.
 */
export const readRateLimit = (headers: IncomingHttpHeaders, now: number): RateLimitReading | undefined => {
  const limits = numbers(headers['x-ratelimit-limit']);
  const remaining = numbers(headers['x-ratelimit-remaining']);
  if (limits.length === 0 || remaining.length === 0) return undefined;
  const limit = Math.min(MAX_LIMIT, Math.max(1, Math.min(...limits)));
  const reset = plausibleReset(headers, now);
  return {
    limit,
    remaining: Math.min(limit, Math.max(0, Math.min(...remaining))),
    resetAt: reset === undefined ? now + DEFAULT_WINDOW_MS : resetAt(reset, headers, now),
  };
};

/**
 * When a rejected call may be repeated, by the rate-limit headers or by a proxy's `Retry-After`; epoch milliseconds.
 */
export const readRetryAt = (headers: IncomingHttpHeaders, now: number): number | undefined => {
  const reset = plausibleReset(headers, now);
  if (reset !== undefined) return resetAt(reset, headers, now);
  const seconds = numbers(headers['retry-after']);
  if (seconds.length > 0) return now + Math.min(LONGEST_WINDOW_MS, Math.max(1_000, Math.max(...seconds) * 1_000));
  return numbers(headers['x-ratelimit-reset']).length > 0 ? now + DEFAULT_WINDOW_MS : undefined;
};

const plausibleReset = (headers: IncomingHttpHeaders, now: number): number | undefined => {
  const plausible = numbers(headers['x-ratelimit-reset']).filter((reset) => isSane(waitMs(reset, headers, now)));
  return plausible.length === 0 ? undefined : Math.max(...plausible);
};

const resetAt = (reset: number, headers: IncomingHttpHeaders, now: number): number =>
  now + Math.max(0, waitMs(reset, headers, now));

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

/** The numbers of a header. Node joins the values of a repeated header with commas. */
const numbers = (header: string | string[] | undefined): number[] =>
  [header ?? []]
    .flat()
    .flatMap((text) => text.split(','))
    .filter((text) => text.trim() !== '')
    .map(Number)
    .filter(Number.isFinite);
