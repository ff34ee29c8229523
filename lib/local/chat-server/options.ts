import type { RateLimit } from './state/rate-limit.ts';
import type { RoomInput } from './state/rooms.ts';
import type { ServerSettings } from './state/server-settings.ts';
import type { UserInput } from './state/users.ts';
import type { Features, ServerVersion } from './state/world.ts';

export interface ChatServerOptions {
  /** Whose errors to give. @default '8.x' */
  readonly version?: ServerVersion;
  /** @default a free one */
  readonly port?: number;
  /** All of the server's times come from it; only delays of faults are real time. @default Date.now */
  readonly clock?: { now(): number };
  /** The first one is the bot whose credentials the server tells. @default one bot with a random id and token */
  readonly users?: readonly UserInput[];
  /** @default a public channel `general` with the id `GENERAL` */
  readonly rooms?: readonly RoomInput[];
  /** @default Rocket.Chat's */
  readonly settings?: Partial<ServerSettings>;
  /** @default none: the bot bypasses it, and answers have no rate limit headers */
  readonly rateLimit?: RateLimit | undefined;
  /** @default `messageByFileId` off, `syncMessagesByCursor` on */
  readonly features?: Partial<Features>;
  /** Keeps the files' bytes, so that pages can show them; otherwise only size and hash. @default true */
  readonly keepContent?: boolean;
  /** How many bytes are kept; past that, the oldest files lose theirs. @default 256 MiB */
  readonly keepContentBytes?: number;
}
