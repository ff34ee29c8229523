import { RoomError } from '../../domain/errors.ts';
import type { Clock, Threads } from '../../ports.ts';
import type { Client } from './client.ts';
import { type FoundMessage, findMessage, messageIdOf, postOnce } from './text-message.ts';

/**
 * How long a thread's first message is not looked at again. The server accepts a file for a deleted one, and then shows
 * it in no list but that of the files.
 */
const CHECKED_FOR_MS = 60_000;
const MOST_REMEMBERED = 1_000;

/** A thread whose first message was deleted this often is given up. Each one costs a call at each check. */
const MOST_ROOTS = 10;

/**
 * Threads of a room. The first message of a named thread has an id that is made of the room, the thread's name and the
 * number of messages that were deleted before it. All processes try the same ids in the same order, so each is posted at
 * most once, and a message that the server still keeps as deleted is followed by the next one.
 */
export const createThreads = ({ client, clock }: { readonly client: Client; readonly clock: Clock }): Threads => {
  const roots = new Map<string, { readonly root: Promise<string>; readonly until: number }>();

  const findOrPost = async (roomId: string, name: string, text: string, signal: AbortSignal): Promise<string> => {
    const isOpen = (found: FoundMessage) => found.roomId === roomId && !found.isDeleted;
    for (let deleted = 0; deleted < MOST_ROOTS; deleted += 1) {
      const _id = messageIdOf(JSON.stringify(['thread', roomId, name, deleted]));
      const found = await findMessage(client, _id, signal);
      if (found === undefined) {
        await postOnce(client, { _id, rid: roomId, msg: text }, isOpen, signal);
        return _id;
      }
      // Another user may have posted a message with this id into another room: a file would follow it there.
      if (found !== 'elsewhere' && isOpen(found)) return _id;
    }
    throw new RoomError(
      `the messages that start the thread ${name} in the room ${roomId} were deleted ${MOST_ROOTS} times; ` +
        'remove `thread` from the route, or name another room',
      { code: 'THREAD_DELETED' },
    );
  };

  return {
    root(roomId, { name, text }, { signal }) {
      const key = JSON.stringify([roomId, name]);
      const known = roots.get(key);
      if (known !== undefined && clock.now() < known.until) return known.root;
      const root = findOrPost(roomId, name, text, signal);
      const entry = { root, until: clock.now() + CHECKED_FOR_MS };
      roots.delete(key);
      roots.set(key, entry);
      if (roots.size > MOST_REMEMBERED) roots.delete(roots.keys().next().value ?? '');
      root.catch(() => roots.get(key) === entry && roots.delete(key));
      return root;
    },

    async find(roomId, messageId, { signal }) {
      const found = await findMessage(client, messageId, signal);
      if (found === undefined || found === 'elsewhere' || found.roomId !== roomId || found.isDeleted) return undefined;
      if (found.threadId === undefined) return messageId;
      const root = await findMessage(client, found.threadId, signal);
      if (root === undefined || root === 'elsewhere' || root.roomId !== roomId || root.isDeleted) return undefined;
      return found.threadId;
    },
  };
};
