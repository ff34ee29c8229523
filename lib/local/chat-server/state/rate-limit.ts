export interface RateLimit {
  readonly calls: number;
  readonly windowMs: number;
}

/** How one call fared against the limit. */
export interface Ruling {
  readonly isAllowed: boolean;
  readonly limit: number;
  readonly remaining: number;
  /** Epoch milliseconds. */
  readonly resetAt: number;
}

export interface RateLimiter {
  /** Counts a call; `undefined` where no limit holds. */
  count(route: string, clientIp: string): Ruling | undefined;
  set(limit: RateLimit | undefined): void;
}

interface Window {
  startedAt: number;
  readonly callsByIp: Map<string, number>;
}

/**
 * Meteor's rate limiter: a fixed window per route, shared by all clients, which begins when the rule is made and anew
 * with the first call after it has run out; within it, a count per client address. Refused calls count as well.
 */
export const createRateLimiter = (clock: { now(): number }, limit: RateLimit | undefined): RateLimiter => {
  let current = limit;
  let ruleMadeAt = clock.now();
  const windows = new Map<string, Window>();

  const windowOf = (route: string, windowMs: number): Window => {
    const now = clock.now();
    const known = windows.get(route) ?? { startedAt: ruleMadeAt, callsByIp: new Map() };
    const window = now - known.startedAt > windowMs ? { startedAt: now, callsByIp: new Map() } : known;
    windows.set(route, window);
    return window;
  };

  return {
    count: (route, clientIp) => {
      if (!current) return undefined;
      const window = windowOf(route, current.windowMs);
      const calls = (window.callsByIp.get(clientIp) ?? 0) + 1;
      window.callsByIp.set(clientIp, calls);
      return {
        isAllowed: calls <= current.calls,
        limit: current.calls,
        remaining: Math.max(0, current.calls - calls),
        resetAt: window.startedAt + current.windowMs,
      };
    },
    set: (next) => {
      current = next;
      ruleMadeAt = clock.now();
      windows.clear();
    },
  };
};

/** Rocket.Chat sends no `Retry-After`, and the reset in milliseconds. */
export const rateLimitHeaders = (ruling: Ruling): Record<string, string> => ({
  'X-RateLimit-Limit': String(ruling.limit),
  'X-RateLimit-Remaining': String(ruling.remaining),
  'X-RateLimit-Reset': String(ruling.resetAt),
});
