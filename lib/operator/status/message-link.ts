import * as v from 'valibot';
import { chatOf } from '../target/chat.ts';
import type { Target } from '../target/target.ts';

const RoomAnswer = v.object({
  room: v.object({ _id: v.string(), t: v.string(), name: v.optional(v.string()) }),
});

/** Makes links to messages. A room's page needs its type and its name, so the server is asked once for each room. */
export const createMessageLinks = (target: Target) => {
  const pages = new Map<string, Promise<string | undefined>>();
  let client: ReturnType<typeof chatOf>['client'] | undefined;
  const pageOf = async (roomId: string): Promise<string | undefined> => {
    client ??= chatOf(target).client;
    try {
      const { data } = await client.call({
        method: 'GET',
        path: `rooms.info?${new URLSearchParams({ roomId })}`,
        answer: RoomAnswer,
        signal: AbortSignal.timeout(20_000),
      });
      const { _id, t, name } = data.room;
      const path =
        t === 'd' || name === undefined
          ? `direct/${encodeURIComponent(_id)}`
          : `${t === 'p' ? 'group' : 'channel'}/${encodeURIComponent(name)}`;
      return `${target.rocketChatUrl.replace(/\/$/, '')}/${path}`;
    } catch {
      return undefined;
    }
  };
  return {
    /** Undefined if the server does not tell about the room. */
    async linkOf(roomId: string, messageId: string): Promise<string | undefined> {
      const page = pages.get(roomId) ?? pageOf(roomId);
      pages.set(roomId, page);
      const url = await page;
      return url === undefined ? undefined : `${url}?msg=${encodeURIComponent(messageId)}`;
    },
  };
};
