import type { ObjectLife } from '../../../relay-feed/relay-feed.ts';
import type { StoredMessage } from '../../state/messages.ts';
import { type Room, roomPath } from '../../state/rooms.ts';
import type { World } from '../../state/world.ts';
import type { LifeView, MessageView, RoomView, Update } from '../protocol.ts';
import { lifeView } from './life-view.ts';
import { messageView } from './message-view.ts';
import type { RoomPage } from './room-page.ts';

/** One visitor's view of a room. */
export interface LiveUpdates {
  /** What has changed since the last call, or everything in the first one. `undefined`: nothing. */
  next(): Update | undefined;
  close(): void;
}

/** How many messages a page shows when it opens, and loads at a time. */
const PAGE_MESSAGES = 50;
/** How many ended lives a page gets when it opens. Those that go on are all sent. */
const ENDED_LIVES = 300;
/** Keeps an update small while thousands of files arrive; the rest follows with the next one. */
const MAX_AT_ONCE = 200;

export const createLiveUpdates = (page: RoomPage, room: Room): LiveUpdates => {
  const { world, feed, balance, switches } = page;
  const changedLives = new Map<number, ObjectLife>();
  const changedThreads = new Set<string>();
  const stopWatching = feed?.watchQueues();
  const stopListening = [
    feed?.onChange((life) => changedLives.set(life.id, life)),
    world.messages.onInsert(({ tmid }) => void (tmid !== undefined && changedThreads.add(tmid))),
  ];
  let isFirst = true;
  let shown = Math.max(0, world.messages.countIn(room.id) - PAGE_MESSAGES);
  const sent: Record<'rooms' | 'relay' | 'faults', string> = { rooms: '', relay: '', faults: '' };

  const ifChanged = <Name extends keyof typeof sent, T>(name: Name, value: T): { [K in Name]?: T } => {
    const text = JSON.stringify(value);
    if (text === sent[name]) return {};
    sent[name] = text;
    return { [name]: value } as { [K in Name]?: T };
  };

  const messages = (): Pick<Update, 'messages'> => {
    const total = world.messages.countIn(room.id);
    if (total === shown && !isFirst) return {};
    const list = messagesOf(world, room, shown, Math.min(total, shown + MAX_AT_ONCE));
    shown += list.length;
    return { messages: { list, total } };
  };

  const replies = (): Pick<Update, 'replies'> => {
    if (changedThreads.size === 0) return {};
    const counts = [...changedThreads].map((id) => [id, world.messages.byId(id)?.tcount ?? 0]);
    changedThreads.clear();
    return { replies: Object.fromEntries(counts) };
  };

  const lives = (): Pick<Update, 'lives'> => {
    if (isFirst) {
      changedLives.clear();
      return { lives: firstLives(page) };
    }
    const list = [...changedLives.values()].slice(0, MAX_AT_ONCE);
    for (const { id } of list) changedLives.delete(id);
    return list.length === 0 ? {} : { lives: list.map((life) => lifeView(world, life)) };
  };

  return {
    next: () => {
      const update: Update = {
        ...(isFirst && { run: page.run }),
        ...ifChanged(
          'rooms',
          world.rooms.all().map((one) => roomView(world, one)),
        ),
        ...messages(),
        ...replies(),
        ...(feed && lives()),
        ...(balance && ifChanged('relay', balance.view())),
        ...ifChanged('faults', switches.all()),
      };
      isFirst = false;
      return Object.keys(update).length === 0 ? undefined : update;
    },
    close: () => {
      for (const stop of stopListening) stop?.();
      stopWatching?.();
    },
  };
};

/** The messages from one position in the room up to another, without the latter. */
const messagesOf = (world: World, room: Room, from: number, to: number): MessageView[] =>
  world.messages
    .inRoom(room.id)
    .slice(from, to)
    .map((message, index) => messageView(world, room, message, from + index));

/** As many messages as are shown at once are enough to go back to one of them. */
const MAX_BACK = 1_000;

/**
 * The messages before a position in the room.
 * @param id goes back to this message, if it is not too old
 */
export const earlierMessages = (world: World, room: Room, before: number, id?: string): MessageView[] => {
  const index = id === undefined ? -1 : world.messages.inRoom(room.id).findIndex(({ _id }) => _id === id);
  const wanted = index === -1 ? before : Math.max(index, before - MAX_BACK);
  return messagesOf(world, room, Math.max(0, Math.min(wanted, before - PAGE_MESSAGES)), before);
};

/** A thread's first message and its replies, in the order of time. */
export const threadMessages = (world: World, room: Room, id: string): MessageView[] => {
  const isPart = ({ _id, tmid }: StoredMessage) => _id === id || tmid === id;
  return world.messages
    .inRoom(room.id)
    .flatMap((message, index) => (isPart(message) ? [messageView(world, room, message, index)] : []));
};

const firstLives = ({ world, feed }: RoomPage): LifeView[] => {
  const all = [...(feed?.lives() ?? [])];
  const ended = all.filter(hasEnded);
  const old = new Set(ended.slice(0, Math.max(0, ended.length - ENDED_LIVES)));
  return all.filter((life) => !old.has(life)).map((life) => lifeView(world, life));
};

const hasEnded = ({ state }: ObjectLife): boolean => state === 'posted' || state === 'ignored';

const roomView = (world: World, room: Room): RoomView => ({
  id: room.id,
  name: room.name ?? 'Direct messages',
  type: room.type,
  path: roomPath(room),
  count: world.messages.countIn(room.id),
});
