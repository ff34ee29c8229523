import { describe, expect, it } from 'vitest';
import type { RelayEvent } from '../../../lib/operator/local-events.ts';
import { createSettlement } from '../../../lib/operator/settlement.ts';

const start = () => {
  const clock = { time: 1_000_000, now: () => clock.time };
  return { clock, settlement: createSettlement(clock) };
};
const common = { bucket: 'uploads', room: '#general', sizeBytes: 1 };
const posted = (key: string): RelayEvent => ({
  event: 'posted',
  ...common,
  key,
  roomId: 'R',
  messageId: 'M',
  durationMs: 1,
});
const retrying = (key: string, reason: string, delayMs = 1_000): RelayEvent => ({
  event: 'retrying',
  ...common,
  key,
  reason,
  detail: 'because',
  errorType: undefined,
  httpStatus: undefined,
  attempts: 1,
  delayMs,
});
const ignored = (key: string): RelayEvent => ({ event: 'ignored', ...common, key, reason: 'OBJECT_GONE', detail: 'x' });

describe('createSettlement', () => {
  it('has settled when each object has ended, and counts those that were posted', () => {
    const { settlement } = start();
    settlement.expect('a');
    settlement.expect('b');
    settlement.note(posted('a'));
    expect(settlement.isSettled).toBe(false);
    settlement.note(retrying('b', 'CHAT_ERROR'));
    expect(settlement.isSettled).toBe(false);
    settlement.note(ignored('b'));
    expect(settlement.isSettled).toBe(true);
    expect([settlement.posted, settlement.expected]).toEqual([1, 2]);
  });

  it('does not count what it was not told to expect', () => {
    const { settlement } = start();
    settlement.note(posted('stranger'));
    expect(settlement.posted).toBe(0);
  });

  it('counts what was never uploaded as expected and not posted', () => {
    const { settlement } = start();
    settlement.expect('a');
    settlement.giveUp('a');
    expect([settlement.isSettled, settlement.posted, settlement.expected]).toEqual([true, 0, 1]);
  });

  it('is stuck after two tries that only an operator can mend', () => {
    const { settlement } = start();
    settlement.expect('a');
    settlement.note(retrying('a', 'CREDENTIALS_REFUSED'));
    expect(settlement.stuck()).toBeUndefined();
    settlement.note(retrying('a', 'CREDENTIALS_REFUSED'));
    expect(settlement.stuck()).toBe('a waits: CREDENTIALS_REFUSED, because. To do: check the user id and the token.');
  });

  it('is stuck when nothing has settled for a minute, not sooner', () => {
    const { clock, settlement } = start();
    settlement.expect('a');
    settlement.expect('b');
    clock.time += 50_000;
    settlement.note(posted('a'));
    settlement.note(retrying('b', 'CHAT_ERROR'));
    clock.time += 59_999;
    expect(settlement.stuck()).toBeUndefined();
    clock.time += 1;
    expect(settlement.stuck()).toBe('Nothing has settled for 60 s. b waits: CHAT_ERROR, because.');
  });

  it('waits as long as the rate limit asks for, and a minute more', () => {
    const { clock, settlement } = start();
    settlement.expect('a');
    settlement.note(retrying('a', 'RATE_LIMITED', 90_000));
    clock.time += 149_999;
    expect(settlement.stuck()).toBeUndefined();
    clock.time += 1;
    expect(settlement.stuck()).toContain('RATE_LIMITED');
  });

  it('is stuck when the function crashed with something left to do', () => {
    const { settlement } = start();
    settlement.expect('a');
    settlement.crashed('it crashed');
    expect(settlement.stuck()).toBe('it crashed');
    settlement.note(posted('a'));
    expect(settlement.stuck()).toBeUndefined();
  });
});
