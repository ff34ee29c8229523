import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { RelayEvent } from '../../../../lib/operator/local/events.ts';
import { createSettlement } from '../../../../lib/operator/local/settlement.ts';

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
/** The reasons that `docs/operating.md` calls misconfigured. */
const misconfigured = [
  ...readFileSync(new URL('../../../../docs/operating.md', import.meta.url), 'utf8').matchAll(
    /^\| `(\w+)` \| misconfigured \|/gm,
  ),
].map(([, reason]) => reason ?? '');
const ignored = (key: string): RelayEvent => ({ event: 'ignored', ...common, key, reason: 'OBJECT_GONE', detail: 'x' });

describe('createSettlement', () => {
  it('is settled when every object has ended, and counts the posted ones', () => {
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

  it('counts an object as posted if it was posted in each room that was logged', () => {
    const { settlement } = start();
    settlement.expect('a');
    settlement.note({ ...retrying('a', 'SOURCE_ERROR'), room: undefined });
    settlement.note({ ...posted('a'), room: '#a' });
    expect([settlement.isSettled, settlement.posted]).toEqual([true, 1]);
    settlement.note({ ...retrying('a', 'CHAT_ERROR'), room: '#b' });
    expect([settlement.isSettled, settlement.posted]).toEqual([false, 0]);
    settlement.note({ ...posted('a'), room: '#b' });
    expect([settlement.isSettled, settlement.posted]).toEqual([true, 1]);
  });

  it('waits for the event of a dead letter that was written', () => {
    const { settlement } = start();
    settlement.expect('a');
    settlement.note({ ...posted('a'), room: '#a' });
    settlement.expectLetter('a');
    expect(settlement.isSettled).toBe(false);
    settlement.note({ ...retrying('a', 'X'), event: 'dead-lettered', room: '#b', durationMs: 1 } as RelayEvent);
    expect([settlement.isSettled, settlement.posted, settlement.expected]).toEqual([true, 0, 1]);
  });

  it('does not count an object that was not expected', () => {
    const { settlement } = start();
    settlement.note(posted('unexpected'));
    expect(settlement.posted).toBe(0);
  });

  it('counts an object whose upload failed as expected and not posted', () => {
    const { settlement } = start();
    settlement.expect('a');
    settlement.giveUp('a');
    expect([settlement.isSettled, settlement.posted, settlement.expected]).toEqual([true, 0, 1]);
  });

  it('is stuck after two failed deliveries that need an operator', () => {
    const { settlement } = start();
    settlement.expect('a');
    settlement.note(retrying('a', 'CREDENTIALS_REFUSED'));
    expect(settlement.stuck()).toBeUndefined();
    settlement.note(retrying('a', 'CREDENTIALS_REFUSED'));
    expect(settlement.stuck()).toBe(
      'a waits: CREDENTIALS_REFUSED, because. To do: Check the user id and the token of the bot.',
    );
  });

  it('has advice for every reason that the documentation calls misconfigured', () => {
    expect(misconfigured).toContain('CREDENTIALS_REFUSED');
    for (const reason of misconfigured) {
      const { settlement } = start();
      settlement.expect('a');
      settlement.note(retrying('a', reason));
      settlement.note(retrying('a', reason));
      expect(settlement.stuck(), reason).toMatch(new RegExp(`^a waits: ${reason}, because\\. To do: \\w.+\\.$`));
    }
  });

  it('is stuck when no object has ended for one minute, and not before', () => {
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

  it('is stuck one minute after the end of the rate limit, and not before', () => {
    const { clock, settlement } = start();
    settlement.expect('a');
    settlement.note(retrying('a', 'RATE_LIMITED', 90_000));
    clock.time += 149_999;
    expect(settlement.stuck()).toBeUndefined();
    clock.time += 1;
    expect(settlement.stuck()).toContain('RATE_LIMITED');
  });

  it('is stuck when the function has crashed and objects are left', () => {
    const { settlement } = start();
    settlement.expect('a');
    settlement.crashed('it crashed');
    expect(settlement.stuck()).toBe('it crashed');
    settlement.note(posted('a'));
    expect(settlement.stuck()).toBeUndefined();
  });
});
