import { ChatAnswerError } from '../../../lambdas/relay/domain/errors.ts';

export interface ModelMessage {
  readonly roomId: string;
  readonly fileId: string;
  readonly object: string;
  readonly at: number;
  /** Which of the confirms of this object has posted it. */
  readonly confirm: number;
}

export interface ModelConfirm {
  readonly object: string;
  readonly startedAt: number;
  /** Since when its object was claimed. */
  readonly claimedAt: number;
}

/** Rocket.Chat as far as a delivery sees it: files that expire, and a confirm that posts again each time. */
export interface ChatModel {
  readonly messages: ModelMessage[];
  readonly confirms: ModelConfirm[];
  /** Looks that have found nothing. */
  readonly negativeLooks: { readonly object: string; readonly at: number }[];
  storeFile(object: string, roomId: string, isWhole: boolean): string;
  /** Notes that a confirm was sent, and gives its number. */
  startConfirm(fileId: string, claimedAtOf: (object: string) => number): number;
  /** The message that the answer shows: the first one of the file. @throws ChatAnswerError invalid-file */
  confirm(roomId: string, fileId: string, confirm: number): string;
  look(roomId: string, fileId: string): string | undefined;
  expireUploads(): void;
  /** Confirms of files that were not whole. There must be none. */
  readonly brokenConfirms: string[];
}

export const createChatModel = (now: () => number): ChatModel => {
  const files = new Map<
    string,
    { object: string; roomId: string; isWhole: boolean; isConfirmed: boolean; expiresAt: number }
  >();
  const messages: ModelMessage[] = [];
  let stored = 0;
  const confirms: ModelConfirm[] = [];
  const brokenConfirms: string[] = [];
  const negativeLooks: { object: string; at: number }[] = [];

  const idOf = (message: ModelMessage): string => `message-${messages.indexOf(message)}`;
  const find = (roomId: string, fileId: string) =>
    messages.find((message) => message.roomId === roomId && message.fileId === fileId);

  return {
    messages,
    confirms,
    negativeLooks,
    brokenConfirms,

    storeFile(object, roomId, isWhole) {
      stored += 1;
      const fileId = `file-${stored}`;
      files.set(fileId, { object, roomId, isWhole, isConfirmed: false, expiresAt: now() + 24 * 3_600_000 });
      return fileId;
    },

    startConfirm(fileId, claimedAtOf) {
      const object = files.get(fileId)?.object ?? fileId;
      confirms.push({ object, startedAt: now(), claimedAt: claimedAtOf(object) });
      return confirms.length - 1;
    },

    confirm(roomId, fileId, confirm) {
      const file = files.get(fileId);
      const isThere = file !== undefined && file.roomId === roomId && (file.isConfirmed || now() < file.expiresAt);
      if (!isThere) {
        throw new ChatAnswerError('[invalid-file]', { status: 400, errorType: 'invalid-file' });
      }
      if (!file.isWhole) brokenConfirms.push(file.object);
      file.isConfirmed = true;
      const message = { roomId, fileId, object: file.object, at: now(), confirm };
      messages.push(message);
      return idOf(find(roomId, fileId) ?? message);
    },

    look(roomId, fileId) {
      const message = find(roomId, fileId);
      const object = files.get(fileId)?.object;
      if (message === undefined && object !== undefined) negativeLooks.push({ object, at: now() });
      return message === undefined ? undefined : idOf(message);
    },

    expireUploads() {
      for (const [fileId, file] of files) if (!file.isConfirmed) files.delete(fileId);
    },
  };
};
