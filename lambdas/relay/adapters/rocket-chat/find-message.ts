import * as v from 'valibot';
import { ChatAnswerError, ChatUnreachableError } from '../../domain/errors.ts';
import type { Chat } from '../../ports.ts';
import type { Answer, Client } from './client.ts';

const MessageSchema = v.object({
  _id: v.string(),
  u: v.object({ _id: v.string() }),
  file: v.optional(v.nullable(v.object({ _id: v.string() }))),
  files: v.optional(v.nullable(v.array(v.object({ _id: v.string() })))),
});
type Message = v.InferOutput<typeof MessageSchema>;

const ByFileIdAnswer = v.object({ message: v.nullish(MessageSchema) });
const SyncAnswer = v.object({
  result: v.object({
    updated: v.array(v.unknown()),
    cursor: v.nullish(v.object({ next: v.nullish(v.union([v.string(), v.number()])) })),
  }),
});
const FilesAnswer = v.object({ files: v.array(v.unknown()) });
const FileSchema = v.object({ _id: v.string(), expiresAt: v.nullish(v.unknown()) });

/** The server's clock is told to the second only, and instances of one server differ. */
const MARGIN_MS = 10_000;
const PAGE_SIZE = 100;
const MAX_PAGES = 200;

type Find = Chat['findMessage'];
type Found = Awaited<ReturnType<Find>>;

/**
 * Looks a file's message up: by `chat.getMessageByFileId` where the server has it, otherwise among what was updated in
 * the room since the upload (`chat.syncMessages`), otherwise in the room's list of files. Which of them the server has
 * is learnt once.
 */
export const createFindMessage = (client: Client): Find => {
  let hasByFileId = true;
  let hasCursor = true;
  let hasSync = true;

  const byFileId = async (fileId: string, signal: AbortSignal): Promise<Found> => {
    const { data, userId } = await client.call({
      method: 'GET',
      path: `chat.getMessageByFileId?fileId=${encodeURIComponent(fileId)}`,
      answer: ByFileIdAnswer,
      signal,
    });
    return data.message != null && isOurs(data.message, userId, fileId) ? { messageId: data.message._id } : undefined;
  };

  const amongUpdated = async (roomId: string, fileId: string, since: number, signal: AbortSignal): Promise<Found> => {
    let next: string | undefined = String(since);
    for (let page = 0; next !== undefined; page += 1) {
      if (page >= MAX_PAGES) throw tooBusy(roomId);
      const query: URLSearchParams = hasCursor
        ? new URLSearchParams({ roomId, type: 'UPDATED', next, count: String(PAGE_SIZE) })
        : new URLSearchParams({ roomId, lastUpdate: new Date(since).toISOString() });
      const { data, userId }: Answer<v.InferOutput<typeof SyncAnswer>> = await client.call({
        method: 'GET',
        path: `chat.syncMessages?${query}`,
        answer: SyncAnswer,
        signal,
      });
      for (const update of data.result.updated) {
        const message = v.safeParse(MessageSchema, update);
        if (message.success && isOurs(message.output, userId, fileId)) return { messageId: message.output._id };
      }
      const cursor: string | number | null | undefined = hasCursor ? data.result.cursor?.next : undefined;
      next = cursor == null || String(cursor) === next ? undefined : String(cursor);
    }
    return undefined;
  };

  /** One-sided: a file that no longer expires was confirmed; which message shows it is not told. */
  const amongFiles = async (roomId: string, fileId: string, signal: AbortSignal): Promise<Found> => {
    for (const list of ['channels.files', 'groups.files', 'im.files']) {
      const query = new URLSearchParams({ roomId, sort: '{"uploadedAt":-1}', count: String(PAGE_SIZE) });
      try {
        const { data } = await client.call({ method: 'GET', path: `${list}?${query}`, answer: FilesAnswer, signal });
        const file = data.files
          .map((item) => v.safeParse(FileSchema, item))
          .find((item) => item.success && item.output._id === fileId);
        if (file?.success) return file.output.expiresAt == null ? { messageId: undefined } : undefined;
        return undefined;
      } catch (error) {
        // Each list knows one type of room.
        if (!(error instanceof ChatAnswerError) || error.status !== 400) throw error;
      }
    }
    return undefined;
  };

  return async ({ roomId, upload: { fileId, uploadedAt } }, { signal }) => {
    const since = uploadedAt - MARGIN_MS;
    if (hasByFileId) {
      try {
        return await byFileId(fileId, signal);
      } catch (error) {
        if (!isUnsupported(error)) throw error;
        hasByFileId = false;
      }
    }
    if (hasSync && hasCursor) {
      try {
        return await amongUpdated(roomId, fileId, since, signal);
      } catch (error) {
        // Before 7.9 the parameters of the cursor are not known, and `lastUpdate` is missed.
        if (!isUnsupported(error) && !isParameterMissed(error)) throw error;
        hasCursor = false;
      }
    }
    if (hasSync) {
      try {
        return await amongUpdated(roomId, fileId, since, signal);
      } catch (error) {
        if (!isUnsupported(error)) throw error;
        hasSync = false;
      }
    }
    return amongFiles(roomId, fileId, signal);
  };
};

const isOurs = (message: Message, userId: string, fileId: string): boolean =>
  message.u._id === userId &&
  (message.file?._id === fileId || (message.files ?? []).some((file) => file._id === fileId));

const isUnsupported = (error: unknown): boolean => error instanceof ChatAnswerError && error.status === 404;
// A passing fault of the server's database is a 400 as well, and must not be taken for an answer.
const isParameterMissed = (error: unknown): boolean =>
  error instanceof ChatAnswerError && error.status === 400 && /param/i.test(error.errorType ?? '');

/** To say "not found" here would post the file again. */
const tooBusy = (roomId: string): ChatUnreachableError =>
  new ChatUnreachableError(`more than ${MAX_PAGES * PAGE_SIZE} messages were updated in ${roomId} since the upload`, {
    code: 'BAD_ANSWER',
    mayHaveActed: false,
  });
