import { beforeEach, expect, it } from 'vitest';
import { createSleepers, type Sleeper, type Sleepers } from '../../../lambdas/relay/pacing/sleepers.ts';
import { createHandClock, type HandClock } from '../../helpers/hand-clock.ts';

let clock: HandClock;
let sleepers: Sleepers;

beforeEach(() => {
  clock = createHandClock();
  sleepers = createSleepers(clock);
});

const add = (messageId: string, sleepsMs: number, overrides: Partial<Sleeper> = {}) =>
  sleepers.add({
    messageId,
    receiptHandle: `handle of ${messageId}`,
    receiveCount: 1,
    wakesAt: clock.now() + sleepsMs,
    isUntouched: true,
    ...overrides,
  });
const wake = (count: number) => sleepers.wake(count).map(({ messageId }) => messageId);

it('wakes those first that would sleep longest', () => {
  add('a', 60_000);
  add('b', 180_000);
  add('c', 120_000);
  expect(wake(2)).toEqual(['b', 'c']);
  expect(wake(5)).toEqual(['a']);
  expect(wake(5)).toEqual([]);
});

it('wakes all where there is no limit any more', () => {
  add('a', 60_000);
  add('b', 180_000);
  expect(wake(Number.POSITIVE_INFINITY)).toHaveLength(2);
});

it('leaves those alone that wake by themselves in a moment', () => {
  add('a', 4_000);
  expect(wake(1)).toEqual([]);
});

it('knows a message again that only ever waited here', () => {
  add('a', 60_000);
  expect(sleepers.remove('a', 2)).toEqual({ isUntouched: true });
  expect(sleepers.remove('a', 2)).toEqual({ isUntouched: false });
});

it.each([
  ['somebody else has had meanwhile', {}, 3],
  ['had been begun', { isUntouched: false }, 2],
])('takes none for new that %s', (_, overrides, receiveCount) => {
  add('a', 60_000, overrides);
  expect(sleepers.remove('a', receiveCount)).toEqual({ isUntouched: false });
});

it('knows one that was woken', () => {
  add('a', 60_000);
  wake(1);
  expect(sleepers.remove('a', 2)).toEqual({ isUntouched: true });
});

it('remembers 20,000, and others when those are over', () => {
  for (let count = 0; count < 20_001; count += 1) add(`early-${count}`, 60_000);
  expect(sleepers.remove('early-20000', 2)).toEqual({ isUntouched: false });
  clock.advance(15 * 60_000);
  add('late', 60_000);
  expect(sleepers.remove('late', 2)).toEqual({ isUntouched: true });
  expect(sleepers.remove('early-0', 2)).toEqual({ isUntouched: false });
});
