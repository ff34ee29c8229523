import { describe, expect, it } from 'vitest';
import { cases } from '../../../bench/rate-limit/cases.ts';
import { simulate } from '../../helpers/virtual/simulate.ts';

const HOUR_MS = 3_600_000;
const STOCK = { calls: 10, windowMs: 60_000 };

/** The largest takes seconds; a smaller one of the same kind is below. */
const { longerThanRetryFor: _, ...quickCases } = cases;

describe('a burst under the rate limit, in virtual time', () => {
  it.each(Object.entries(quickCases))('%s', { timeout: 60_000 }, async (_name, measure) => {
    const { name, gates } = await measure();
    const missed = gates.filter(({ holds }) => !holds);
    expect(missed, name).toEqual([]);
    expect(gates).not.toEqual([]);
  });

  it.each([1, 2, 3, 4, 5, 6])(
    'keeps what it promises with other chances: seed %i',
    { timeout: 60_000 },
    async (seed) => {
      const [one, shared] = [
        await simulate({ seed, files: 1_000, addresses: ['a'], rateLimit: STOCK }),
        await simulate({ seed, files: 1_000, addresses: ['a', 'a'], rateLimit: STOCK }),
      ];
      const idealMs = 99 * STOCK.windowMs;
      expect(one.drainMs / idealMs).toBeLessThan(1.1);
      expect(one.receives.average).toBeLessThan(4);
      expect(one.receives.most).toBeLessThanOrEqual(12);
      expect(one.rejectedInAWindow).toBeLessThanOrEqual(2);
      expect(shared.drainMs / idealMs).toBeLessThan(1.2);
      expect(shared.rejectedInAWindow).toBeLessThanOrEqual(4);
      for (const { posted, repeated, deadLetters } of [one, shared]) {
        expect({ posted, repeated, deadLetters }).toEqual({ posted: 1_000, repeated: 0, deadLetters: 0 });
      }
    },
  );
});

describe('waiting', () => {
  it('costs no retries: what waits longer than they last is posted all the same', { timeout: 60_000 }, async () => {
    const scenario = { files: 3_000, addresses: ['a'], rateLimit: STOCK, settings: { retryForHours: 1 } };
    const result = await simulate({ ...scenario, replaceEveryMs: 2 * HOUR_MS });
    expect(result).toMatchObject({ posted: 3_000, repeated: 0, deadLetters: 0 });
    expect(result.drainMs).toBeGreaterThan(4.9 * HOUR_MS);
    expect(result.drainMs).toBeLessThan(1.1 * 299 * STOCK.windowMs);
  });

  it('costs the ledger nothing in a process that keeps running', async () => {
    const files = 300;
    const limited = await simulate({ files, addresses: ['a'], rateLimit: STOCK });
    const unlimited = await simulate({ files, addresses: ['a'], rateLimit: undefined });
    expect(limited.ledger.writes).toBeLessThan(unlimited.ledger.writes * 1.02);
  });

  it('keeps to a cap of its own where the server has no limit', async () => {
    const settings = { maxCallsPerMinute: 5 };
    const { calls, posted, drainMs } = await simulate({ files: 50, addresses: ['a'], rateLimit: undefined, settings });
    expect(posted).toBe(50);
    expect(drainMs).toBeLessThan(9 * 62_000 + 5_000);
    for (const { route, at } of calls) {
      const minute = calls.filter((call) => call.route === route && call.at >= at && call.at < at + 60_000);
      expect(minute.length).toBeLessThanOrEqual(5);
    }
  });

  it('is told in seconds', async () => {
    const { metrics } = await simulate({ files: 500, addresses: ['a'], rateLimit: STOCK });
    const told = metrics.get('ExpectedDrainTime') ?? [];
    expect(told[0]).toBeGreaterThan(48 * 60);
    expect(told[0]).toBeLessThan(55 * 60);
    expect(told).toEqual(told.toSorted((a, b) => b - a));
  });
});
