import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { suspectLoop } from '../../../lambdas/relay/domain/loop-guard.ts';

const UNIQUE_ID = '0c8a7f4e-6f5b-4d4c-9a50-1d2b7c9a3e11';
const ROOM_ID = 'ByehQjC44FwMeiLbX';
const USER_ID = 'rbAXPnMktTFbNpwtJ';
const FILE_ID = 'Jn3Bd8xk7cZqW2tRa';

describe('a key that Rocket.Chat wrote', () => {
  it.each([
    ['of a channel', `${UNIQUE_ID}/uploads/${ROOM_ID}/${USER_ID}/${FILE_ID}`, USER_ID],
    ['of the general channel', `${UNIQUE_ID}/uploads/GENERAL/${USER_ID}/${FILE_ID}`, USER_ID],
    ['of a direct room', `${UNIQUE_ID}/uploads/${ROOM_ID}${USER_ID}/${USER_ID}/${FILE_ID}`, USER_ID],
    [
      'of a direct room with rocket.cat',
      `${UNIQUE_ID}/uploads/${USER_ID}rocket.cat/rocket.cat/${FILE_ID}`,
      'rocket.cat',
    ],
    ['of a livechat visitor', `${UNIQUE_ID}/uploads/${ROOM_ID}/undefined/${FILE_ID}`, 'undefined'],
    ['of an older server', `yKcQ7ZhNmR4pT2xWd/uploads/${ROOM_ID}/${USER_ID}/${FILE_ID}`, USER_ID],
    ['of a server with a chosen unique id', `acme-chat/uploads/${ROOM_ID}/${USER_ID}/${FILE_ID}`, USER_ID],
  ])('%s is recognised as exact', (_, key, uploaderId) => {
    expect(suspectLoop(key)).toEqual({ uploaderId, isExact: true });
  });
});

describe('a key that resembles one of Rocket.Chat', () => {
  it.each([
    ['behind a prefix', `replica/${UNIQUE_ID}/uploads/${ROOM_ID}/${USER_ID}/${FILE_ID}`, USER_ID],
    ['with a file name instead of an id', `${UNIQUE_ID}/uploads/${ROOM_ID}/${USER_ID}/report.pdf`, USER_ID],
    [
      'with a character that ids do not contain',
      `${UNIQUE_ID}/uploads/${ROOM_ID}/${USER_ID}/Jn3Bd8xk7cZqW2tR0`,
      USER_ID,
    ],
    ['with an id that is too long', `${UNIQUE_ID}/uploads/${ROOM_ID}/${USER_ID}/${FILE_ID}x`, USER_ID],
    ['with a word instead of a user id', `team/uploads/reports/marketing/${FILE_ID}`, 'marketing'],
    ['with an invalid room id', `team/uploads/a room/${USER_ID}/${FILE_ID}`, USER_ID],
    ['with an empty unique id', `/uploads/${ROOM_ID}/${USER_ID}/${FILE_ID}`, USER_ID],
    ['with folders that a person named', 'acme/uploads/2026/march/weekly', 'march'],
  ])('%s is reported with its uploader and as not exact', (_, key, uploaderId) => {
    expect(suspectLoop(key)).toEqual({ uploaderId, isExact: false });
  });
});

describe('another key', () => {
  it.each([
    'reports/weekly.pdf',
    `uploads/${ROOM_ID}/${USER_ID}`,
    `${UNIQUE_ID}/avatars/${USER_ID}`,
    `${UNIQUE_ID}/uploads/userData/${USER_ID}`,
    `${UNIQUE_ID}/Uploads/${ROOM_ID}/${USER_ID}/${FILE_ID}`,
    `${UNIQUE_ID}/files/${ROOM_ID}/${USER_ID}/${FILE_ID}`,
    `${UNIQUE_ID}/uploads/${ROOM_ID}/${USER_ID}/${FILE_ID}/`,
    `${UNIQUE_ID}/uploads/${ROOM_ID}/${USER_ID}/${FILE_ID}/thumb`,
    `${UNIQUE_ID}/uploads/${ROOM_ID}//${FILE_ID}`,
  ])('%s is not suspected', (key) => {
    expect(suspectLoop(key)).toBeUndefined();
  });

  it('is never exact if it has an extension', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[\w-]{1,20}$/), { minLength: 1, maxLength: 6 }), (folders) => {
        expect(suspectLoop(`${folders.join('/')}/file.pdf`)?.isExact ?? false).toBe(false);
      }),
    );
  });
});
