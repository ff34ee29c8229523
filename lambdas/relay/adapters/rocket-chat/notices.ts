import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { ChatAnswerError } from '../../domain/errors.ts';
import type { Notices } from '../../ports.ts';
import type { Client } from './client.ts';

/**
 * Posts text messages with `chat.sendMessage`. The client sets the `_id`; the server inserts no second message with the
 * same.
 */
export const createNotices = (client: Client): Notices => ({
  async post(roomId, { key, text }, { signal }) {
    const _id = createHash('sha256').update(key).digest('hex').slice(0, 24);
    try {
      const json = { message: { _id, rid: roomId, msg: text } };
      await client.call({ method: 'POST', path: 'chat.sendMessage', json, answer: v.object({}), signal });
    } catch (error) {
      if (!isThereAlready(error)) throw error;
    }
  },
});

/** MongoDB's error for an `_id` that exists; the server passes it on without an errorType. */
const isThereAlready = (error: unknown): boolean =>
  error instanceof ChatAnswerError && error.status === 400 && /E11000|duplicate key/i.test(error.message);
