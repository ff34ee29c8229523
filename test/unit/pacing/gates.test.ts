import { describe, expect, it } from 'vitest';
import { cases } from '../../../bench/rate-limit/cases.ts';
import { simulate } from '../../helpers/virtual/simulate.ts';

const HOUR_MS = 3_600_000;
const STOCK = { calls: 10, windowMs: 60_000 };

/** This one takes 20 s. The first test of `waiting` is a smaller one of the same kind. */
const { longerThanRetryFor: _, ...quickCases } = cases;

describe('a burst under the rate limit, in virtual time', () => {
  it.each(Object.entries(quickCases))('holds the gates of %s', { timeout: 60_000 }, async (_name, measure) => {
    const { name, gates } = await measure(1);
    const missed = gates.filter(({ holds }) => !holds);
    expect(missed, name).toEqual([]);
    expect(gates).not.toEqual([]);
  });

  it.each([2, 3])('holds the gates of one and two processes with seed %i', { timeout: 60_000 }, async (seed) => {
    for (const measure of [cases['oneProcess'], cases['sharedAddress']]) {
      const gates = (await measure?.(seed))?.gates ?? [];
      expect(gates).not.toEqual([]);
      expect(gates.filter(({ holds }) => !holds)).toEqual([]);
    }
  });
});

describe('waiting for the rate limit', () => {
  it('does not use up retryForHours: files that wait longer are posted', { timeout: 60_000 }, async () => {
    const scenario = { files: 3_000, addresses: ['a'], rateLimit: STOCK, settings: { retryForHours: 1 } };
    const result = await simulate({ ...scenario, replaceEveryMs: 2 * HOUR_MS });
    expect(result).toMatchObject({ posted: 3_000, repeated: 0, deadLetters: 0 });
    expect(result.drainMs).toBeGreaterThan(4.9 * HOUR_MS);
    expect(result.drainMs).toBeLessThan(1.1 * 299 * STOCK.windowMs);
  });

  it('adds less than 2 % to the ledger writes of a process that is not replaced', async () => {
    const files = 300;
    const limited = await simulate({ files, addresses: ['a'], rateLimit: STOCK });
    const unlimited = await simulate({ files, addresses: ['a'], rateLimit: undefined });
    expect(limited.ledger.writes).toBeLessThan(unlimited.ledger.writes * 1.02);
  });

  it('applies to maxCallsPerMinute when the server has no limit', async () => {
    const settings = { maxCallsPerMinute: 5 };
    const { calls, posted, drainMs } = await simulate({ files: 50, addresses: ['a'], rateLimit: undefined, settings });
    expect(posted).toBe(50);
    expect(drainMs).toBeLessThan(9 * 62_000 + 5_000);
    for (const { route, at } of calls) {
      const minute = calls.filter((call) => call.route === route && call.at >= at && call.at < at + 60_000);
      expect(minute.length).toBeLessThanOrEqual(5);
    }
  });

  it('is reported as ExpectedDrainTime in seconds', async () => {
    const { metrics } = await simulate({ files: 500, addresses: ['a'], rateLimit: STOCK });
    const told = metrics.get('ExpectedDrainTime') ?? [];
    expect(told[0]).toBeGreaterThan(48 * 60);
    expect(told[0]).toBeLessThan(55 * 60);
    expect(told).toEqual(told.toSorted((a, b) => b - a));
  });
});
