import type { LocalRelay } from '../../local/index.ts';
import type { RelayEvent } from './events.ts';
import type { Addresses } from './lines.ts';
import type { QueueTotals } from './totals.ts';

/** The started relay and the room it posts to. */
export interface Ready {
  readonly relay: LocalRelay;
  readonly roomId: string;
  /** The display name, such as `#general`. */
  readonly room: string;
  readonly roomPageUrl: string | undefined;
}

/** @param dropFolder undefined with `--once` */
export const addressesOf = ({ relay, room, roomPageUrl }: Ready, dropFolder: string | undefined): Addresses => ({
  room,
  roomPageUrl: roomPageUrl ?? relay.rocketChatUrl,
  dropFolder,
  s3: relay.endpoints.s3,
  bucket: relay.bucket,
  region: relay.region,
});

/** The command's output. */
export interface Report {
  /** @param dropFolder undefined with `--once` */
  ready(ready: Ready, dropFolder: string | undefined): void;
  event(event: RelayEvent): void;
  /** The state of the queues, several times a second. */
  queues(queues: QueueTotals, state: { readonly isPaused: boolean }): void;
  /** Lines for people, which may be painted but not hostile; nothing with `--json`. */
  lines(lines: readonly string[]): void;
  /** The settings were read again from the file. */
  reloaded(file: string): void;
  /** A problem that is not an event of an object. Printed on stderr, also with `--json`. */
  problem(text: string): void;
  /** The last line of `--once`. */
  summary(posted: number, expected: number): void;
  /** The last lines of a relay that was stopped. */
  stopped(queues: QueueTotals, last: readonly string[]): void;
  /** Puts the terminal in order; also called after an error. */
  close(): void;
}
