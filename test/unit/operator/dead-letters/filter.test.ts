import { describe, expect, it } from 'vitest';
import { type LetterFilter, matchKeys, matchLetters } from '../../../../lib/operator/dead-letters/filter.ts';
import type { Letter } from '../../../../lib/operator/dead-letters/letter.ts';

const letter = (values: Partial<Letter> & { key?: string; sizeBytes?: number } = {}): Letter => {
  const { key = 'reports/a.pdf', sizeBytes = 10, ...rest } = values;
  return {
    id: '1b2c3d4e-0000',
    receiptHandle: 'r',
    body: '',
    attributes: {},
    sentAt: 2_000,
    objects: [{ bucket: 'uploads', key, sizeBytes, sequencer: '00AB', eTag: 'e', createdAt: 0 }],
    isMovedBySqs: false,
    reason: 'ROOM_UNAVAILABLE',
    detail: '',
    errorType: undefined,
    httpStatus: undefined,
    roomId: 'GENERAL',
    attempts: 1,
    failedAt: 1_000,
    ...rest,
  };
};
const ROUTES = [
  { prefix: 'images/', contentTypes: ['image/*'], room: '#pictures' },
  { prefix: 'images/', room: '#rest' },
  { maxSizeBytes: 100, room: '#general' },
  { room: 'LARGE' },
];
const isSelected = (filter: LetterFilter, ...values: Parameters<typeof letter>) =>
  matchLetters(filter, ROUTES)(letter(...values));

describe('matchLetters', () => {
  it('selects every letter without a filter', () => {
    expect(isSelected({})).toBe(true);
    expect(isSelected({}, { objects: [] })).toBe(true);
  });

  it('selects by the beginning of the id, by one of several reasons, and by time', () => {
    expect(isSelected({ ids: ['zz', '1b2c'] })).toBe(true);
    expect(isSelected({ ids: ['b2c'] })).toBe(false);
    expect(isSelected({ reason: ['EMPTY_FILE', 'room_unavailable'] })).toBe(true);
    expect(isSelected({ reason: ['EMPTY_FILE'] })).toBe(false);
    expect(isSelected({ since: 1_000, until: 1_001 })).toBe(true);
    expect(isSelected({ since: 1_001 })).toBe(false);
    expect(isSelected({ until: 1_000 })).toBe(false);
  });

  it('takes the time at which it was sent for a letter without a reason', () => {
    expect(isSelected({ since: 2_000 }, { failedAt: undefined })).toBe(true);
    expect(isSelected({ until: 2_000 }, { failedAt: undefined })).toBe(false);
  });

  it('requires every condition', () => {
    expect(isSelected({ key: 'reports/*', reason: ['ROOM_UNAVAILABLE'] })).toBe(true);
    expect(isSelected({ key: 'reports/*', reason: ['EMPTY_FILE'] })).toBe(false);
  });

  it('selects by the id of the room in the letter', () => {
    expect(isSelected({ room: 'GENERAL' })).toBe(true);
    expect(isSelected({ room: 'OTHER' })).toBe(false);
  });

  it("selects by the name of the room that the object's route has, with or without #", () => {
    expect(isSelected({ room: '#general' })).toBe(true);
    expect(isSelected({ room: 'general' }, { roomId: undefined })).toBe(true);
    expect(isSelected({ room: 'LARGE' }, { roomId: undefined, sizeBytes: 101 })).toBe(true);
    expect(isSelected({ room: 'LARGE' }, { roomId: undefined, sizeBytes: 100 })).toBe(false);
  });

  it('selects only the letter of the room if the object goes to several', () => {
    const select = matchLetters({ room: '#a' }, [{ rooms: ['#a', '#b'] }]);
    expect([select(letter({ room: '#a', roomId: 'A' })), select(letter({ room: '#b', roomId: 'B' }))]).toEqual([
      true,
      false,
    ]);
    expect(select(letter({ room: '#a', roomId: undefined }))).toBe(true);
    expect(isSelected({ room: 'general' }, { room: '#general', roomId: undefined })).toBe(true);
  });

  it('selects by each room that the object may have gone to if that depends on its content type', () => {
    const image = { key: 'images/a.png', roomId: undefined };
    expect(['#pictures', '#rest', '#general'].filter((room) => isSelected({ room }, image))).toEqual([
      '#pictures',
      '#rest',
    ]);
  });

  it('selects a letter of several objects if one of them matches', () => {
    const two = letter({ key: 'a.txt' }).objects.concat(letter({ key: 'b.pdf' }).objects);
    expect(isSelected({ key: '*.pdf' }, { objects: two })).toBe(true);
    expect(isSelected({ key: '*.png' }, { objects: two })).toBe(false);
  });
});

describe('matchKeys', () => {
  it.each([
    ['reports/*.pdf', 'reports/a.pdf', true],
    ['reports/*.pdf', 'reports/2026/a.pdf', false],
    ['reports/**', 'reports/2026/.hidden', true],
    ['**/*.pdf', 'a.pdf', true],
    ['**/*.{pdf,png}', 'x/y/a.png', true],
    ['!(a).pdf', 'b.pdf', false],
    ['!a.pdf', 'b.pdf', false],
    ['#a.pdf', '#a.pdf', true],
    ['a[1].pdf', 'a[1].pdf', true],
    ['a[1].pdf', 'a1.pdf', true],
    ['a/b', 'a//b', false],
    ['a//b', 'a//b', true],
    ['a/./b', 'a/b', false],
    ['a/../b', 'b', false],
    ['größe/*', 'größe/ä ö.pdf', true],
  ])('%s and the key %s: %s', (glob, key, expected) => {
    expect(matchKeys(glob)(key)).toBe(expected);
  });
});
