import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { ChatAnswerError } from '../../domain/errors.ts';
import type { Client } from './client.ts';

const MessageAnswer = v.object({
  message: v.object({
    rid: v.string(),
    u: v.object({ _id: v.string() }),
    t: v.optional(v.unknown()),
    _hidden: v.optional(v.unknown()),
    tmid: v.optional(v.nullable(v.string())),
  }),
});

export interface FoundMessage {
  readonly roomId: string;
  /** Posted by the user who asks. */
  readonly isOwn: boolean;
  readonly isDeleted: boolean;
  /** The message that it answers. */
  readonly threadId: string | undefined;
}

/** The id of the message for a key: the same in all processes. */
export const messageIdOf = (key: string): string => createHash('sha256').update(key).digest('hex').slice(0, 24);

/**
 * Posts a text with `chat.sendMessage` under an id of ours. The server inserts no second message with the same id, and
 * none while a deleted one remains.
 *
 * It answers a repetition with an error that can't be told from others, so after any error `isPosted` decides, given what
 * the server has under the id.
 * @throws ChatAnswerError, ChatUnreachableError, SecretError
 */
export const postOnce = async (
  client: Client,
  message: { readonly _id: string; readonly rid: string; readonly msg: string; readonly tmid?: string },
  isPosted: (found: FoundMessage) => boolean,
  signal: AbortSignal,
): Promise<void> => {
  try {
    // Without `previewUrls` the server would show what a link in the text leads to.
    const json = { message, previewUrls: [] };
    await client.call({ method: 'POST', path: 'chat.sendMessage', json, answer: v.object({}), signal });
  } catch (error) {
    // The error of the post says more than that of the search.
    const found = await findMessage(client, message._id, signal).catch(() => undefined);
    if (found === undefined || found === 'elsewhere' || !isPosted(found)) throw error;
  }
};

/**
 * Reads a message. `elsewhere`: it is in a room that the user may not read.
 *
 * A deleted message may be gone, or it remains: with the type `rm` if the server shows that a message was deleted, which
 * it always does for one that has replies, or hidden if it only keeps the history (Rocket.Chat, `deleteMessage.ts`).
 * @throws ChatAnswerError, ChatUnreachableError, SecretError
 */
export const findMessage = async (
  client: Client,
  messageId: string,
  signal: AbortSignal,
): Promise<FoundMessage | 'elsewhere' | undefined> => {
  const path = `chat.getMessage?${new URLSearchParams({ msgId: messageId })}`;
  try {
    const { data, userId } = await client.call({ method: 'GET', path, answer: MessageAnswer, signal });
    const { rid, u, t, _hidden, tmid } = data.message;
    return {
      roomId: rid,
      isOwn: u._id === userId,
      isDeleted: t === 'rm' || _hidden === true,
      threadId: tmid ?? undefined,
    };
  } catch (error) {
    if (!(error instanceof ChatAnswerError) || !error.isRocketChats) throw error;
    if (error.errorType === 'error-not-allowed' || error.status === 403) return 'elsewhere';
    // An unknown id is the only failure without a reason; a fault of the database has one.
    if (error.status === 404 || (error.status === 400 && !error.hasReason)) return undefined;
    throw error;
  }
};
