import { createMessages, type Messages } from './messages.ts';
import { createRateLimiter, type RateLimit, type RateLimiter } from './rate-limit.ts';
import { createRooms, type Rooms } from './rooms.ts';
import type { ServerSettings } from './server-settings.ts';
import { createUploads, type Uploads } from './uploads.ts';
import type { User } from './users.ts';

/** 8.x is what the server's source calls current; 7.x differs in some errors. */
export type ServerVersion = '7.x' | '8.x';

export interface Features {
  /** `chat.getMessageByFileId` exists. */
  messageByFileId: boolean;
  /** `chat.syncMessages` knows `type` and `next` (Rocket.Chat 7.9); else only `lastUpdate`. */
  syncMessagesByCursor: boolean;
}

/** Everything the server knows; endpoints read and change it. */
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
  /** How many bytes of files are kept in memory; 0 keeps none. */
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
