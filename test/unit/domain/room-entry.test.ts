import { describe, expect, it } from 'vitest';
import { type RoomEntry, settledEntry } from '../../../lambdas/relay/domain/room-entry.ts';

const entry = (overrides: Partial<RoomEntry>): RoomEntry => ({
  room: '#a',
  roomId: 'A',
  status: 'posted',
  messageId: undefined,
  failedAt: undefined,
  hasOwner: false,
  ...overrides,
});
const dead = (overrides: Partial<RoomEntry> = {}) => entry({ status: 'dead-lettered', failedAt: 100, ...overrides });

describe('the object is settled in #a: $2', () => {
  it.each<[string, RoomEntry, boolean, object?]>([
    ['posted', entry({}), true],
    ['posted, and the room is configured by its id', entry({ room: 'general', roomId: '#a' }), true],
    ['posted into another room', entry({ room: '#b', roomId: 'B' }), false],
    ['posted by a version that did not record the name', entry({ room: undefined }), false],
    ['gone or ignored', entry({ status: 'gone' }), true],
    ['claimed', entry({ status: 'claimed' }), false],
    ['uploaded', entry({ status: 'uploaded' }), false],
    ['dead-lettered', dead(), true],
    ['dead-lettered, and redriven with its letter', dead(), false, { failedAt: 100, failedRoomId: 'A' }],
    ['dead-lettered, and redriven with an older letter', dead(), true, { failedAt: 99, failedRoomId: 'A' }],
    ['dead-lettered, and redriven with a letter of another room', dead(), true, { failedAt: 200, failedRoomId: 'B' }],
    ['dead-lettered, and redriven with a letter of no room', dead(), false, { failedAt: 100 }],
    ['dead-lettered, and a redrive works on it', dead({ hasOwner: true }), false],
    ['dead-lettered before its id was known', dead({ roomId: '#a' }), true],
    [
      'dead-lettered before its id was known, and redriven with a later letter',
      dead({ roomId: '#a' }),
      false,
      { failedAt: 200, failedRoomId: 'A' },
    ],
  ])('%s', (_, one, isSettled, redriven = {}) => {
    expect(settledEntry([one], '#a', redriven)).toBe(isSettled ? one : undefined);
  });
});
