import type { FaultChange, FaultView, LifeView, MessageView, RelayView, RoomView, Update } from '../protocol.ts';

export type PanelName = 'waiting' | 'in-work' | 'posted' | 'dead-lettered' | 'faults';

export interface State {
  connection: 'connecting' | 'live' | 'lost';
  roomId: string;
  rooms: readonly RoomView[];
  /** How many messages of each room the visitor has seen. */
  seen: Map<string, number>;
  /** Ascending and without gaps, up to the newest one. */
  messages: readonly MessageView[];
  /** The id of the first message that came while the visitor was not looking at the end of the room. */
  firstNew: string | undefined;
  newCount: number;
  /** Whether the visitor looks at the end of the room. */
  isFollowing: boolean;
  lives: Map<number, LifeView>;
  lifeOfFile: Map<string, LifeView>;
  relay: RelayView | undefined;
  faults: readonly FaultView[];
  /** Undefined until the visitor opens or closes a panel: the page then shows what is wrong. */
  chosenPanel: PanelName | 'none' | undefined;
  thread: { readonly id: string; readonly messages: readonly MessageView[] } | undefined;
  uploads: { done: number; total: number; failures: readonly string[] };
  /** The message that a link leads to. */
  target: string | undefined;
}

/** Above this, the page drops the oldest messages while the visitor looks at the end of the room. */
const MAX_SHOWN = 200;
const TRIMMED_TO = 120;
/** Ended lives above this number are forgotten, as the server does. */
const MAX_LIVES = 5_000;

export type Store = ReturnType<typeof createStore>;

export const createStore = (roomId: string) => {
  const listeners = new Set<() => void>();
  let run: string | undefined;
  let source: EventSource | undefined;
  const state: State = {
    connection: 'connecting',
    roomId,
    rooms: [],
    seen: new Map(),
    messages: [],
    firstNew: undefined,
    newCount: 0,
    isFollowing: true,
    lives: new Map(),
    lifeOfFile: new Map(),
    relay: undefined,
    faults: [],
    chosenPanel: undefined,
    thread: undefined,
    uploads: { done: 0, total: 0, failures: [] },
    target: undefined,
  };

  const changed = () => {
    for (const listener of listeners) listener();
  };
  const room = () => state.rooms.find(({ id }) => id === state.roomId);

  const addMessages = (list: readonly MessageView[], isFirst: boolean) => {
    const last = state.messages.at(-1);
    const fresh = isFirst || last === undefined ? list : list.filter(({ index }) => index > last.index);
    if (fresh.length === 0) return;
    if (!isFirst && (!state.isFollowing || document.hidden)) {
      state.firstNew ??= fresh[0]?.id;
      state.newCount += fresh.length;
    }
    const all = [...state.messages, ...fresh];
    state.messages = state.isFollowing && all.length > MAX_SHOWN ? all.slice(-TRIMMED_TO) : all;
  };

  const addLives = (lives: readonly LifeView[]) => {
    for (const life of lives) {
      state.lives.set(life.id, life);
      if (life.fileId !== undefined) state.lifeOfFile.set(life.fileId, life);
    }
    for (const [id, { state: where, fileId }] of state.lives) {
      if (state.lives.size <= MAX_LIVES) break;
      if (where !== 'posted' && where !== 'ignored') continue;
      state.lives.delete(id);
      if (fileId !== undefined) state.lifeOfFile.delete(fileId);
    }
  };

  const apply = (update: Update) => {
    const isFirst = update.run !== undefined;
    // The server was restarted: its messages and files are others.
    if (isFirst && run !== undefined && update.run !== run) return location.reload();
    run ??= update.run;
    state.connection = 'live';
    if (isFirst) {
      state.messages = [];
      state.lives = new Map();
      state.lifeOfFile = new Map();
    }
    if (update.rooms) {
      state.rooms = update.rooms;
      for (const { id, count } of update.rooms) if (!state.seen.has(id)) state.seen.set(id, count);
    }
    if (update.messages) addMessages(update.messages.list, isFirst);
    if (update.replies) addReplies(update.replies);
    if (update.lives) addLives(update.lives);
    if (update.relay) state.relay = update.relay;
    if (update.faults) state.faults = update.faults;
    noteSeen();
    changed();
  };

  const addReplies = (replies: Readonly<Record<string, number>>) => {
    state.messages = state.messages.map((message) => {
      const count = replies[message.id];
      return count === undefined || count === message.replies ? message : { ...message, replies: count };
    });
    if (state.thread && state.thread.id in replies) void openThread(state.thread.id);
  };

  const noteSeen = () => {
    const here = room();
    if (here && state.isFollowing && !document.hidden) state.seen.set(here.id, here.count);
  };

  const connect = () => {
    source?.close();
    source = new EventSource(`/room-page/live?${new URLSearchParams({ room: state.roomId })}`);
    source.onmessage = ({ data }) => apply(JSON.parse(data) as Update);
    // The browser connects again by itself, and gets everything anew.
    source.onerror = () => {
      state.connection = 'lost';
      changed();
    };
  };

  const fetchMessages = async (query: Record<string, string>): Promise<readonly MessageView[]> => {
    const answer = await fetch(`/room-page/messages?${new URLSearchParams({ room: state.roomId, ...query })}`);
    if (!answer.ok) throw new Error(await answer.text());
    return (await answer.json()) as readonly MessageView[];
  };

  const loadEarlier = async (id?: string) => {
    const first = state.messages[0];
    if (first === undefined || first.index === 0) return;
    const earlier = await fetchMessages({ before: String(first.index), ...(id === undefined ? {} : { id }) });
    // Another load, or a change of the room, can have ended before.
    if (state.messages[0] !== first) return;
    state.isFollowing = false;
    state.messages = [...earlier, ...state.messages];
    changed();
  };

  const openThread = async (id: string) => {
    state.thread = { id, messages: await fetchMessages({ thread: id }) };
    changed();
  };

  const post = (path: string, body: unknown) =>
    fetch(path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    }).then(async (answer) => {
      if (!answer.ok) throw new Error(await answer.text());
    });

  return {
    state,
    room,
    changed,
    connect,
    subscribe: (listener: () => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    loadEarlier: () => loadEarlier(),
    openThread,
    closeThread: () => {
      state.thread = undefined;
      changed();
    },
    openRoom: (id: string) => {
      if (id === state.roomId) return;
      Object.assign(state, {
        roomId: id,
        messages: [],
        firstNew: undefined,
        newCount: 0,
        isFollowing: true,
        thread: undefined,
        target: undefined,
        connection: 'connecting',
      } satisfies Partial<State>);
      changed();
      connect();
    },
    /** Shows a message of the room, and the ones after it. */
    goTo: async (id: string) => {
      if (!state.messages.some((message) => message.id === id)) await loadEarlier(id);
      state.isFollowing = false;
      state.target = id;
      changed();
    },
    follow: (isFollowing: boolean) => {
      if (isFollowing && !document.hidden) {
        state.newCount = 0;
      } else if (state.isFollowing) {
        state.firstNew = undefined;
      }
      state.isFollowing = isFollowing;
      noteSeen();
      changed();
    },
    choosePanel: (panel: PanelName | 'none') => {
      state.chosenPanel = panel;
      changed();
    },
    changeFault: (change: FaultChange) => post('/room-page/faults', change),
    sendBack: (id?: number) => post('/room-page/send-back', id === undefined ? {} : { id }),
  };
};

/** The panel that is open: the chosen one, or the one with what is wrong. */
export const openPanel = ({ chosenPanel, relay, lives }: State): PanelName | undefined => {
  if (chosenPanel !== undefined) return chosenPanel === 'none' ? undefined : chosenPanel;
  if ((relay?.counts['dead-lettered'] ?? 0) > 0) return 'dead-lettered';
  for (const { state, advice } of lives.values()) if (state === 'waiting' && advice !== undefined) return 'waiting';
  return undefined;
};
