import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { type Call, createCallLog } from './calls/call-log.ts';
import { createFaultPlan, type FaultPlan } from './calls/fault-plan.ts';
import { createApp } from './http/app.ts';
import type { ChatServerOptions } from './options.ts';
import type { MessageListener, StoredMessage } from './state/messages.ts';
import type { RateLimit } from './state/rate-limit.ts';
import { type Room, type RoomInput, roomPath } from './state/rooms.ts';
import { defaultServerSettings, type ServerSettings } from './state/server-settings.ts';
import { createTimers } from './state/timers.ts';
import type { StoredFile } from './state/uploads.ts';
import { createUser, type User, type UserInput } from './state/users.ts';
import { createWorld, type Features, type World } from './state/world.ts';

/** A running stand-in for Rocket.Chat, on the loopback interface. */
export interface ChatServer {
  /** Without a slash at its end. */
  readonly url: string;
  /** The bot's. */
  readonly userId: string;
  readonly authToken: string;
  /** May be changed while it runs. */
  readonly settings: ServerSettings;
  /** May be changed while it runs. */
  readonly features: Features;
  /** Scripts what goes wrong. */
  readonly faults: FaultPlan;
  /** Every API request so far, in order of arrival. */
  readonly calls: readonly Call[];
  addRoom(input: RoomInput): Room;
  /** By id or name. @throws Error if there is none */
  room(idOrName: string): Room;
  rooms(): Room[];
  /** The URL of the page that shows the room. */
  roomPageUrl(idOrName: string): string;
  addUser(input?: UserInput): User;
  users(): User[];
  /** A room's messages, oldest first. */
  messages(idOrName: string): StoredMessage[];
  /** Files that are still there, temporary ones included. */
  files(): StoredFile[];
  /** Begins new windows; `undefined` lifts the limit. */
  setRateLimit(limit: RateLimit | undefined): void;
  /**
   * Tells of each message as it is posted.
   * @returns how to stop listening
   */
  onMessage(listener: MessageListener): () => void;
  /** Also ends open connections and everything that waits. */
  close(): Promise<void>;
}

/**
 * Starts a chat server that behaves as Rocket.Chat does where files are posted, errors included.
 * @example
 * const chat = await startChatServer({ version: '7.x' });
 * chat.faults.next('mediaConfirm', { kind: 'reset-after' });
 */
export const startChatServer = async (options: ChatServerOptions = {}): Promise<ChatServer> => {
  const world = worldOf(options);
  const faults = createFaultPlan();
  const log = createCallLog(world.clock);
  const timers = createTimers();
  const app = createApp({ world, faults, log, timers });
  const server = createAdaptorServer({
    fetch: app.fetch,
    // The global Request and Response belong to the process that we are a guest in.
    overrideGlobalObjects: false,
    // It cuts a connection that goes on sending for half a second after an early answer; Rocket.Chat does not.
    autoCleanupIncoming: false,
    serverOptions: { requestTimeout: 0 },
  }) as Server;
  server.prependListener('request', (_, outgoing) => {
    outgoing.setHeader('Date', new Date(world.clock.now()).toUTCString());
  });
  const url = await listen(server, options.port ?? 0);
  return {
    url,
    ...credentials(world.users),
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
    files: () => world.uploads.all(),
    setRateLimit: (limit) => world.limiter.set(limit),
    onMessage: (listener) => world.messages.onInsert(listener),
    close: () => {
      timers.clear();
      return stop(server);
    },
  };
};

const KEEP_BYTES = 256 * 1024 * 1024;

const worldOf = (options: ChatServerOptions): World => {
  const world = createWorld({
    clock: options.clock ?? { now: Date.now },
    version: options.version ?? '8.x',
    settings: { ...defaultServerSettings, ...options.settings },
    features: { messageByFileId: false, syncMessagesByCursor: true, ...options.features },
    users: (options.users ?? [{}]).map(createUser),
    keepBytes: options.keepContent === false ? 0 : (options.keepContentBytes ?? KEEP_BYTES),
    rateLimit: options.rateLimit,
  });
  for (const room of options.rooms ?? [{ id: 'GENERAL', name: 'general' }]) world.rooms.add(room);
  return world;
};

const credentials = ([bot]: readonly User[]): { userId: string; authToken: string } => {
  if (!bot) throw new Error('The chat server has no user: give at least one in `users`, or leave the option out.');
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
  throw new Error(`The chat server has no room "${idOrName}"; it has ${known.join(', ') || 'none'}.`);
};

const listen = (server: Server, port: number): Promise<string> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    // Loopback only: room pages need no login.
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    });
  });

const stop = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
