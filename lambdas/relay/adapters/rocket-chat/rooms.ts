import * as v from 'valibot';
import { ChatAnswerError, RoomError } from '../../domain/errors.ts';
import type { Clock, Rooms } from '../../ports.ts';
import type { Client } from './client.ts';

const RoomAnswer = v.object({ room: v.object({ _id: v.pipe(v.string(), v.nonEmpty()) }) });
const MessageAnswer = v.object({ message: v.object({ rid: v.string() }) });

/** A cached room is resolved again after this time, so a renamed or replaced room is detected. */
const CACHED_FOR_MS = 10 * 60_000;

/** Resolves rooms with `rooms.info` and caches the result. */
export const createRooms = ({ client, clock }: { readonly client: Client; readonly clock: Clock }): Rooms => {
  const cache = new Map<string, { readonly roomId: Promise<string>; readonly until: number }>();

  const lookUp = async (room: string, signal: AbortSignal): Promise<string> => {
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

  const info = async (by: 'roomId' | 'roomName', value: string, signal: AbortSignal): Promise<string | undefined> => {
    const path = `rooms.info?${new URLSearchParams({ [by]: value })}`;
    try {
      const { data } = await client.call({ method: 'GET', path, answer: RoomAnswer, signal });
      return data.room._id;
    } catch (error) {
      if (isNoSuchRoom(error)) return undefined;
      throw error;
    }
  };

  /**
   * The server posts a message with `tmid` into the room of the thread's first message, so that room is checked before.
   */
  const checkThread = async (threadId: string, roomId: string, signal: AbortSignal): Promise<void> => {
    const path = `chat.getMessage?${new URLSearchParams({ msgId: threadId })}`;
    const parentRoom = await client.call({ method: 'GET', path, answer: MessageAnswer, signal }).then(
      ({ data }) => data.message.rid,
      (error: unknown) => {
        if (error instanceof ChatAnswerError && error.status === 400) return undefined;
        throw error;
      },
    );
    if (parentRoom === roomId) return;
    throw new RoomError(`the message ${threadId}, which starts the thread, is not in the room ${roomId}`, {
      code: 'THREAD_NOT_IN_ROOM',
    });
  };

  return {
    async resolve(room, threadId, { signal }) {
      const cacheKey = JSON.stringify([room, threadId]);
      const cached = cache.get(cacheKey);
      if (cached !== undefined && clock.now() < cached.until) return cached.roomId;
      const roomId = lookUp(room, signal).then(async (id) => {
        if (threadId !== undefined) await checkThread(threadId, id, signal);
        return id;
      });
      cache.set(cacheKey, { roomId, until: clock.now() + CACHED_FOR_MS });
      roomId.catch(() => cache.delete(cacheKey));
      return roomId;
    },
  };
};

const isNoSuchRoom = (error: unknown): boolean =>
  error instanceof ChatAnswerError &&
  error.status === 400 &&
  (error.errorType === 'error-room-not-found' ||
    error.errorType === 'Not Allowed' ||
    error.errorType === 'invalid-channel');
