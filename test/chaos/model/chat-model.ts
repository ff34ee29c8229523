import { ChatAnswerError } from '../../../lambdas/relay/domain/errors.ts';

export interface ModelMessage {
  readonly roomId: string;
  readonly fileId: string;
  readonly object: string;
  readonly at: number;
  /** The index in `confirms` of the confirm that posted it. */
  readonly confirm: number;
}

export interface ModelConfirm {
  readonly object: string;
  readonly startedAt: number;
  /** When its object was claimed. */
  readonly claimedAt: number;
}

/** The behaviour of Rocket.Chat that a delivery depends on: files expire, and each confirm posts a message. */
export interface ChatModel {
  readonly messages: ModelMessage[];
  readonly confirms: ModelConfirm[];
  /** Looks that found no message. */
  readonly negativeLooks: { readonly object: string; readonly at: number }[];
  storeFile(object: string, roomId: string, isWhole: boolean): string;
  /** Records that a confirm was sent, and returns its index in `confirms`. */
  startConfirm(fileId: string, claimedAtOf: (object: string) => number): number;
  /**
   * Posts a message. Returns the id of the file's first message, as the server does.
   * @throws ChatAnswerError invalid-file
   */
  confirm(roomId: string, fileId: string, confirm: number): string;
  look(roomId: string, fileId: string): string | undefined;
  expireUploads(): void;
  /** The objects whose files were confirmed although they were incomplete. There must be none. */
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
