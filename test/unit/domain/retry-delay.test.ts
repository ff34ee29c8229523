import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { retryDelayMs } from '../../../lambdas/relay/domain/retry-delay.ts';

describe('retryDelayMs', () => {
  it('stays between a second and a quarter of an hour', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100_000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (attempt, random) => {
          const delayMs = retryDelayMs(attempt, random);
          expect(Number.isInteger(delayMs)).toBe(true);
          expect(delayMs).toBeGreaterThanOrEqual(1_000);
          expect(delayMs).toBeLessThanOrEqual(15 * 60_000);
        },
      ),
    );
  });

  it('has an upper limit that doubles with each attempt, up to the longest delay', () => {
    const longest = [1, 2, 3, 4, 9, 10, 11, 500].map((attempt) => retryDelayMs(attempt, 0.999_999));
    expect(longest).toEqual([2_000, 4_000, 8_000, 16_000, 511_999, 899_999, 899_999, 899_999]);
  });

  it('is spread over the whole range up to that limit', () => {
    expect(retryDelayMs(20, 0)).toBe(1_000);
    expect(retryDelayMs(20, 0.5)).toBe(450_000);
  });
});
