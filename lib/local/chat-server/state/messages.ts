import { randomId } from './random-id.ts';
import type { ServerSettings } from './server-settings.ts';

export interface MessageFile {
  readonly _id: string;
  readonly name: string;
  readonly type: string;
  readonly size: number;
  readonly format: string;
}

/** A message in the API's format; dates become ISO strings in JSON. */
export interface StoredMessage {
  readonly _id: string;
  readonly rid: string;
  msg: string;
  readonly ts: Date;
  _updatedAt: Date;
  readonly u: { readonly _id: string; readonly username: string; readonly name: string };
  readonly urls: readonly { readonly url: string }[];
  readonly mentions: readonly { readonly username: string }[];
  readonly channels: readonly { readonly name: string }[];
  readonly file?: MessageFile;
  readonly files?: readonly MessageFile[];
  readonly attachments?: readonly Record<string, unknown>[];
  readonly tmid?: string;
  readonly alias?: string;
  readonly avatar?: string;
  readonly emoji?: string;
  readonly groupable?: boolean;
  /** `rm`: the message was deleted. */
  t?: string;
  /** Kept for the history, and shown to nobody. */
  _hidden?: true;
  readonly customFields?: unknown;
  /** The number of replies; only on a thread's first message. */
  tcount?: number;
  /** The time of the last reply; only on a thread's first message. */
  tlm?: Date;
}

export type NewMessage = Omit<StoredMessage, '_id' | 'ts' | '_updatedAt' | 'tcount' | 'tlm'> & {
  readonly _id?: string;
};
export type MessageListener = (message: StoredMessage) => void;

export interface Messages {
  /** @throws Error without an errorType if the id exists, as MongoDB's unique index does */
  insert(message: NewMessage): StoredMessage;
  inRoom(roomId: string): StoredMessage[];
  /** The number of messages in the room. */
  countIn(roomId: string): number;
  byId(id: string): StoredMessage | undefined;
  /**
   * Deletes a message as Rocket.Chat does (`deleteMessage.ts`): one that has replies always remains with the type `rm`,
   * another one by the server's settings.
   */
  delete(id: string, settings: Pick<ServerSettings, 'Message_KeepHistory' | 'Message_ShowDeletedStatus'>): void;
  /** The first message that shows the file. After a repeated confirm there are several. */
  byFileId(fileId: string): StoredMessage | undefined;
  /** @returns a function that removes the listener */
  onInsert(listener: MessageListener): () => void;
}

/** @param history how many messages of each room are remembered */
export const createMessages = (clock: { now(): number }, history: number): Messages => {
  const byId = new Map<string, StoredMessage>();
  const firstByFileId = new Map<string, StoredMessage>();
  const byRoom = new Map<string, StoredMessage[]>();
  const listeners = new Set<MessageListener>();

  const noteReply = (reply: StoredMessage) => {
    const parent = reply.tmid === undefined ? undefined : byId.get(reply.tmid);
    if (!parent) return;
    parent.tcount = (parent.tcount ?? 0) + 1;
    parent.tlm = reply.ts;
    parent._updatedAt = new Date(clock.now());
  };

  const forget = (message: StoredMessage | undefined) => {
    if (!message) return;
    byId.delete(message._id);
    if (message.file && firstByFileId.get(message.file._id) === message) firstByFileId.delete(message.file._id);
  };

  return {
    insert: (message) => {
      const now = new Date(clock.now());
      const stored: StoredMessage = { ...message, _id: message._id ?? randomId(), ts: now, _updatedAt: now };
      if (byId.has(stored._id)) {
        throw new Error(
          `E11000 duplicate key error collection: rocketchat.rocketchat_message index: _id_ dup key: { _id: "${stored._id}" }`,
        );
      }
      byId.set(stored._id, stored);
      const room = byRoom.get(stored.rid);
      if (room) room.push(stored);
      else byRoom.set(stored.rid, [stored]);
      if (room && room.length > history) forget(room.shift());
      if (stored.file && !firstByFileId.has(stored.file._id)) firstByFileId.set(stored.file._id, stored);
      noteReply(stored);
      for (const listener of listeners) listener(stored);
      return stored;
    },
    inRoom: (roomId) => [...(byRoom.get(roomId) ?? [])],
    countIn: (roomId) => byRoom.get(roomId)?.length ?? 0,
    byId: (id) => byId.get(id),
    delete: (id, { Message_KeepHistory: keepsHistory, Message_ShowDeletedStatus: showsStatus }) => {
      const message = byId.get(id);
      if (!message) return;
      const parent = message.tmid === undefined ? undefined : byId.get(message.tmid);
      if (parent) parent.tcount = (parent.tcount ?? 1) - 1;
      message._updatedAt = new Date(clock.now());
      if (showsStatus || (message.tcount ?? 0) > 0) {
        message.t = 'rm';
        message.msg = '';
      } else if (keepsHistory) {
        message._hidden = true;
      } else {
        byId.delete(id);
        const room = byRoom.get(message.rid);
        room?.splice(room.indexOf(message), 1);
      }
    },
    byFileId: (fileId) => firstByFileId.get(fileId),
    onInsert: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
};
