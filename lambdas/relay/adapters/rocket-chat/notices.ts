import { createHash } from 'node:crypto';
import * as v from 'valibot';
import type { Notices } from '../../ports.ts';
import type { Client } from './client.ts';

const MessageAnswer = v.object({ message: v.object({ rid: v.string(), u: v.object({ _id: v.string() }) }) });

/**
 * Posts text messages with `chat.sendMessage`. The client sets the `_id`; the server inserts no second message with the
 * same. It answers the repetition with an error that can't be told from others, so after any error the message is
 * looked up: it counts as posted if it is in the room and of this user.
 */
export const createNotices = (client: Client): Notices => ({
  async post(roomId, { key, text, threadId }, { signal }) {
    const _id = createHash('sha256').update(key).digest('hex').slice(0, 24);
    try {
      const message = { _id, rid: roomId, msg: text, ...(threadId === undefined ? {} : { tmid: threadId }) };
      const json = { message, previewUrls: [] };
      await client.call({ method: 'POST', path: 'chat.sendMessage', json, answer: v.object({}), signal });
    } catch (error) {
      if (!(await isPosted(client, roomId, _id, signal))) throw error;
    }
    return { messageId: _id };
  },
});

const isPosted = async (client: Client, roomId: string, messageId: string, signal: AbortSignal): Promise<boolean> => {
  const path = `chat.getMessage?${new URLSearchParams({ msgId: messageId })}`;
  try {
    const { data, userId } = await client.call({ method: 'GET', path, answer: MessageAnswer, signal });
    return data.message.rid === roomId && data.message.u._id === userId;
  } catch {
    // The error of the post says more.
    return false;
  }
};
