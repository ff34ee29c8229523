import { isDeepStrictEqual } from 'node:util';
import * as v from 'valibot';
import { ChatAnswerError } from '../../domain/errors.ts';
import { classify, MESSAGE_NULL } from '../../domain/failure.ts';
import type { Chat, Clock } from '../../ports.ts';
import type { Client } from './client.ts';
import { createFindMessage } from './find-message.ts';
import { type ConfirmFields, createMessageFields, type ReportFieldsRefusal } from './message-fields.ts';
import { multipartFrame } from './multipart.ts';
import type { RoomsCache } from './rooms.ts';
import type { ServerLimitsCache } from './server-limits.ts';

const id = v.pipe(v.string(), v.regex(/^[\w-]{1,64}$/));
const MediaAnswer = v.object({ file: v.object({ _id: id }) });
const ConfirmAnswer = v.object({ message: v.nullable(v.object({ _id: id })) });

export interface RocketChatDeps {
  readonly client: Client;
  readonly rooms: Pick<RoomsCache, 'forget'>;
  readonly limits: ServerLimitsCache;
  readonly clock: Clock;
  /** @default refused fields are not reported */
  readonly reportFieldsRefusal?: ReportFieldsRefusal | undefined;
}

/** Posts files with Rocket.Chat's two-step upload (7.0 and later). */
export const createRocketChat = ({ client, rooms, limits, clock, reportFieldsRefusal }: RocketChatDeps): Chat => {
  const messageFields = createMessageFields({ limits, clock, report: reportFieldsRefusal });

  const confirm = async (roomId: string, fileId: string, fields: ConfirmFields, signal: AbortSignal) => {
    const confirming = client.call({
      method: 'POST',
      path: `rooms.mediaConfirm/${encodeURIComponent(roomId)}/${encodeURIComponent(fileId)}`,
      json: fields,
      answer: ConfirmAnswer,
      limited: 'confirm',
      signal,
    });
    return (await confirming).data.message;
  };

  return {
    async uploadMedia(roomId, { name, contentType, source }, { signal }) {
      const { head, tail, contentType: multipartType } = multipartFrame('file', name, contentType);
      const uploading = client.call({
        method: 'POST',
        path: `rooms.media/${encodeURIComponent(roomId)}`,
        body: { contentType: multipartType, frame: { head, stream: source.body, sizeBytes: source.sizeBytes, tail } },
        answer: MediaAnswer,
        limited: 'media',
        signal,
      });
      const { data, serverTime } = await forgetRefused(rooms, roomId, uploading).catch((error: unknown) => {
        // Rocket.Chat itself never answers 413.
        const isTooLarge = error instanceof ChatAnswerError && error.status === 413;
        if (isTooLarge) limits.proxyRefused(head.length + source.sizeBytes + tail.length);
        throw error;
      });
      return { fileId: data.file._id, uploadedAt: serverTime };
    },

    async confirmMedia({ roomId, fileId }, message, { signal }) {
      const confirmWith = async (fields: ConfirmFields): Promise<{ _id: string } | null> => {
        try {
          return await confirm(roomId, fileId, fields, signal);
        } catch (error) {
          // Only after an answer that the server gives before it posts anything.
          const isRefusal = await messageFields.learn(error, roomId, fields, { signal });
          const accepted = messageFields.of(roomId, message);
          if (!isRefusal || isDeepStrictEqual(accepted, fields)) throw error;
          return confirmWith(accepted);
        }
      };
      const posted = await forgetRefused(rooms, roomId, confirmWith(messageFields.of(roomId, message)));
      if (posted === null) {
        throw new ChatAnswerError(
          'rooms.mediaConfirm answered without a message: the bot lost its access to the room during the call, or an app dropped the message',
          { status: 200, errorType: MESSAGE_NULL },
        );
      }
      return { messageId: posted._id };
    },

    findMessage: createFindMessage(client),
  };
};

/** After a refusal that concerns the room, the next delivery checks the room's state before it uploads a file. */
const forgetRefused = async <Result>(
  rooms: Pick<RoomsCache, 'forget'>,
  roomId: string,
  call: Promise<Result>,
): Promise<Result> => {
  try {
    return await call;
  } catch (error) {
    const failure = classify(error, 'confirm');
    if (failure.kind === 'misconfigured' && failure.scope === 'room') rooms.forget(roomId);
    throw error;
  }
};
