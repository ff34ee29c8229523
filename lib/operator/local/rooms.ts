import type { Settings } from '../../../lambdas/relay/domain/settings.ts';
import type { ChatServer } from '../../local/chat-server/chat-server.ts';
import { type ChatRoom, ChatRoomError, findChatRoom } from '../chat-room.ts';
import { roomsOf } from '../doctor/rooms-of.ts';

/** The rooms to which the settings post, by the name that is shown. */
export interface UsedRooms {
  /** Without those of direct messages, which may not exist yet. In the order of the routes. */
  readonly rooms: readonly { readonly name: string; readonly id: string; readonly pageUrl: string }[];
  /** The name that is shown for a room as the settings name it, or for its id. */
  nameOf(room: string): string;
}

/**
 * Creates what the settings name and the local chat server lacks: rooms, the users of direct messages, and the messages
 * that start threads.
 */
export const provideRooms = async (chat: ChatServer, settings: Settings): Promise<UsedRooms> => {
  const used: { name: string; id: string; pageUrl: string }[] = [];
  const names = new Map<string, string>();
  for (const { room, threadId } of roomsOf(settings)) {
    if (room.startsWith('@')) {
      const username = room.slice(1);
      if (!chat.users().some((user) => user.username === username)) chat.addUser({ username, roles: ['user'] });
      continue;
    }
    const name = room.replace(/^#/, '');
    const isKnown = chat.rooms().some((known) => known.name === name || (known.id === room && !room.startsWith('#')));
    if (!isKnown) chat.addRoom(room.startsWith('#') ? { name } : { id: room, name });
    const { id, name: shownName = id } = chat.room(isKnown && !room.startsWith('#') ? room : name);
    names.set(room, `#${shownName}`);
    names.set(id, `#${shownName}`);
    if (!used.some((known) => known.id === id)) used.push({ name: `#${shownName}`, id, pageUrl: chat.roomPageUrl(id) });
    if (threadId !== undefined) await provideThread(chat, id, threadId);
  }
  return { rooms: used, nameOf: (room) => names.get(room) ?? room };
};

const provideThread = async (chat: ChatServer, roomId: string, threadId: string): Promise<void> => {
  if (chat.rooms().some(({ id }) => chat.messages(id).some(({ _id }) => _id === threadId))) return;
  const response = await fetch(`${chat.url}/api/v1/chat.sendMessage`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-User-Id': chat.userId, 'X-Auth-Token': chat.authToken },
    body: JSON.stringify({ message: { _id: threadId, rid: roomId, msg: 'The thread of a route' } }),
  });
  const text = await response.text();
  if (!response.ok) throw new ChatRoomError(`The thread ${threadId} was not created: HTTP ${response.status} ${text}`);
};

/**
 * Finds the rooms that the settings name on a real server.
 * @throws ChatRoomError that names every room that cannot be used
 */
export const findRooms = async (
  server: { readonly url: string; readonly userId: string; readonly authToken: string },
  settings: Settings,
): Promise<UsedRooms> => {
  const used: { name: string; id: string; pageUrl: string }[] = [];
  const names = new Map<string, string>();
  const faults: string[] = [];
  for (const { room, place } of roomsOf(settings)) {
    if (room.startsWith('@') || names.has(room)) continue;
    try {
      const found: ChatRoom = await findChatRoom({ ...server, room });
      const name = found.name === undefined ? found.id : `#${found.name}`;
      names.set(room, name);
      names.set(found.id, name);
      if (!used.some(({ id }) => id === found.id)) used.push({ name, id: found.id, pageUrl: found.pageUrl });
    } catch (error) {
      if (!(error instanceof ChatRoomError)) throw error;
      // The server or the credentials cannot be used, so no room can.
      if (!error.isAboutRoom) throw error;
      faults.push(`${error.message} (${place})`);
    }
  }
  if (faults.length > 0) throw new ChatRoomError(faults.join('\n'));
  return { rooms: used, nameOf: (room) => names.get(room) ?? room };
};
