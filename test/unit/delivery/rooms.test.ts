import { beforeEach, describe, expect, it } from 'vitest';
import { LedgerError, RoomError } from '../../../lambdas/relay/domain/errors.ts';
import { createdObject } from '../../helpers/factories.ts';
import { answer, createRelayWorld, HOUR_MS, lost, type RelayWorld, settingsOf } from '../../helpers/relay-world.ts';

const notFound = () => new RoomError('there is no such room', { code: 'ROOM_NOT_FOUND' });
const refused = () => answer(400, 'error-invalid-file-type');

const world3 = () => createRelayWorld(settingsOf({ routes: [{ rooms: ['#a', '#b', '#c'] }] }));
const world2 = (rooms: [string, ...string[]] = ['#a', '#b']) => createRelayWorld(settingsOf({ routes: [{ rooms }] }));

let world: RelayWorld;
beforeEach(() => {
  world = world2();
});

const kindsOf = async (options: Parameters<RelayWorld['runAll']>[0] = {}) =>
  (await world.runAll(options)).map((outcome) => `${'room' in outcome ? outcome.room : '-'} ${outcome.kind}`);
const roomsOf = () => world.messages.map(({ roomId }) => roomId);
const times = (call: RelayWorld['calls'][number]) => world.calls.filter((made) => made === call).length;
/** The same calls fail in the given room only. */
const failIn = (room: string, call: 'media' | 'resolve', error: () => Error) => {
  const { chat, rooms } = world.deps as { -readonly [Key in keyof RelayWorld['deps']]: RelayWorld['deps'][Key] };
  const { uploadMedia } = chat;
  const { resolve } = rooms;
  if (call === 'resolve') {
    rooms.resolve = (name, ...rest) => (name === room ? Promise.reject(error()) : resolve(name, ...rest));
    return () => {
      rooms.resolve = resolve;
    };
  }
  chat.uploadMedia = (roomId, ...rest) =>
    roomId === `id-of-${room.slice(1)}` ? Promise.reject(error()) : uploadMedia(roomId, ...rest);
  return () => {
    chat.uploadMedia = uploadMedia;
  };
};

describe('an object for several rooms', () => {
  it('is posted once in each, with a ledger entry for each', async () => {
    expect(await kindsOf()).toEqual(['#a posted', '#b posted']);
    expect(roomsOf()).toEqual(['id-of-a', 'id-of-b']);
    expect(world.ledger.entries().map(({ id, status }) => [id.roomId, status])).toEqual([
      ['id-of-a', 'posted'],
      ['id-of-b', 'posted'],
    ]);
    expect(await kindsOf({ receiveCount: 2 })).toEqual(['#b duplicate', '#a duplicate']);
    expect(world.messages).toHaveLength(2);
  });

  it('that failed in one room is delivered again only there', async () => {
    const mend = failIn('#a', 'media', lost);
    expect(await kindsOf()).toEqual(['#a retrying', '#b posted']);
    mend();
    world.clock.advance(HOUR_MS);
    expect(await kindsOf({ receiveCount: 2 })).toEqual(['#b duplicate', '#a posted']);
    expect(roomsOf()).toEqual(['id-of-b', 'id-of-a']);
    expect(times('resolve'), 'the room that is settled is not looked up again').toBe(3);
  });

  it('that is refused in one room is dead-lettered there and posted in the other', async () => {
    failIn('#a', 'media', refused);
    expect(await kindsOf()).toEqual(['#a dead-lettered', '#b posted']);
    expect(world.deadLetters).toMatchObject([{ roomId: 'id-of-a', reason: 'MEDIA_TYPE_REFUSED' }]);
  });

  it('is not dead-lettered for a room that can no longer be used after it was posted there', async () => {
    const mend = failIn('#a', 'media', lost);
    const sentAt = world.clock.now();
    expect(await kindsOf({ sentAt })).toEqual(['#a retrying', '#b posted']);
    mend();
    failIn('#b', 'resolve', notFound);
    world.clock.advance(30 * HOUR_MS);
    expect(await kindsOf({ sentAt, receiveCount: 2 })).toEqual(['#b duplicate', '#a posted']);
    expect(world.deadLetters).toEqual([]);
  });

  it('is delivered to each room although the ledger cannot tell which are settled', async () => {
    await world.runAll();
    world.fail('findRooms', new LedgerError('x', { code: 'LEDGER_UNAVAILABLE' }));
    expect(await kindsOf({ receiveCount: 2 })).toEqual(['#b duplicate', '#a duplicate']);
    expect(world.messages).toHaveLength(2);
    expect(world.logs).toContainEqual(expect.objectContaining({ level: 'warn' }));
  });

  it('is posted once in a room that the route names twice', async () => {
    world = world2(['#a', 'a', '#b']);
    expect(await kindsOf()).toEqual(['#a posted', '#b posted']);
    expect(times('media')).toBe(2);
    await kindsOf({ receiveCount: 2 });
    expect(world.messages).toHaveLength(2);
  });

  it('is delivered to other rooms while the circuit of one is open', async () => {
    failIn('#a', 'resolve', notFound);
    expect(await kindsOf()).toEqual(['#a retrying', '#b posted']);
    const other = createdObject({ key: 'reports/other.pdf', sizeBytes: 7 });
    world.objects.set(other.key, { content: 'content' });
    expect(await kindsOf({ object: other })).toEqual(['#a retrying', '#b posted']);
  });

  it('waits untouched for the rate limit only if no room was touched', async () => {
    world.waits.media = 5_000;
    expect(await world.runAll()).toMatchObject([{ isUntouched: true }, { isUntouched: true }]);
    expect(world.ledger.entries()).toEqual([]);
    world.waits.media = 0;
    expect(await kindsOf({ receiveCount: 2, isUntouched: true })).toEqual(['#b posted', '#a posted']);
    expect(times('findRooms')).toBe(0);
  });
});

describe('the time of an invocation', () => {
  it('that one room used up is not taken for a failure of the others', async () => {
    world = world3();
    const { chat } = world.deps as unknown as { chat: { uploadMedia: RelayWorld['deps']['chat']['uploadMedia'] } };
    const { uploadMedia } = chat;
    chat.uploadMedia = async (...args) => {
      world.clock.advance(60_000);
      return uploadMedia(...args);
    };
    const sentAt = world.clock.now() - 100 * HOUR_MS;
    const first = await world.runAll({ leftMs: 50_000, sentAt });
    expect(first.map(({ kind }) => kind)).toEqual(['retrying', 'retrying', 'retrying']);
    expect(first[1]).toMatchObject({ room: '#b', reason: 'OUT_OF_TIME', delayMs: 1_000, isUntouched: false });
    expect(world.deadLetters).toEqual([]);
    expect(world.ledger.entries()).toHaveLength(1);
    expect(times('resolve'), 'no call is begun for the rooms whose turn did not come').toBe(1);
    chat.uploadMedia = uploadMedia;
    expect(await kindsOf({ receiveCount: 2, sentAt })).toEqual(['#b posted', '#c posted', '#a posted']);
  });

  it('begins with another room at each receive, so that a slow one does not keep the others waiting', async () => {
    world = world3();
    const firsts: unknown[] = [];
    for (const receiveCount of [1, 2, 3, 4]) {
      world.fail('resolve', lost(), { times: 3 });
      const [first] = await world.runAll({ receiveCount });
      firsts.push(first !== undefined && 'room' in first && first.room);
    }
    expect(firsts).toEqual(['#a', '#b', '#c', '#a']);
  });

  it('that is over at the last receive dead-letters the rooms whose turn did not come', async () => {
    world = createRelayWorld(settingsOf({ routes: [{ rooms: ['#a', '#b'] }] }), 100);
    const { chat } = world.deps as unknown as { chat: { uploadMedia: RelayWorld['deps']['chat']['uploadMedia'] } };
    chat.uploadMedia = async () => {
      world.clock.advance(60_000);
      throw lost();
    };
    expect(await kindsOf({ leftMs: 50_000, receiveCount: 99 })).toEqual(['#a dead-lettered', '#b dead-lettered']);
    expect(world.deadLetters).toHaveLength(2);
  });
});

describe('a message that comes back for one room', () => {
  it('does not use up the tries of another one before they are due', async () => {
    failIn('#b', 'media', lost);
    world.waits.confirm = 1_000;
    const sentAt = world.clock.now();
    let receiveCount = 1;
    expect(await kindsOf({ sentAt })).toEqual(['#a retrying', '#b retrying']);
    const retriedForMs = () => world.ledger.entries().find(({ id }) => id.roomId === 'id-of-b')?.retriedForMs ?? 0;
    for (let seconds = 0; seconds < 600; seconds += 2) {
      world.clock.advance(2_000);
      receiveCount += 1;
      await world.runAll({ sentAt, receiveCount });
    }
    // What was planned is at most what has passed and the last delay, however often the message came back.
    expect(retriedForMs()).toBeLessThan(600_000 + HOUR_MS);
    expect(world.deadLetters).toEqual([]);
    expect(receiveCount).toBe(301);
    const tries = world.calls.filter((call) => call === 'open').length;
    expect(tries).toBeLessThan(30);
  });
});

describe('a redriven dead letter', () => {
  const letterOf = (roomId: string) => {
    const letter = world.deadLetters.find((one) => one.roomId === roomId);
    if (letter === undefined) throw new Error(`no dead letter of ${roomId}`);
    return { failedAt: letter.failedAt, failedRoomId: roomId };
  };

  it('delivers only what is missing in its own room', async () => {
    const mendA = failIn('#a', 'media', refused);
    expect(await kindsOf()).toEqual(['#a dead-lettered', '#b posted']);
    mendA();
    expect(await kindsOf(letterOf('id-of-a'))).toEqual(['#a posted', '#b duplicate']);
    expect(roomsOf()).toEqual(['id-of-b', 'id-of-a']);
  });

  it.each([
    ['in the order in which they were written', ['id-of-a', 'id-of-b']],
    ['in the other order', ['id-of-b', 'id-of-a']],
  ])('of each of two rooms delivers to its room, %s', async (_, order) => {
    const mends = [failIn('#a', 'media', refused)];
    await world.runAll();
    mends.push(failIn('#b', 'media', refused));
    world.messages.length = 0;
    const object = createdObject({ key: 'reports/both.pdf', sizeBytes: 7 });
    world.objects.set(object.key, { content: 'content' });
    world.deadLetters.length = 0;
    await world.runAll({ object });
    expect(world.deadLetters.map(({ roomId }) => roomId)).toEqual(['id-of-a', 'id-of-b']);
    for (const mend of mends.toReversed()) mend();
    for (const [index, roomId] of order.entries()) {
      await world.runAll({ object, ...letterOf(roomId) });
      expect(roomsOf()).toEqual(order.slice(0, index + 1));
    }
    for (const roomId of order) await world.runAll({ object, ...letterOf(roomId) });
    expect(world.messages).toHaveLength(2);
    expect(world.deadLetters).toHaveLength(2);
  });

  it('that fails again leaves the dead letter of another room alone', async () => {
    failIn('#a', 'media', refused);
    await world.runAll();
    const first = letterOf('id-of-a');
    world.clock.advance(1_000);
    expect(await kindsOf(first)).toEqual(['#a dead-lettered', '#b duplicate']);
    expect(await kindsOf(first), 'its older copy delivers nothing').toEqual(['#a duplicate', '#b duplicate']);
    expect(world.deadLetters).toHaveLength(2);
  });

  it('delivers to no other room although the ledger cannot tell which are settled', async () => {
    const mends = [failIn('#a', 'media', refused)];
    mends.push(failIn('#b', 'media', refused));
    expect(await kindsOf()).toEqual(['#a dead-lettered', '#b dead-lettered']);
    for (const mend of mends.toReversed()) mend();
    world.fail('findRooms', new LedgerError('x', { code: 'LEDGER_UNAVAILABLE' }));
    expect(await kindsOf(letterOf('id-of-b'))).toEqual(['#a duplicate', '#b posted']);
    expect(await kindsOf(letterOf('id-of-a'))).toEqual(['#a posted', '#b duplicate']);
  });

  it('of a room that could not be resolved is delivered when the room can be used', async () => {
    const mend = failIn('#a', 'resolve', notFound);
    const sentAt = world.clock.now() - 30 * HOUR_MS;
    expect(await kindsOf({ sentAt })).toEqual(['#a dead-lettered', '#b posted']);
    expect(world.deadLetters).toMatchObject([{ reason: 'ROOM_UNAVAILABLE', roomId: undefined }]);
    expect(await kindsOf({ sentAt, receiveCount: 2 })).toEqual(['#b duplicate', '#a duplicate']);
    mend();
    world.clock.advance(60_000);
    const failedAt = world.deadLetters[0]?.failedAt;
    expect(await kindsOf({ failedAt })).toEqual(['#a posted', '#b duplicate']);
    expect(world.messages).toHaveLength(2);
  });
});
