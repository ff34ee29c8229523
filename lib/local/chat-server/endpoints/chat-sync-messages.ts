import type { Endpoint } from '../calls/endpoint.ts';
import { success } from '../http/answer.ts';
import { MeteorError } from '../http/meteor-error.ts';
import type { StoredMessage } from '../state/messages.ts';
import { canAccess } from '../state/rooms.ts';

/** The changed messages of a room: in pages by a cursor (Rocket.Chat 7.9 and later), or all since `lastUpdate`. */
export const chatSyncMessages: Endpoint = {
  name: 'syncMessages',
  method: 'GET',
  path: '/api/v1/chat.syncMessages',
  access: 'user',
  prepare:
    ({ world, query }, user) =>
    () => {
      const parameters = world.features.syncMessagesByCursor ? cursorParameters(query) : oldParameters(query);
      const room = world.rooms.byId(query.get('roomId') ?? '');
      if (!room || !canAccess(room, user.id)) throw new MeteorError('error-not-allowed', 'Not allowed');
      const messages = world.messages.inRoom(room.id);
      if (parameters.kind === 'since') return success({ result: since(messages, parameters.lastUpdate) });
      return success({ result: pageAfter(messages, parameters) });
    },
};

type Parameters =
  | { kind: 'since'; lastUpdate: number }
  | { kind: 'cursor'; next: number | undefined; count: number; isUpdates: boolean };

const oldParameters = (query: URLSearchParams): Parameters => {
  requireRoomId(query);
  const lastUpdate = query.get('lastUpdate');
  if (!lastUpdate) {
    throw new MeteorError('error-lastUpdate-param-not-provided', 'The required "lastUpdate" query param is missing.');
  }
  return { kind: 'since', lastUpdate: parseDate(lastUpdate) };
};

const cursorParameters = (query: URLSearchParams): Parameters => {
  requireRoomId(query);
  const [lastUpdate, type, next] = [query.get('lastUpdate'), query.get('type'), query.get('next')];
  if (!lastUpdate && !type) {
    throw new MeteorError('error-param-required', 'The "type" or "lastUpdate" parameters must be provided');
  }
  if (type && type !== 'UPDATED' && type !== 'DELETED') {
    throw new MeteorError(
      'error-type-param-not-supported',
      'The "type" parameter must be either "UPDATED" or "DELETED"',
    );
  }
  if (next && lastUpdate) {
    throw new MeteorError(
      'error-cursor-and-lastUpdate-conflict',
      'The attributes "next", "previous" and "lastUpdate" cannot be used together',
    );
  }
  if (lastUpdate) return { kind: 'since', lastUpdate: parseDate(lastUpdate) };
  const count = Number(query.get('count') ?? 20);
  return { kind: 'cursor', next: next ? parseCursor(next) : undefined, count, isUpdates: type === 'UPDATED' };
};

const requireRoomId = (query: URLSearchParams): void => {
  if (!query.get('roomId')) {
    throw new MeteorError('error-param-required', 'The required "roomId" query param is missing');
  }
};

const parseDate = (text: string): number => {
  const time = Date.parse(text);
  if (!Number.isNaN(time)) return time;
  throw new MeteorError('error-lastUpdate-param-invalid', 'The "lastUpdate" query parameter must be a valid date');
};

const parseCursor = (text: string): number => {
  const time = Number.parseInt(text, 10);
  if (Number.isNaN(new Date(time).getTime())) throw new Error('Invalid Date');
  return time;
};

/** Sorted newest first, unlike the cursor's pages. */
const since = (messages: StoredMessage[], lastUpdate: number) => ({
  updated: messages
    .filter((message) => message._updatedAt.getTime() > lastUpdate)
    .sort((a, b) => b.ts.getTime() - a.ts.getTime()),
  deleted: [],
});

/**
 * Messages changed after the cursor, a time in epoch milliseconds. As on the real server, a message of the same
 * millisecond as the last one of a page is on neither page. Without a cursor, `updated` is empty.
 */
const pageAfter = (messages: StoredMessage[], { next, count, isUpdates }: Parameters & { kind: 'cursor' }) => {
  if (next === undefined) return { updated: [], deleted: [] };
  const changed = messages
    .filter((message) => isUpdates && message._updatedAt.getTime() > next)
    .sort((a, b) => a._updatedAt.getTime() - b._updatedAt.getTime());
  const page = changed.slice(0, count);
  return {
    updated: page,
    deleted: [],
    cursor: { next: changed.length > count ? cursorOf(page.at(-1)) : null, previous: cursorOf(page.at(0)) },
  };
};

const cursorOf = (message: StoredMessage | undefined): string | null =>
  message ? String(message._updatedAt.getTime()) : null;
