import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LONGEST_RETRY_DELAY_MS, retryDelayMs } from '../../../lambdas/relay/domain/retry-delay.ts';

describe('retryDelayMs', () => {
  it('stays between a second and an hour', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100_000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (attempt, random) => {
          const delayMs = retryDelayMs(attempt, random);
          expect(Number.isInteger(delayMs)).toBe(true);
          expect(delayMs).toBeGreaterThanOrEqual(1_000);
          expect(delayMs).toBeLessThanOrEqual(3_600_000);
        },
      ),
    );
  });

  it('doubles its upper limit with each attempt until it is an hour', () => {
    const longest = [1, 2, 3, 4, 9, 11, 12, 500].map((attempt) => retryDelayMs(attempt, 0.999_999));
    expect(longest).toEqual([2_000, 4_000, 8_000, 16_000, 511_999, 2_047_998, 3_599_996, 3_599_996]);
    expect(LONGEST_RETRY_DELAY_MS).toBe(3_600_000);
  });

  it('lets the 1,000 receives of a message last for 288 hours on average', () => {
    let totalMs = 0;
    for (let attempt = 1; attempt <= 990; attempt += 1) totalMs += retryDelayMs(attempt, 0.5);
    expect(totalMs).toBeGreaterThan(288 * 3_600_000);
  });

  it('is spread from a second to its upper limit', () => {
    expect(retryDelayMs(20, 0)).toBe(1_000);
    expect(retryDelayMs(20, 0.5)).toBe(1_800_000);
  });
});
