import { beforeEach, expect, it } from 'vitest';
import { createSlots, type Slots } from '../../../lambdas/relay/pacing/slots.ts';
import { createHandClock, type HandClock } from '../../helpers/hand-clock.ts';

const STEP_MS = 62_000;

let clock: HandClock;
let slots: Slots;
let start: number;

beforeEach(() => {
  clock = createHandClock();
  slots = createSlots(clock);
  start = clock.now();
});

const book = (overrides: Partial<Parameters<Slots['book']>[0]> = {}): number | undefined => {
  const opensAt = start + 60_000;
  const at = slots.book({
    opensAt,
    firstAt: (overrides.opensAt ?? opensAt) + 2_000,
    until: start + 3_600_000,
    stepMs: STEP_MS,
    places: 2,
    ...overrides,
  });
  return at === undefined ? undefined : (at - start) / 1_000;
};
const bookMany = (count: number, overrides?: Partial<Parameters<Slots['book']>[0]>) =>
  Array.from({ length: count }, () => book(overrides));

it('fills one slot after another', () => {
  expect(bookMany(5)).toEqual([62, 62, 124, 124, 186]);
});

it('fills a slot that there is, although it comes sooner after the opening than a new one would', () => {
  bookMany(1);
  clock.advance(1_000);
  expect(book({ opensAt: start + 61_500 })).toBe(62);
});

it('does not take a place before the opening', () => {
  bookMany(4);
  expect(book({ opensAt: start + 63_000 })).toBe(65);
});

it('gives places that became free to the next', () => {
  bookMany(6);
  slots.bringForward([start + 124_000]);
  expect(bookMany(2)).toEqual([124, 248]);
});

it('has none beyond the horizon', () => {
  expect(bookMany(5, { until: start + 130_000 })).toEqual([62, 62, 124, 124, undefined]);
});

it('expects those that are to come, until they have come or are late', () => {
  bookMany(4);
  clock.advance(62_000);
  expect(slots.expected(start + 120_000)).toBe(2);
  slots.arrive();
  expect(slots.expected(start + 120_000)).toBe(1);
  clock.advance(25_000);
  expect(slots.expected(start + 120_000)).toBe(0);
  expect(slots.taken()).toBe(2);
});

it('expects at once those that are brought forward', () => {
  bookMany(4);
  slots.bringForward([start + 124_000, start + 124_000]);
  expect(slots.expected(start)).toBe(2);
  expect(slots.taken()).toBe(2);
});
