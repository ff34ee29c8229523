import type { IncomingHttpHeaders } from 'node:http';
import { DEFAULT_WINDOW_MS, type RateLimitReading } from '../../pacing/rate-window.ts';

/** No window of a sane server is longer; a header that says so is not believed. */
const LONGEST_WINDOW_MS = 3_600_000;
const MAX_LIMIT = 1_000_000;

/**
 * Reads `X-RateLimit-Limit`, `-Remaining` and `-Reset` (epoch milliseconds of the server's clock, ApiClass.ts of
 * Rocket.Chat). The server's `Date` header tells how far its clock is off ours. `undefined` where there is no limit.
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

/** When a refused call may be tried again: by the rate-limit headers, or by the `Retry-After` of a proxy. */
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

/** The Date header has whole seconds only, rounded down, so this is up to a second too long and never too short. */
const waitMs = (reset: number, headers: IncomingHttpHeaders, now: number): number =>
  reset - (serverNow(headers) ?? now);

// In the past by more than an answer's way takes, or beyond any window: nonsense, as seconds for milliseconds are.
const isSane = (wait: number): boolean => wait > -5_000 && wait <= LONGEST_WINDOW_MS;

/** The server's clock, to the second. */
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
