import type { Port } from '../loopback.ts';
import type { RelayFeed } from '../relay-feed/relay-feed.ts';
import type { RateLimit } from './state/rate-limit.ts';
import type { RoomInput } from './state/rooms.ts';
import type { ServerSettings } from './state/server-settings.ts';
import type { UserInput } from './state/users.ts';
import type { Features, ServerVersion } from './state/world.ts';

export interface ChatServerOptions {
  /** The Rocket.Chat version whose behaviour and errors are reproduced. @default '8.x' */
  readonly version?: ServerVersion;
  /** @default a free port */
  readonly port?: Port;
  /** Gives all of the server's times. Delays of faults always use real time. @default Date.now */
  readonly clock?: { now(): number };
  /** The first user is the bot. Its credentials are `userId` and `authToken`. @default one bot with a random id and token */
  readonly users?: readonly UserInput[];
  /** @default a public channel `general` with the id `GENERAL` */
  readonly rooms?: readonly RoomInput[];
  /** @default Rocket.Chat's defaults */
  readonly settings?: Partial<ServerSettings>;
  /**
   * Each route's limit; `chat.sendMessage` then has its own, 5 calls per 1000 ms. Roles do not lift it, because some servers
   * do not honour their permission (RocketChat/Rocket.Chat#24539): give a user `api-bypass-rate-limit` in `permissions`.
   * @default no limit and no rate limit headers, as for a bot that may bypass the limit
   */
  readonly rateLimit?: RateLimit | undefined;
  /**
   * @default `syncMessagesByCursor`, `decodesImages` and `presentationFields` on, `messageByFileId` and `airGapRestricted` off, ids of 17
   * characters, a TypeError for a repeated id; `archivedRoomsResolve` off in 7.x only
   */
  readonly features?: Partial<Features>;
  /** Keeps the files' bytes so that room pages can show them. Otherwise only size and hash are kept. @default true */
  readonly keepContent?: boolean;
  /** How many bytes are kept in all. Above that, the bytes of the oldest files are dropped. @default 256 MiB */
  readonly keepContentBytes?: number;
  /** The relay that the room page shows and uploads to. @default none: the page shows only rooms and messages */
  readonly relayFeed?: RelayFeed | undefined;
  /** An existing folder in which the files' bytes are kept. The caller removes it. @default they are kept in memory */
  readonly contentFolder?: string;
  /** How many messages of each room, files and calls are remembered; older ones are forgotten. @default all */
  readonly history?: number;
}
