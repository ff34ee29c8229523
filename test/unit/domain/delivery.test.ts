import { describe, expect, it } from 'vitest';
import {
  afterNegativeLook,
  crashes,
  type Doubt,
  fileState,
  firstLookDelayMs,
  type LedgerEntry,
  recovered,
} from '../../../lambdas/relay/domain/delivery.ts';
import { START } from '../../helpers/factories.ts';

const HOUR_MS = 3_600_000;
const upload = { fileId: 'file-1', uploadedAt: START };
const entry = (overrides: Partial<LedgerEntry>): LedgerEntry => ({
  status: 'claimed',
  attempts: 1,
  releases: 0,
  failures: 0,
  retriedForMs: 0,
  ...overrides,
});

describe('fileState', () => {
  it.each<[string, Parameters<typeof fileState>[0], number, string]>([
    ['without an upload', {}, START, 'uploading'],
    ['with a doubt without an upload', { inDoubt: { looks: 1 } }, START, 'uploading'],
    ['with an upload', { upload }, START + 1, 'uploaded'],
    ['with an upload 1 ms younger than 23 hours', { upload }, START + 23 * HOUR_MS - 1, 'uploaded'],
    ['with an upload of 23 hours', { upload }, START + 23 * HOUR_MS, 'uploading'],
    ['with an upload in doubt', { upload, inDoubt: { looks: 0 } }, START, 'in-doubt'],
    ['with an old upload in doubt', { upload, inDoubt: { looks: 2 } }, START + 100 * HOUR_MS, 'in-doubt'],
  ])('of an entry %s at %i is %s', (_, entry, now, kind) => {
    expect(fileState(entry, now).kind).toBe(kind);
  });
});

/** Looks repeatedly, each time after the delay of the look before, until the state changes. */
const lookUntilDone = (confirmAgainAfterMs: number, lateMs = 0) => {
  let now = START + firstLookDelayMs(confirmAgainAfterMs);
  let doubt: Doubt = { looks: 0 };
  const looks: number[] = [];
  for (;;) {
    looks.push(now - START);
    const then = afterNegativeLook(upload, doubt, now, confirmAgainAfterMs);
    if (then.kind !== 'look-again') return { looks, then, quietMs: now - (doubt.notFoundSince ?? now) };
    expect(then.delayMs).toBeGreaterThan(0);
    doubt = then.inDoubt;
    now += then.delayMs + lateMs;
  }
};

describe('looking for a message', () => {
  it('ends after three looks and 90 seconds without a find', () => {
    const { looks, then, quietMs } = lookUntilDone(90_000);
    expect(looks).toEqual([5_000, 20_000, 95_000]);
    expect(quietMs).toBe(90_000);
    expect(then).toEqual({ kind: 'uploaded', upload });
  });

  it('ends after three looks also when they come late', () => {
    expect(lookUntilDone(90_000, 200_000).looks).toHaveLength(3);
  });

  it.each([1_000, 10_000, 600_000, 3_600_000])('takes at least three looks and %i ms', (confirmAgainAfterMs) => {
    const { looks, quietMs } = lookUntilDone(confirmAgainAfterMs);
    expect(looks.length).toBeGreaterThanOrEqual(3);
    expect(quietMs).toBeGreaterThanOrEqual(confirmAgainAfterMs);
    expect(quietMs).toBeLessThan(confirmAgainAfterMs + 60_001);
  });

  it('does not end by the number of looks alone or by the time alone', () => {
    expect(afterNegativeLook(upload, { looks: 9, notFoundSince: START }, START + 89_999, 90_000).kind).toBe(
      'look-again',
    );
    expect(afterNegativeLook(upload, { looks: 1, notFoundSince: START }, START + 900_000, 90_000).kind).toBe(
      'look-again',
    );
    expect(afterNegativeLook(upload, { looks: 2, notFoundSince: START }, START + 90_000, 90_000).kind).toBe('uploaded');
  });

  it('ends with a new upload if the old one has expired', () => {
    const now = START + 23 * HOUR_MS;
    expect(afterNegativeLook(upload, { looks: 2, notFoundSince: START }, now, 90_000)).toEqual({ kind: 'uploading' });
  });
});

describe('the entry of a delivery that died', () => {
  it('is in doubt if it has an upload', () => {
    expect(recovered(entry({ leaseOwner: 'dead', upload })).inDoubt).toEqual({ looks: 0 });
    expect(recovered(entry({ leaseOwner: 'dead', upload, inDoubt: { looks: 2, notFoundSince: 1 } })).inDoubt).toEqual({
      looks: 0,
    });
  });

  it('is unchanged if it has no upload or was released', () => {
    for (const calm of [entry({ leaseOwner: 'dead' }), entry({ upload }), entry({ upload, inDoubt: { looks: 2 } })]) {
      expect(recovered(calm)).toBe(calm);
    }
  });

  it('counts each claim without a release as a crash', () => {
    expect(crashes(entry({ attempts: 5, releases: 3 }))).toBe(2);
    expect(crashes(entry({ attempts: 5, releases: 5 }))).toBe(0);
  });
});
