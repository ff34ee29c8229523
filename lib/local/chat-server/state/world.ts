import { createMessages, type Messages } from './messages.ts';
import { createRateLimiter, type RateLimit, type RateLimiter } from './rate-limit.ts';
import { createRooms, type Rooms } from './rooms.ts';
import type { ServerSettings } from './server-settings.ts';
import { createUploads, type Uploads } from './uploads.ts';
import type { User } from './users.ts';

/** 7.x and 8.x differ in some errors and in how they read uploads. */
export type ServerVersion = '7.x' | '8.x';

export interface Features {
  /** Whether `chat.getMessageByFileId` exists. */
  messageByFileId: boolean;
  /** Whether `chat.syncMessages` takes `type` and `next` (Rocket.Chat 7.9 and later), or only `lastUpdate`. */
  syncMessagesByCursor: boolean;
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
  /** How many bytes of files are kept in memory; 0 means none. */
  readonly keepBytes: number;
}

export const createWorld = (input: {
  clock: { now(): number };
  version: ServerVersion;
  settings: ServerSettings;
  features: Features;
  users: User[];
  keepBytes: number;
  rateLimit: RateLimit | undefined;
}): World => {
  const { rateLimit, ...rest } = input;
  return {
    ...rest,
    rooms: createRooms(input.clock),
    messages: createMessages(input.clock),
    uploads: createUploads(input.clock, { keepBytes: input.keepBytes }),
    limiter: createRateLimiter(input.clock, rateLimit),
  };
};
