import { describe, expect, it } from 'vitest';
import type { LedgerItem } from '../../../../lib/operator/ledger/ledger-items.ts';
import { judge, STUCK_AFTER_MS, State } from '../../../../lib/operator/survey/judge.ts';

const DAY = 86_400_000;
const NOW = Date.parse('2026-11-24T12:00:00Z');
const KEPT = 365 * DAY;
/** When an item expires whose last claim was so long ago. */
const claimed = (agoMs: number) => NOW - agoMs + KEPT;

const item = (values: Partial<LedgerItem>): LedgerItem => ({
  version: '00AB'.padEnd(32, '0'),
  roomId: 'GENERAL',
  eTag: 'e1',
  sizeBytes: 3,
  lastError: undefined,
  expiresAt: claimed(60_000),
  status: 'posted',
  attempts: 1,
  releases: 0,
  failures: 0,
  retriedForMs: 0,
  ...values,
});
const stateOf = (items: readonly LedgerItem[], roomId: string | undefined = 'GENERAL') =>
  judge(items, { eTag: 'e1', room: '#general', roomId, now: NOW, letterKeptMs: 14 * DAY, itemKeptMs: KEPT }).state;

describe('judge', () => {
  it('finds an object that was posted, also without a sequencer', () => {
    expect(stateOf([item({ messageId: 'm1' })])).toBe(State.Posted);
    expect(stateOf([item({ version: 'etag-e1', messageId: 'm1' })])).toBe(State.Posted);
  });

  it('counts only items of the same content and room', () => {
    expect(stateOf([item({ eTag: 'e0' })])).toBe(State.NeverPosted);
    expect(stateOf([item({ roomId: 'OTHER' })])).toBe(State.NeverPosted);
    expect(stateOf([])).toBe(State.NeverPosted);
  });

  it('finds an overwrite that the route does not post, and does not count it as never posted', () => {
    const ignored = item({ status: 'gone', ignoredAt: NOW - DAY, lastError: 'only the first version' });
    expect(stateOf([item({ eTag: 'e0', messageId: 'm1' }), ignored])).toBe(State.Ignored);
    expect(stateOf([ignored, item({ version: 'etag-e1', messageId: 'm1' })])).toBe(State.Posted);
    expect(stateOf([item({ status: 'gone', lastError: 'OBJECT_GONE' })])).toBe(State.NeverPosted);
  });

  it('knows the room by the name that the route gives it, also if its id is not known', () => {
    const byName = (room: string, items: readonly LedgerItem[]) =>
      judge(items, { eTag: 'e1', room, roomId: undefined, now: NOW, letterKeptMs: 14 * DAY, itemKeptMs: KEPT }).state;
    const sales = item({ room: '#sales', roomId: 'SALES', messageId: 'm1' });
    expect(byName('#sales', [sales])).toBe(State.Posted);
    // Posted in one of its rooms, not in the other.
    expect(byName('@anna', [sales])).toBe(State.NeverPosted);
    // Earlier versions of the relay wrote no names.
    expect(byName('@anna', [item({ roomId: 'OTHER' })])).toBe(State.Posted);
  });

  it('finds two messages of the same content in a room', () => {
    const first = item({ messageId: 'm1' });
    expect(stateOf([first, item({ version: 'etag-e1', messageId: 'm2' })])).toBe(State.PostedTwice);
    expect(stateOf([first, item({ version: 'etag-e1', messageId: 'm1' })])).toBe(State.Posted);
    expect(stateOf([first, item({ version: 'etag-e1', status: 'gone' })])).toBe(State.Posted);
  });

  it('finds what is pending, and what has not been tried for longer than a message can sleep', () => {
    expect(stateOf([item({ status: 'claimed' })])).toBe(State.Pending);
    expect(stateOf([item({ status: 'uploaded', expiresAt: claimed(STUCK_AFTER_MS) })])).toBe(State.Pending);
    expect(stateOf([item({ status: 'uploaded', expiresAt: claimed(STUCK_AFTER_MS + 1) })])).toBe(State.Stuck);
    const held = { status: 'claimed', expiresAt: claimed(STUCK_AFTER_MS + 1), leaseExpiresAt: NOW + 1 } as const;
    expect(stateOf([item(held)])).toBe(State.Pending);
    expect(stateOf([item({ status: 'claimed', expiresAt: undefined })])).toBe(State.Pending);
  });

  it('takes a dead letter for one only as long as the queue keeps it', () => {
    expect(stateOf([item({ status: 'dead-lettered', failedAt: NOW - 13 * DAY })])).toBe(State.DeadLettered);
    expect(stateOf([item({ status: 'dead-lettered', failedAt: NOW - 14 * DAY })])).toBe(State.NeverPosted);
  });

  it('takes a posted object for posted although another copy of its event is pending or failed', () => {
    expect(stateOf([item({ messageId: 'm' }), item({ status: 'claimed', version: 'etag-e1' })])).toBe(State.Posted);
    expect(stateOf([item({ status: 'dead-lettered', failedAt: NOW }), item({ version: 'etag-e1' })])).toBe(
      State.Posted,
    );
  });
});
