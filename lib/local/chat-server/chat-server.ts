import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import { listenOnLoopback } from '../loopback.ts';
import { createApp } from './app.ts';
import { type Call, createCallLog } from './calls/call-log.ts';
import { createFaultPlan, type FaultPlan } from './calls/fault-plan.ts';
import { createTimers } from './calls/timers.ts';
import type { ChatServerOptions } from './options.ts';
import { createFaultSwitches } from './room-page/server/fault-switches.ts';
import { createRoomPage } from './room-page/server/room-page.ts';
import { createContents } from './state/contents.ts';
import type { MessageListener, StoredMessage } from './state/messages.ts';
import type { RateLimit } from './state/rate-limit.ts';
import { type Room, type RoomInput, roomPath } from './state/rooms.ts';
import { defaultServerSettings, type ServerSettings } from './state/server-settings.ts';
import type { StoredFile } from './state/uploads.ts';
import { createUser, type User, type UserInput } from './state/users.ts';
import { createWorld, type Features, type ServerVersion, type World } from './state/world.ts';

/** A running replacement for Rocket.Chat on the loopback interface. */
export interface ChatServer {
  /** Has no trailing slash. */
  readonly url: string;
  /** The bot's user id. */
  readonly userId: string;
  /** The bot's personal access token. */
  readonly authToken: string;
  /** May be changed while the server runs. */
  readonly settings: ServerSettings;
  /** May be changed while the server runs. */
  readonly features: Features;
  /** Schedules faults for coming calls. */
  readonly faults: FaultPlan;
  /** Every API request so far, in order of arrival. */
  readonly calls: readonly Call[];
  addRoom(input: RoomInput): Room;
  /** @throws Error if no room has this id or name */
  room(idOrName: string): Room;
  rooms(): Room[];
  /** The URL of the web page that shows the room. @throws Error if no room has this id or name */
  roomPageUrl(idOrName: string): string;
  addUser(input?: UserInput): User;
  users(): User[];
  /** A room's messages, oldest first. @throws Error if no room has this id or name */
  messages(idOrName: string): StoredMessage[];
  /** Deletes a message as a user of the server does. */
  deleteMessage(messageId: string): void;
  /** All files that the server has, temporary uploads included and thumbnails not. */
  files(): StoredFile[];
  /** The thumbnails of images: one for each confirm, also for one that was refused or repeated. */
  thumbnails(): StoredFile[];
  /** Starts new windows. `undefined` removes the limit. */
  setRateLimit(limit: RateLimit | undefined): void;
  /**
   * Calls the listener for each new message.
   * @returns a function that removes the listener
   */
  onMessage(listener: MessageListener): () => void;
  /** Stops the server, its open connections and all pending faults. */
  close(): Promise<void>;
}

/**
 * Starts a chat server that behaves like Rocket.Chat in all calls that post files, errors included.
 * @throws Error if `options.users` is empty; EADDRINUSE if the port is in use
 * @example
 * const chat = await startChatServer({ version: '7.x' });
 * chat.faults.next('mediaConfirm', { kind: 'reset-after' });
 */
export const startChatServer = async (options: ChatServerOptions = {}): Promise<ChatServer> => {
  const world = worldOf(options);
  const bot = credentials(world.users);
  const faults = createFaultPlan();
  const log = createCallLog(world.clock, options.history);
  const timers = createTimers();
  const switches = createFaultSwitches({ plan: faults, limiter: world.limiter, random: Math.random });
  const page = createRoomPage({ world, switches, feed: options.relayFeed });
  const app = createApp({ world, faults, log, timers }, page);
  const server = createAdaptorServer({
    fetch: app.fetch,
    // Other code in this process uses the global Request and Response.
    overrideGlobalObjects: false,
    // The clean-up closes a connection whose client still sends half a second after an early answer. Rocket.Chat does not.
    autoCleanupIncoming: false,
    serverOptions: { requestTimeout: 0 },
  }) as Server;
  server.prependListener('request', (_, outgoing) => {
    outgoing.setHeader('Date', new Date(world.clock.now()).toUTCString());
  });
  const { endpoint: url, close } = await listenOnLoopback(server, options.port);
  return {
    url,
    ...bot,
    settings: world.settings,
    features: world.features,
    faults,
    calls: log.calls,
    addRoom: (input) => world.rooms.add(input),
    room: (idOrName) => findRoom(world, idOrName),
    rooms: () => world.rooms.all(),
    roomPageUrl: (idOrName) => url + roomPath(findRoom(world, idOrName)),
    addUser: (input) => addUser(world, input),
    users: () => [...world.users],
    messages: (idOrName) => world.messages.inRoom(findRoom(world, idOrName).id),
    deleteMessage: (messageId) => world.messages.delete(messageId, world.settings),
    files: () => world.uploads.all().filter(({ thumbnailOf }) => thumbnailOf === undefined),
    thumbnails: () => world.uploads.all().filter(({ thumbnailOf }) => thumbnailOf !== undefined),
    setRateLimit: (limit) => world.limiter.set(limit),
    onMessage: (listener) => world.messages.onInsert(listener),
    close: () => {
      timers.clear();
      return close();
    },
  };
};

const KEEP_BYTES = 256 * 1024 * 1024;

const worldOf = (options: ChatServerOptions): World => {
  const world = createWorld({
    clock: options.clock ?? { now: Date.now },
    version: options.version ?? '8.x',
    settings: { ...defaultServerSettings, ...options.settings },
    features: { ...defaultFeatures(options.version), ...options.features },
    users: (options.users ?? [{}]).map(createUser),
    contents: createContents({
      keepBytes: options.keepContent === false ? 0 : (options.keepContentBytes ?? KEEP_BYTES),
      folder: options.contentFolder,
    }),
    history: options.history ?? Number.POSITIVE_INFINITY,
    rateLimit: options.rateLimit,
  });
  for (const room of options.rooms ?? [{ id: 'GENERAL', name: 'general' }]) world.rooms.add(room);
  return world;
};

const defaultFeatures = (version: ServerVersion | undefined): Features => ({
  messageByFileId: false,
  syncMessagesByCursor: true,
  archivedRoomsResolve: version !== '7.x',
  decodesImages: true,
  presentationFields: true,
  repeatedIdError: 'TypeError',
  airGapRestricted: false,
  fileIds: '17 characters',
});

const credentials = ([bot]: readonly User[]): { userId: string; authToken: string } => {
  if (!bot) throw new Error('The chat server has no user: give at least one in `users`, or omit the option.');
  return { userId: bot.id, authToken: bot.authToken };
};

const addUser = (world: World, input: UserInput | undefined): User => {
  const user = createUser(input);
  world.users.push(user);
  return user;
};

const findRoom = (world: World, idOrName: string): Room => {
  const room = world.rooms.byId(idOrName) ?? world.rooms.byName(idOrName);
  if (room) return room;
  const known = world.rooms.all().map(({ id, name }) => name ?? id);
  throw new Error(`The chat server has no room "${idOrName}". Its rooms: ${known.join(', ') || 'none'}.`);
};
