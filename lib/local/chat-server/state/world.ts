import type { Contents } from './contents.ts';
import { createMessages, type Messages } from './messages.ts';
import { hexId, randomId } from './random-id.ts';
import { createRateLimiter, type RateLimit, type RateLimiter } from './rate-limit.ts';
import { createRooms, type Rooms } from './rooms.ts';
import type { ServerSettings } from './server-settings.ts';
import { createUploads, type Uploads } from './uploads.ts';
import type { User } from './users.ts';

/** 7.x differs from 8.x in some errors and in how it reads uploads, 9.x in the status and text of some refusals. */
export type ServerVersion = '7.x' | '8.x' | '9.x';

export interface Features {
  /** Whether `chat.getMessageByFileId` exists. */
  messageByFileId: boolean;
  /** Whether `chat.syncMessages` takes `type` and `next` (Rocket.Chat 7.9 and later), or only `lastUpdate`. */
  syncMessagesByCursor: boolean;
  /** Whether `rooms.info` shows archived rooms, as the newest 8.x does, or answers error-room-archived, as earlier servers do. */
  archivedRoomsResolve: boolean;
  /** Whether a file that claims to be an image and is none is refused, as the real server does. */
  decodesImages: boolean;
  /**
   * Whether a confirm accepts `alias`, `avatar`, `emoji`, `groupable` and `customFields`, as all released servers do
   * (RocketChat/Rocket.Chat#39504 would have removed them).
   */
  presentationFields: boolean;
  /** The error of a `chat.sendMessage` whose `_id` exists: a TypeError's, or in a race MongoDB's. */
  repeatedIdError: 'TypeError' | 'E11000';
  /** A workspace without a connection to its vendor that has used up its time: it posts nothing. */
  airGapRestricted: boolean;
  /** 17 characters with S3 storage, an ObjectId of 24 hexadecimal digits with the others. */
  fileIds: '17 characters' | '24 hex';
}

/** The server's whole state, which endpoints read and change. */
export interface World {
  readonly clock: { now(): number };
  readonly version: ServerVersion;
  readonly settings: ServerSettings;
  readonly features: Features;
  readonly users: User[];
  readonly rooms: Rooms;
  readonly messages: Messages;
  readonly uploads: Uploads;
  readonly limiter: RateLimiter;
  readonly contents: Contents;
}

export const createWorld = (input: {
  clock: { now(): number };
  version: ServerVersion;
  settings: ServerSettings;
  features: Features;
  users: User[];
  contents: Contents;
  history: number;
  rateLimit: RateLimit | undefined;
}): World => {
  const { rateLimit, history, ...rest } = input;
  return {
    ...rest,
    rooms: createRooms(input.clock),
    messages: createMessages(input.clock, history),
    uploads: createUploads(input.clock, {
      history,
      createId: () => (input.features.fileIds === '24 hex' ? hexId() : randomId()),
    }),
    limiter: createRateLimiter(input.clock, rateLimit),
  };
};
