import * as v from 'valibot';
import { ChatAnswerError, RoomError } from '../../domain/errors.ts';
import type { Clock, Rooms } from '../../ports.ts';
import type { Client } from './client.ts';
import { createCheckMayPost, type Room, RoomSchema, textsOf } from './may-post.ts';
import { findMessage } from './text-message.ts';

const RoomAnswer = v.object({ room: RoomSchema });

/** A room that was renamed or replaced, and a user that was renamed, are noticed after this time. */
const CACHED_FOR_MS = 10 * 60_000;

export interface RoomsCache extends Rooms {
  /** The room is looked up and checked again when it is needed next. */
  forget(roomId: string): void;
}

interface Info {
  readonly room: Room;
  /** The user who asked. */
  readonly userId: string;
}

interface Cached {
  readonly resolved: Promise<string>;
  readonly until: number;
  /** Absent while the room is looked up. */
  roomId?: string;
}

/**
 * Resolves rooms with `rooms.info`, or `im.create` for direct messages, checks that the user may post there, and caches the result. A room that can't be
 * used is not cached.
 */
export const createRooms = ({ client, clock }: { readonly client: Client; readonly clock: Clock }): RoomsCache => {
  const cache = new Map<string, Cached>();
  const checkMayPost = createCheckMayPost({ client, clock, cachedForMs: CACHED_FOR_MS });

  const lookUp = async (room: string, signal: AbortSignal): Promise<Info> => {
    if (room.startsWith('@')) return direct(room.slice(1), signal);
    const isName = room.startsWith('#');
    if (!isName) {
      const byId = await info('roomId', room, signal);
      if (byId !== undefined) return byId;
    }
    const name = isName ? room.slice(1) : room;
    const byName = await info('roomName', name, signal);
    if (byName !== undefined) return byName;
    throw new RoomError(
      `the room "${room}" does not exist or the bot is not in it; check its name or id, and invite the bot`,
      { code: 'ROOM_NOT_FOUND' },
    );
  };

  /**
   * The direct messages with a user. The server creates the room if it does not exist. Newer servers take an unknown
   * username for none and answer with the bot's messages to itself, so the answer must name the user.
   */
  const direct = async (username: string, signal: AbortSignal): Promise<Info> => {
    const path = 'im.create';
    const created = await client
      .call({ method: 'POST', path, json: { username }, answer: RoomAnswer, signal })
      .catch((error: unknown) => {
        if (error instanceof ChatAnswerError && error.errorType === 'error-invalid-user') return undefined;
        throw error;
      });
    const roomId = created?.data.room._id;
    const found = roomId === undefined ? undefined : await info('roomId', roomId, signal);
    const members = [created?.data.room, found?.room].flatMap((room) => textsOf(room?.usernames));
    if (found !== undefined && members.some((member) => member.toLowerCase() === username.toLowerCase())) return found;
    throw new RoomError(`there is no user "${username}" to send direct messages to; check the username`, {
      code: 'ROOM_NOT_FOUND',
    });
  };

  const info = async (by: 'roomId' | 'roomName', value: string, signal: AbortSignal): Promise<Info | undefined> => {
    const path = `rooms.info?${new URLSearchParams({ [by]: value })}`;
    try {
      const { data, userId } = await client.call({ method: 'GET', path, answer: RoomAnswer, signal });
      return { room: data.room, userId };
    } catch (error) {
      if (isNoSuchRoom(error)) return undefined;
      throw error;
    }
  };

  /**
   * The server posts a message with `tmid` into the room of the thread's first message, so that room is checked before.
   */
  const checkThread = async (threadId: string, roomId: string, signal: AbortSignal): Promise<void> => {
    const parent = await findMessage(client, threadId, signal);
    if (parent !== undefined && parent !== 'elsewhere' && parent.roomId === roomId && !parent.isDeleted) return;
    throw new RoomError(
      `the message ${threadId}, which starts the thread, is not in the room ${roomId} or was deleted`,
      {
        code: 'THREAD_NOT_IN_ROOM',
      },
    );
  };

  return {
    async resolve(room, threadId, { signal }) {
      const cacheKey = JSON.stringify([room, threadId]);
      const cached = cache.get(cacheKey);
      if (cached !== undefined && clock.now() < cached.until) return cached.resolved;
      const resolved = lookUp(room, signal).then(async ({ room: found, userId }) => {
        await checkMayPost(found, userId, signal);
        if (threadId !== undefined) await checkThread(threadId, found._id, signal);
        entry.roomId = found._id;
        return found._id;
      });
      const entry: Cached = { resolved, until: clock.now() + CACHED_FOR_MS };
      cache.set(cacheKey, entry);
      resolved.catch(() => cache.delete(cacheKey));
      return resolved;
    },
    forget(roomId) {
      for (const [cacheKey, entry] of cache) if (entry.roomId === roomId) cache.delete(cacheKey);
    },
  };
};

const isNoSuchRoom = (error: unknown): boolean =>
  error instanceof ChatAnswerError &&
  error.status === 400 &&
  (error.errorType === 'error-room-not-found' ||
    error.errorType === 'Not Allowed' ||
    error.errorType === 'invalid-channel');
