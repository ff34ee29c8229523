import { describe, expect, it } from 'vitest';
import {
  afterConfirmInDoubt,
  afterDrop,
  afterNegativeLook,
  crashes,
  type Doubt,
  fileState,
  firstLookDelayMs,
  forRedrive,
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

const at = (now: number) => ({ askedAt: now, answeredAt: now });

/** Looks repeatedly, each time after the delay of the look before, until the state changes. */
const lookUntilDone = (confirmAgainAfterMs: number, { lateMs = 0, answersInMs = 0 } = {}) => {
  let now = START + firstLookDelayMs(confirmAgainAfterMs);
  let doubt: Doubt = { looks: 0 };
  const looks: number[] = [];
  for (;;) {
    looks.push(now - START);
    const times = { askedAt: now, answeredAt: now + answersInMs };
    const { inDoubt, next } = afterNegativeLook(upload, doubt, times, confirmAgainAfterMs);
    if (next.kind !== 'look-again') return { looks, next, quietMs: now - (inDoubt.notFoundSince ?? now) };
    expect(next.delayMs).toBeGreaterThan(0);
    doubt = inDoubt;
    now += answersInMs + next.delayMs + lateMs;
  }
};

describe('looking for a message', () => {
  it('ends after three looks and 90 seconds without a find', () => {
    const { looks, next, quietMs } = lookUntilDone(90_000);
    expect(looks).toEqual([5_000, 20_000, 95_000]);
    expect(quietMs).toBe(90_000);
    expect(next).toEqual({ kind: 'uploaded', upload });
  });

  it('ends after three looks also when they come late', () => {
    expect(lookUntilDone(90_000, { lateMs: 200_000 }).looks).toHaveLength(3);
  });

  it.each([1_000, 10_000, 600_000, 3_600_000])('takes at least three looks and %i ms', (confirmAgainAfterMs) => {
    const { looks, quietMs } = lookUntilDone(confirmAgainAfterMs);
    expect(looks.length).toBeGreaterThanOrEqual(3);
    expect(quietMs).toBeGreaterThanOrEqual(confirmAgainAfterMs);
    expect(quietMs).toBeLessThan(confirmAgainAfterMs + 60_001);
  });

  it('does not end by the number of looks alone or by the time alone', () => {
    const stateAfter = (looks: number, now: number) =>
      afterNegativeLook(upload, { looks, notFoundSince: START }, at(now), 90_000).next.kind;
    expect(stateAfter(9, START + 89_999)).toBe('look-again');
    expect(stateAfter(1, START + 900_000)).toBe('look-again');
    expect(stateAfter(2, START + 90_000)).toBe('uploaded');
  });

  it('counts the time from the first answer to the last request, not the time that the looks took', () => {
    const first = afterNegativeLook(upload, { looks: 0 }, { askedAt: START, answeredAt: START + 70_000 }, 90_000);
    expect(first.inDoubt).toEqual({ looks: 1, notFoundSince: START + 70_000 });
    const doubt = { looks: 2, notFoundSince: START };
    const frozen = { askedAt: START + 20_000, answeredAt: START + 117_000 };
    expect(afterNegativeLook(upload, doubt, frozen, 90_000).next.kind).toBe('look-again');
    expect(lookUntilDone(90_000, { answersInMs: 30_000 }).quietMs).toBeGreaterThanOrEqual(90_000);
  });

  it('ends with a new upload if the old one has expired', () => {
    const now = at(START + 23 * HOUR_MS);
    expect(afterNegativeLook(upload, { looks: 2, notFoundSince: START }, now, 90_000).next).toEqual({
      kind: 'uploading',
    });
  });
});

describe('an upload whose message was dropped', () => {
  const looked = (drops: number) => ({ looks: 2, notFoundSince: START, drops });

  it.each([
    [1, 'uploaded'],
    [2, 'uploaded'],
    [3, 'dropped'],
  ])('after %i drops and its looks is %s', (drops, kind) => {
    expect(afterNegativeLook(upload, looked(drops), at(START + 90_000), 90_000).next.kind).toBe(kind);
  });

  it('does not expire, because the server counts it as confirmed', () => {
    const now = at(START + 100 * HOUR_MS);
    expect(afterNegativeLook(upload, looked(1), now, 90_000).next).toEqual({ kind: 'uploaded', upload });
  });

  it('keeps its drops through further doubts and looks', () => {
    const once = afterDrop(undefined);
    expect(once).toEqual({ looks: 0, drops: 1 });
    expect(afterDrop({ ...once, looks: 3, notFoundSince: START })).toEqual({ looks: 0, drops: 2 });
    expect(afterConfirmInDoubt(once)).toEqual({ looks: 0, drops: 1 });
    expect(afterNegativeLook(upload, once, at(START), 90_000).inDoubt.drops).toBe(1);
    expect(recovered(entry({ leaseOwner: 'dead', upload, inDoubt: looked(2) })).inDoubt).toEqual({
      looks: 0,
      drops: 2,
    });
  });

  it('may be confirmed again by a redrive, which still knows of the drop', () => {
    expect(forRedrive(looked(3))?.drops).toBe(1);
    expect(forRedrive({ looks: 3 })).toEqual({ looks: 3 });
    expect(forRedrive(undefined)).toBeUndefined();
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
