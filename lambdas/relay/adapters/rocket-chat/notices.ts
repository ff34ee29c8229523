import type { Notices } from '../../ports.ts';
import type { Client } from './client.ts';
import { messageIdOf, postOnce } from './text-message.ts';

/** Posts text messages. One counts as posted if it is in the room and of this user. */
export const createNotices = (client: Client): Notices => ({
  post: (roomId, { key, text }, { signal }) =>
    postOnce(
      client,
      { _id: messageIdOf(key), rid: roomId, msg: text },
      (found) => found.roomId === roomId && found.isOwn,
      signal,
    ),
});
