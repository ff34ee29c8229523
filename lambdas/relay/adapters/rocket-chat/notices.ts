import type { Notices } from '../../ports.ts';
import type { Client } from './client.ts';
import { messageIdOf, postOnce } from './text-message.ts';

/** Posts text messages. One counts as posted if it is in the room and of this user. */
export const createNotices = (client: Client): Notices => ({
  async post(roomId, { key, text, threadId }, { signal }) {
    const _id = messageIdOf(key);
    const message = { _id, rid: roomId, msg: text, ...(threadId === undefined ? {} : { tmid: threadId }) };
    await postOnce(client, message, (found) => found.roomId === roomId && found.isOwn, signal);
    return { messageId: _id };
  },
});
