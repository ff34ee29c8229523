import { describe, expect, it } from 'vitest';
import { safetyOf } from '../../../lib/operator/pause/safe-until.ts';

const DAY = 86_400_000;

describe('safetyOf', () => {
  it('counts from the age of the oldest message to the end of the retention', () => {
    expect(safetyOf(14 * DAY, 4 * DAY, 1_000)).toEqual({ until: 1_000 + 10 * DAY, leftMs: 10 * DAY, isNear: false });
  });

  it('is near in the last two days, or in the last quarter of a short retention', () => {
    expect(safetyOf(14 * DAY, 12 * DAY, 0).isNear).toBe(false);
    expect(safetyOf(14 * DAY, 12 * DAY + 1, 0).isNear).toBe(true);
    expect(safetyOf(DAY, 0.75 * DAY, 0).isNear).toBe(false);
    expect(safetyOf(DAY, 0.75 * DAY + 1, 0).isNear).toBe(true);
  });

  it('leaves no negative time', () => {
    expect(safetyOf(DAY, 2 * DAY, 5)).toEqual({ until: 5, leftMs: 0, isNear: true });
  });
});
