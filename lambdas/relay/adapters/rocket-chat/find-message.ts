import * as v from 'valibot';
import { ChatAnswerError, ChatUnreachableError } from '../../domain/errors.ts';
import type { Chat } from '../../ports.ts';
import type { Answer, Client } from './client.ts';

const MessageSchema = v.object({
  _id: v.string(),
  // Not checked by the schema: a message that fails it would count as not found.
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

/**
 * The messages have the time of the application server. The upload's time is that of whatever wrote the Date header,
 * which may be a proxy, or our own. docs/guarantee.md states that the application server is at most this far behind the
 * slower of the two.
 */
const MARGIN_MS = 15 * 60_000;
const PAGE_SIZE = 100;
const MAX_PAGES = 200;

type Find = Chat['findMessage'];
type Found = Awaited<ReturnType<Find>>;
interface Wanted {
  readonly roomId: string;
  readonly fileId: string;
  /** Messages updated before are not searched, epoch milliseconds. */
  readonly since: number;
  readonly signal: AbortSignal;
}

/**
 * Finds the message of a file. Uses `chat.getMessageByFileId` if the server has it; otherwise searches the messages
 * that were updated in the room since the upload (`chat.syncMessages`). Which of these the server has is remembered.
 *
 * The room's list of files is not used: the server marks a file as confirmed even if an app drops its message.
 *
 * A message is recognised by its file alone: after a rotation of the credentials another user may have posted it.
 */
export const createFindMessage = (client: Client): Find => {
  const byFileId = async (fileId: string, signal: AbortSignal): Promise<Found> => {
    const { data } = await client.call({
      method: 'GET',
      path: `chat.getMessageByFileId?fileId=${encodeURIComponent(fileId)}`,
      answer: ByFileIdAnswer,
      signal,
    });
    return data.message != null && hasFile(data.message, fileId) ? { messageId: data.message._id } : undefined;
  };

  const amongUpdated = async (wanted: Wanted, hasCursor: boolean): Promise<Found> => {
    const { roomId, fileId, since, signal } = wanted;
    let next: string | undefined = String(since);
    for (let page = 0; next !== undefined; page += 1) {
      if (page >= MAX_PAGES) throw tooBusy(roomId);
      const query: URLSearchParams = hasCursor
        ? new URLSearchParams({ roomId, type: 'UPDATED', next, count: String(PAGE_SIZE) })
        : new URLSearchParams({ roomId, lastUpdate: new Date(since).toISOString() });
      const answer: Answer<v.InferOutput<typeof SyncAnswer>> = await client.call({
        method: 'GET',
        path: `chat.syncMessages?${query}`,
        answer: SyncAnswer,
        signal,
      });
      for (const update of answer.data.result.updated) {
        const message = v.safeParse(MessageSchema, update);
        if (message.success && hasFile(message.output, fileId)) return { messageId: message.output._id };
      }
      const cursor = answer.data.result.cursor?.next;
      if (!hasCursor || cursor == null) return undefined;
      const following = nextCursor(cursor, next);
      // More messages have the same time than fit into a page; only the form without pages shows them all.
      if (following === undefined) return amongUpdated({ ...wanted, since: Number(next) }, false);
      next = following;
    }
    return undefined;
  };

  // Each is called only if the server does not have the ones before it.
  const forms = [
    { find: ({ fileId, signal }: Wanted) => byFileId(fileId, signal), isMissing: isUnknownEndpoint },
    {
      find: (wanted: Wanted) => amongUpdated(wanted, true),
      // Before 7.9 the server does not support the cursor's parameters and reports that `lastUpdate` is missing.
      isMissing: (error: unknown) => isUnknownEndpoint(error) || isParameterMissed(error),
    },
    // Every supported server has it, so a 404 is a proxy's and ends the look.
    { find: (wanted: Wanted) => amongUpdated(wanted, false), isMissing: () => false },
  ] as const;
  let first = 0;

  return async ({ roomId, upload: { fileId, uploadedAt, sentAt = uploadedAt } }, { signal }) => {
    const since = Math.max(0, Math.min(uploadedAt, sentAt) - MARGIN_MS);
    const wanted = { roomId, fileId, since, signal };
    let isLearnt = true;
    for (const [index, { find, isMissing }] of forms.entries()) {
      if (index < first) continue;
      try {
        const found = await find(wanted);
        // Not before an endpoint answered: a proxy that answers 404 to everything says nothing about the server.
        if (isLearnt) first = index;
        return found;
      } catch (error) {
        if (!isMissing(error)) throw error;
        // The endpoint exists and has found no message. The next form verifies that.
        if (!isPlain404(error)) isLearnt = isLearnt && isParameterMissed(error);
      }
    }
    return undefined;
  };
};

const hasFile = ({ file, files }: Message, fileId: string): boolean =>
  [file, files].flat().some((entry) => idOf(entry) === fileId);

const idOf = (file: unknown): unknown =>
  typeof file === 'object' && file !== null && '_id' in file ? file._id : undefined;

/**
 * A cursor is a time. The next page starts a millisecond earlier, because messages of that millisecond may be missing.
 * `undefined` if that would be the same page again.
 */
const nextCursor = (cursor: string | number, asked: string): string | undefined => {
  const overlapping = Number(cursor) - 1;
  return overlapping > Number(asked) ? String(overlapping) : undefined;
};

const isUnknownEndpoint = (error: unknown): boolean => error instanceof ChatAnswerError && error.status === 404;
/** Rocket.Chat's router answers an unknown endpoint in plain text; an endpoint itself answers in JSON. */
const isPlain404 = (error: unknown): boolean =>
  error instanceof ChatAnswerError && error.status === 404 && !error.isRocketChats;
// A transient fault of the server's database is a 400 as well, and must not count as a missing parameter.
const isParameterMissed = (error: unknown): boolean =>
  error instanceof ChatAnswerError && error.status === 400 && /param/i.test(error.errorType ?? '');

/** The search stops without a result. "Not found" would post the file again. */
const tooBusy = (roomId: string): ChatUnreachableError =>
  new ChatUnreachableError(`more than ${MAX_PAGES * PAGE_SIZE} messages were updated in ${roomId} since the upload`, {
    code: 'BAD_ANSWER',
    mayHaveActed: false,
  });
