import * as v from 'valibot';
import { ChatAnswerError, ChatUnreachableError } from '../../domain/errors.ts';
import type { Chat } from '../../ports.ts';
import { type Answer, type Client, NOT_JSON } from './client.ts';

const MessageSchema = v.object({
  _id: v.string(),
  u: v.object({ _id: v.string() }),
  // Not looked into here: a message that fails the schema would count as one that is not there.
  file: v.optional(v.unknown()),
  files: v.optional(v.unknown()),
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
interface Wanted {
  readonly roomId: string;
  readonly fileId: string;
  /** Epoch milliseconds of the server. */
  readonly since: number;
  readonly signal: AbortSignal;
}

/**
 * Looks a file's message up: by `chat.getMessageByFileId` where the server has it, otherwise among what was updated in
 * the room since the upload (`chat.syncMessages`), otherwise in the room's list of files. Which of them the server has
 * is learnt once.
 */
export const createFindMessage = (client: Client): Find => {
  const byFileId = async (fileId: string, signal: AbortSignal): Promise<Found> => {
    const { data, userId } = await client.call({
      method: 'GET',
      path: `chat.getMessageByFileId?fileId=${encodeURIComponent(fileId)}`,
      answer: ByFileIdAnswer,
      signal,
    });
    return data.message != null && isOurs(data.message, userId, fileId) ? { messageId: data.message._id } : undefined;
  };

  const amongUpdated = async ({ roomId, fileId, since, signal }: Wanted, hasCursor: boolean): Promise<Found> => {
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
      next = hasCursor ? nextCursor(data.result.cursor?.next, next) : undefined;
    }
    return undefined;
  };

  /** One-sided: a file that no longer expires was confirmed; which message shows it is not told. */
  const amongFiles = async ({ roomId, fileId, signal }: Wanted): Promise<Found> => {
    let unknownRoom: unknown;
    for (const list of ['channels.files', 'groups.files', 'im.files']) {
      try {
        return await inList(list, roomId, fileId, signal);
      } catch (error) {
        // Each list knows one type of room.
        if (!isUnknownRoom(error)) throw error;
        unknownRoom = error;
      }
    }
    throw unknownRoom;
  };

  const inList = async (list: string, roomId: string, fileId: string, signal: AbortSignal): Promise<Found> => {
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const [count, offset] = [String(PAGE_SIZE), String(page * PAGE_SIZE)];
      const query = new URLSearchParams({ roomId, sort: '{"uploadedAt":-1}', count, offset });
      const { data } = await client.call({ method: 'GET', path: `${list}?${query}`, answer: FilesAnswer, signal });
      for (const item of data.files) {
        const file = v.safeParse(FileSchema, item);
        if (!file.success || file.output._id !== fileId) continue;
        return file.output.expiresAt == null ? { messageId: undefined } : undefined;
      }
      if (data.files.length < PAGE_SIZE) return undefined;
    }
    throw tooBusy(roomId);
  };

  // Each is asked only if the ones before it are missing on this server.
  const forms = [
    { find: ({ fileId, signal }: Wanted) => byFileId(fileId, signal), isMissing: isUnknownEndpoint },
    {
      find: (wanted: Wanted) => amongUpdated(wanted, true),
      // Before 7.9 the parameters of the cursor are not known, and `lastUpdate` is missed.
      isMissing: (error: unknown) => isUnknownEndpoint(error) || isParameterMissed(error),
    },
    { find: (wanted: Wanted) => amongUpdated(wanted, false), isMissing: isUnknownEndpoint },
    { find: amongFiles, isMissing: () => false },
  ] as const;
  let first = 0;

  return async ({ roomId, upload: { fileId, uploadedAt } }, { signal }) => {
    const wanted = { roomId, fileId, since: uploadedAt - MARGIN_MS, signal };
    let isLearnt = true;
    for (const [index, { find, isMissing }] of forms.entries()) {
      if (index < first) continue;
      try {
        const found = await find(wanted);
        // Only now: a proxy that answers 404 to everything teaches nothing about the server behind it.
        if (isLearnt) first = index;
        return found;
      } catch (error) {
        if (!isMissing(error)) throw error;
        // Told by the endpoint itself that it knows no such message: it is there, only its word is checked.
        if (!isPlain404(error)) isLearnt = isLearnt && isParameterMissed(error);
      }
    }
    return undefined;
  };
};

const isOurs = (message: Message, userId: string, fileId: string): boolean =>
  message.u._id === userId && [message.file, message.files].flat().some((file) => idOf(file) === fileId);

const idOf = (file: unknown): unknown =>
  typeof file === 'object' && file !== null && '_id' in file ? file._id : undefined;

/** A cursor is a time: messages of the same millisecond as a page's last one are asked for again. */
const nextCursor = (cursor: string | number | null | undefined, asked: string): string | undefined => {
  if (cursor == null || String(cursor) === asked) return undefined;
  const overlapping = String(Number(cursor) - 1);
  return Number(overlapping) > Number(asked) ? overlapping : String(cursor);
};

const isUnknownRoom = (error: unknown): boolean =>
  error instanceof ChatAnswerError && error.status === 400 && /room|channel|not allowed/i.test(error.errorType ?? '');

const isUnknownEndpoint = (error: unknown): boolean => error instanceof ChatAnswerError && error.status === 404;
/** Rocket.Chat's router answers in plain text where it knows no such endpoint, and an endpoint answers in JSON. */
const isPlain404 = (error: unknown): boolean => isUnknownEndpoint(error) && (error as Error).message.endsWith(NOT_JSON);
// A passing fault of the server's database is a 400 as well, and must not be taken for an answer.
const isParameterMissed = (error: unknown): boolean =>
  error instanceof ChatAnswerError && error.status === 400 && /param/i.test(error.errorType ?? '');

/** To say "not found" here would post the file again. */
const tooBusy = (roomId: string): ChatUnreachableError =>
  new ChatUnreachableError(`more than ${MAX_PAGES * PAGE_SIZE} messages were updated in ${roomId} since the upload`, {
    code: 'BAD_ANSWER',
    mayHaveActed: false,
  });
