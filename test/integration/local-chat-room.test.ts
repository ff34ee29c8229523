import { afterEach, describe, expect, it } from 'vitest';
import { type ChatServer, startChatServer } from '../../lib/local/chat-server/chat-server.ts';
import { ChatRoomError, findChatRoom } from '../../lib/operator/chat-room.ts';

let chat: ChatServer;
afterEach(() => chat.close());

const find = (room: string, changes: { userId?: string; authToken?: string } = {}) =>
  findChatRoom({ url: chat.url, userId: chat.userId, authToken: chat.authToken, room, ...changes });

describe('findChatRoom', () => {
  it.each(['general', '#general', 'GENERAL'])('finds the channel given as %s', async (room) => {
    chat = await startChatServer();
    expect(await find(room)).toEqual({ id: 'GENERAL', name: 'general', pageUrl: `${chat.url}/channel/general` });
  });

  it('finds groups, and direct messages by their id', async () => {
    chat = await startChatServer({
      rooms: [
        { id: 'G', name: 'ops & friends', type: 'p' },
        { id: 'D', type: 'd' },
      ],
    });
    expect(await find('#ops & friends')).toEqual({
      id: 'G',
      name: 'ops & friends',
      pageUrl: `${chat.url}/group/ops%20%26%20friends`,
    });
    expect(await find('D')).toEqual({ id: 'D', name: undefined, pageUrl: `${chat.url}/direct/D` });
  });

  it('prefers an id to a name, as the function does, unless the room is given with a #', async () => {
    chat = await startChatServer({
      rooms: [
        { id: 'one', name: 'two' },
        { id: 'two', name: 'three' },
      ],
    });
    expect(await find('two')).toMatchObject({ id: 'two' });
    expect(await find('#two')).toMatchObject({ id: 'one' });
  });

  it.each([
    ['a wrong token', 'general', { authToken: 'wrong' }, 'refuses the credentials'],
    ['a room that does not exist', '#nowhere', {}, 'has no room "#nowhere"'],
    ['an archived room that the server does not show', 'old', {}, 'is archived'],
    ['a private room of other users', 'secret', {}, 'has no room "secret"'],
  ])('explains %s', async (_, room, changes, message) => {
    chat = await startChatServer({
      features: { archivedRoomsResolve: false },
      rooms: [
        { id: 'GENERAL', name: 'general' },
        { id: 'O', name: 'old', archived: true },
        { id: 'S', name: 'secret', type: 'p', members: ['somebody'] },
      ],
    });
    const finding = find(room, changes);
    await expect(finding).rejects.toThrow(ChatRoomError);
    await expect(finding).rejects.toThrow(message);
  });

  it('explains an archived room that the server shows', async () => {
    chat = await startChatServer({ rooms: [{ id: 'O', name: 'old', archived: true }] });
    await expect(find('old')).rejects.toThrow('is archived');
  });

  it('explains a server that cannot be reached', async () => {
    chat = await startChatServer();
    await chat.close();
    await expect(find('general')).rejects.toThrow(/cannot be reached: .*ECONNREFUSED/);
  });
});
