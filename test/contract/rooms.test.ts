import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { classify } from '../../lambdas/relay/domain/failure.ts';
import { type ChatServer, startChatServer } from '../../lib/local/chat-server/index.ts';
import { type ChatUnderTest, chatUnderTest, fileOf } from '../helpers/chat-client.ts';
import { createHandClock, type HandClock } from '../helpers/hand-clock.ts';

const { signal } = new AbortController();

describe.each(['7.x', '8.x'] as const)('rooms of Rocket.Chat %s', (version) => {
  let server: ChatServer;
  let clock: HandClock;
  let under: ChatUnderTest;
  beforeEach(async () => {
    clock = createHandClock();
    server = await startChatServer({ version });
    under = chatUnderTest(server, { clock });
    server.addRoom({ id: 'DM', type: 'd' });
    server.addRoom({ id: 'CLOSED', name: 'closed', type: 'p', members: [] });
    server.addRoom({ id: 'UMLAUT', name: 'größe & mehr' });
  });
  afterEach(() => server.close());

  const resolve = (room: string, threadId?: string) => under.rooms.resolve(room, threadId, { signal });
  const reasonOf = async (promise: Promise<unknown>) =>
    classify(await promise.catch((error: unknown) => error), 'room');
  const postIn = async (roomId: string) => {
    const { fileId } = await under.chat.uploadMedia(roomId, fileOf('x'), { signal });
    return (await under.chat.confirmMedia({ roomId, fileId }, { text: '' }, { signal })).messageId;
  };

  it.each([
    ['GENERAL', 'GENERAL'],
    ['#general', 'GENERAL'],
    ['general', 'GENERAL'],
    ['DM', 'DM'],
    ['#größe & mehr', 'UMLAUT'],
  ])('%s is %s', async (room, roomId) => {
    expect(await resolve(room)).toBe(roomId);
  });

  it.each(['NOWHERE', '#nowhere', 'CLOSED', '#closed', '#DM', '#GENERAL'])('%s can not be used', async (room) => {
    await expect(resolve(room)).rejects.toMatchObject({ name: 'RoomError', code: 'ROOM_NOT_FOUND' });
    expect(await reasonOf(resolve(room))).toMatchObject({
      kind: 'misconfigured',
      reason: 'ROOM_UNAVAILABLE',
      scope: 'room',
    });
  });

  it('an archived one can not be used', async () => {
    server.room('general').archived = true;
    expect(await reasonOf(resolve('#general'))).toMatchObject({ kind: 'misconfigured', reason: 'ROOM_UNAVAILABLE' });
  });

  it('is looked up once in ten minutes, by many at the same time', async () => {
    await Promise.all(Array.from({ length: 10 }, () => resolve('#general')));
    clock.advance(10 * 60_000 - 1);
    await resolve('#general');
    expect(server.calls).toHaveLength(1);
    clock.advance(1);
    await resolve('#general');
    expect(server.calls).toHaveLength(2);
  });

  it('is looked up again after a failure', async () => {
    server.faults.next('roomInfo', { kind: 'failure' });
    await expect(resolve('#general')).rejects.toMatchObject({ status: 400 });
    expect(await resolve('#general')).toBe('GENERAL');
  });

  it('is not said to be missing by a server in trouble', async () => {
    server.faults.next('roomInfo', { kind: 'answer', status: 502 });
    expect(await reasonOf(resolve('#general'))).toMatchObject({ kind: 'transient' });
    server.faults.next('roomInfo', { kind: 'rate-limited', resetInMs: 9_000 });
    expect(await reasonOf(resolve('#general'))).toMatchObject({ kind: 'throttled', retryAt: expect.any(Number) });
  });

  it('takes a thread of its own', async () => {
    const threadId = await postIn('GENERAL');
    expect(await resolve('#general', threadId)).toBe('GENERAL');
    expect(await resolve('#general', threadId)).toBe('GENERAL');
    expect(server.calls.filter(({ name }) => name === 'getMessage')).toHaveLength(1);
  });

  it('refuses the thread of another room, and one that is not there', async () => {
    const elsewhere = await postIn('DM');
    for (const threadId of [elsewhere, 'nobody-knows-it']) {
      await expect(resolve('#general', threadId)).rejects.toMatchObject({ code: 'THREAD_NOT_IN_ROOM' });
    }
  });
});
