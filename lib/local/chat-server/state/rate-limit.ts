export interface RateLimit {
  readonly calls: number;
  readonly windowMs: number;
}

/** Whether the limit allows a call, and the values of the answer's rate limit headers. */
export interface Ruling {
  readonly isAllowed: boolean;
  readonly limit: number;
  readonly remaining: number;
  /** Epoch milliseconds. */
  readonly resetAt: number;
}

export interface RateLimiter {
  /**
   * Counts a call. Returns `undefined` if there is no limit.
   * @param own the route's own limit, which replaces the general one where there is one
   */
  count(route: string, clientIp: string, own?: RateLimit): Ruling | undefined;
  /**
   * Replaces the limit and starts new windows; `undefined` removes it.
   * @param isCounted called for each call; one that is not counted has no limit, as with several servers behind a load
   *   balancer of which some have one. default: every call is counted
   */
  set(limit: RateLimit | undefined, isCounted?: () => boolean): void;
  readonly limit: RateLimit | undefined;
  /** The calls refused since the limit was set. */
  readonly refused: number;
}

interface Window {
  startedAt: number;
  readonly callsByIp: Map<string, number>;
}

/**
 * Meteor's rate limiter. Each route has a fixed window that all clients share. The first window starts when the rule is
 * set, and each later one with the first call after the previous window. Calls are counted per client address within
 * the window, refused calls included.
 */
export const createRateLimiter = (clock: { now(): number }, limit: RateLimit | undefined): RateLimiter => {
  let current = limit;
  let ruleMadeAt = clock.now();
  let isCounted = () => true;
  let refused = 0;
  const windows = new Map<string, Window>();

  const windowOf = (route: string, windowMs: number): Window => {
    const now = clock.now();
    const known = windows.get(route) ?? { startedAt: ruleMadeAt, callsByIp: new Map() };
    const window = now - known.startedAt > windowMs ? { startedAt: now, callsByIp: new Map() } : known;
    windows.set(route, window);
    return window;
  };

  return {
    count: (route, clientIp, own) => {
      if (!current || !isCounted()) return undefined;
      const rule = own ?? current;
      const window = windowOf(route, rule.windowMs);
      const calls = (window.callsByIp.get(clientIp) ?? 0) + 1;
      window.callsByIp.set(clientIp, calls);
      if (calls > rule.calls) refused += 1;
      return {
        isAllowed: calls <= rule.calls,
        limit: rule.calls,
        remaining: Math.max(0, rule.calls - calls),
        resetAt: window.startedAt + rule.windowMs,
      };
    },
    get limit() {
      return current;
    },
    get refused() {
      return refused;
    },
    set: (next, counts = () => true) => {
      current = next;
      isCounted = counts;
      refused = 0;
      ruleMadeAt = clock.now();
      windows.clear();
    },
  };
};

/** Rocket.Chat sends the reset time in epoch milliseconds, and no `Retry-After`. */
export const rateLimitHeaders = (ruling: Ruling): Record<string, string> => ({
  'X-RateLimit-Limit': String(ruling.limit),
  'X-RateLimit-Remaining': String(ruling.remaining),
  'X-RateLimit-Reset': String(ruling.resetAt),
});
