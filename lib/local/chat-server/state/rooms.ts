import { randomId } from './random-id.ts';

/** `c` public channel, `p` private group, `d` direct messages. */
export type RoomType = 'c' | 'p' | 'd';

/** A room. Its mutable fields may be changed at any time and take effect on the next call. */
export interface Room {
  readonly id: string;
  /** Direct messages have none. */
  readonly name: string | undefined;
  readonly type: RoomType;
  readonly createdAt: Date;
  archived: boolean;
  readOnly: boolean;
  /** A direct message whose other user has blocked the bot. */
  blocked: boolean;
  /** An encrypted room refuses plain messages unless the settings `E2E_…` allow them. */
  encrypted: boolean;
  /** A federated room whose federation is not set up completely. */
  federationInvalid: boolean;
  /** A room that is locked while its attributes are changed (attribute-based access control). */
  abacLocked: boolean;
  /** Ids of the users who may not post. The API shows their usernames. */
  muted: string[];
  /** Ids of the users who may post although the room is read-only. The API shows their usernames. */
  unmuted: string[];
  /** Ids of the users who have access; `undefined` means all users. */
  members: string[] | undefined;
}

export interface RoomInput {
  /** @default a random id */
  id?: string;
  /** Required for the types `c` and `p`. */
  name?: string;
  /** @default 'c' */
  type?: RoomType;
  archived?: boolean;
  readOnly?: boolean;
  blocked?: boolean;
  encrypted?: boolean;
  federationInvalid?: boolean;
  abacLocked?: boolean;
  muted?: string[];
  unmuted?: string[];
  /** @default all users */
  members?: string[];
}

export interface Rooms {
  /** @throws Error if the id exists, or if a channel or group has no name */
  add(input: RoomInput): Room;
  all(): Room[];
  byId(id: string): Room | undefined;
  /** Does not find direct messages: they have no name. */
  byName(name: string): Room | undefined;
}

export const createRooms = (clock: { now(): number }): Rooms => {
  const rooms = new Map<string, Room>();
  return {
    add: (input) => {
      const room = toRoom(input, new Date(clock.now()));
      if (rooms.has(room.id)) throw new Error(`A room with the id "${room.id}" exists: choose another id.`);
      rooms.set(room.id, room);
      return room;
    },
    all: () => [...rooms.values()],
    byId: (id) => rooms.get(id),
    byName: (name) => [...rooms.values()].find((room) => room.type !== 'd' && room.name === name),
  };
};

export const canAccess = (room: Room, userId: string): boolean => room.members?.includes(userId) ?? true;

/** The path of the room's page, as in Rocket.Chat's permalinks. */
export const roomPath = (room: Room): string => {
  if (room.type === 'd') return `/direct/${encodeURIComponent(room.id)}`;
  return `/${room.type === 'c' ? 'channel' : 'group'}/${encodeURIComponent(room.name ?? room.id)}`;
};

const toRoom = (input: RoomInput, createdAt: Date): Room => {
  const type = input.type ?? 'c';
  if (type !== 'd' && !input.name)
    throw new Error(`A room of type "${type}" needs a name: only direct messages ("d") have none.`);
  return {
    id: input.id ?? randomId(),
    name: type === 'd' ? undefined : input.name,
    type,
    createdAt,
    archived: input.archived ?? false,
    readOnly: input.readOnly ?? false,
    blocked: input.blocked ?? false,
    encrypted: input.encrypted ?? false,
    federationInvalid: input.federationInvalid ?? false,
    abacLocked: input.abacLocked ?? false,
    muted: input.muted ?? [],
    unmuted: input.unmuted ?? [],
    members: input.members,
  };
};
