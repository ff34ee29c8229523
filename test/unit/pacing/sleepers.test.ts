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

it('wakes those first that would wake last', () => {
  add('a', 60_000);
  add('b', 180_000);
  add('c', 120_000);
  expect(wake(2)).toEqual(['b', 'c']);
  expect(wake(5)).toEqual(['a']);
  expect(wake(5)).toEqual([]);
});

it('wakes all sleepers when the count is infinite', () => {
  add('a', 60_000);
  add('b', 180_000);
  expect(wake(Number.POSITIVE_INFINITY)).toHaveLength(2);
});

it('does not wake a sleeper whose time has come', () => {
  add('a', 4_000);
  clock.advance(4_000);
  expect(wake(1)).toEqual([]);
});

it('reports a message as untouched once, when this process received it last', () => {
  add('a', 60_000);
  expect(sleepers.remove('a', 2)).toEqual({ isUntouched: true });
  expect(sleepers.remove('a', 2)).toEqual({ isUntouched: false });
});

it.each([
  ['another process has received', {}, 3],
  ['was begun', { isUntouched: false }, 2],
])('does not report as untouched a message that %s', (_, overrides, receiveCount) => {
  add('a', 60_000, overrides);
  expect(sleepers.remove('a', receiveCount)).toEqual({ isUntouched: false });
});

it('reports a message that was woken early as untouched', () => {
  add('a', 60_000);
  wake(1);
  expect(sleepers.remove('a', 2)).toEqual({ isUntouched: true });
});

it('remembers 20,000 messages, and more once those are ten minutes overdue', () => {
  for (let count = 0; count < 20_001; count += 1) add(`early-${count}`, 60_000);
  expect(sleepers.remove('early-20000', 2)).toEqual({ isUntouched: false });
  clock.advance(15 * 60_000);
  add('late', 60_000);
  expect(sleepers.remove('late', 2)).toEqual({ isUntouched: true });
  expect(sleepers.remove('early-0', 2)).toEqual({ isUntouched: false });
});

it('counts the sleepers that are due by a time until they are thirty seconds overdue', () => {
  add('a', 60_000);
  add('b', 60_000);
  add('c', 180_000);
  const due = () => sleepers.dueBy(clock.now() + 60_000);
  expect(due()).toBe(2);
  sleepers.remove('a', 2);
  expect(due()).toBe(1);
  clock.advance(90_000);
  expect(due()).toBe(1);
  clock.advance(1);
  expect(due()).toBe(0);
});

it('counts a sleeper that was woken early as due now', () => {
  add('a', 180_000);
  wake(1);
  expect(sleepers.dueBy(clock.now())).toBe(1);
});
