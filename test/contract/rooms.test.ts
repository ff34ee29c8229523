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
  ])('resolve %s to the id %s', async (room, roomId) => {
    expect(await resolve(room)).toBe(roomId);
  });

  it.each(['NOWHERE', '#nowhere', 'CLOSED', '#closed', '#DM', '#GENERAL'])('reject %s as not found', async (room) => {
    await expect(resolve(room)).rejects.toMatchObject({ name: 'RoomError', code: 'ROOM_NOT_FOUND' });
    expect(await reasonOf(resolve(room))).toMatchObject({
      kind: 'misconfigured',
      reason: 'ROOM_UNAVAILABLE',
      scope: 'room',
    });
  });

  it('reject an archived room', async () => {
    server.room('general').archived = true;
    expect(await reasonOf(resolve('#general'))).toMatchObject({ kind: 'misconfigured', reason: 'ROOM_UNAVAILABLE' });
  });

  it('are looked up once in ten minutes, also for concurrent calls', async () => {
    await Promise.all(Array.from({ length: 10 }, () => resolve('#general')));
    clock.advance(10 * 60_000 - 1);
    await resolve('#general');
    expect(server.calls).toHaveLength(1);
    clock.advance(1);
    await resolve('#general');
    expect(server.calls).toHaveLength(2);
  });

  it('are looked up again after a failure', async () => {
    server.faults.next('roomInfo', { kind: 'failure' });
    await expect(resolve('#general')).rejects.toMatchObject({ status: 400 });
    expect(await resolve('#general')).toBe('GENERAL');
  });

  it('are not reported as not found if the server fails', async () => {
    server.faults.next('roomInfo', { kind: 'answer', status: 502 });
    expect(await reasonOf(resolve('#general'))).toMatchObject({ kind: 'transient' });
    server.faults.next('roomInfo', { kind: 'rate-limited', resetInMs: 9_000 });
    expect(await reasonOf(resolve('#general'))).toMatchObject({ kind: 'throttled', retryAt: expect.any(Number) });
  });

  it('accept a thread of the room and check it once', async () => {
    const threadId = await postIn('GENERAL');
    expect(await resolve('#general', threadId)).toBe('GENERAL');
    expect(await resolve('#general', threadId)).toBe('GENERAL');
    expect(server.calls.filter(({ name }) => name === 'getMessage')).toHaveLength(1);
  });

  it('reject a thread of another room and an unknown thread', async () => {
    const elsewhere = await postIn('DM');
    for (const threadId of [elsewhere, 'nobody-knows-it']) {
      await expect(resolve('#general', threadId)).rejects.toMatchObject({ code: 'THREAD_NOT_IN_ROOM' });
    }
  });
});
