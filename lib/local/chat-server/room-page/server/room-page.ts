import type { RelayFeed } from '../../../relay-feed/relay-feed.ts';
import { randomId } from '../../state/random-id.ts';
import type { World } from '../../state/world.ts';
import { type Balance, createBalance } from './balance.ts';
import type { FaultSwitches } from './fault-switches.ts';

/** What the page shows and changes. */
export interface RoomPage {
  readonly world: World;
  readonly switches: FaultSwitches;
  /** Both are undefined if the server runs without a relay. */
  readonly feed: RelayFeed | undefined;
  readonly balance: Balance | undefined;
  /** Names this run of the server. */
  readonly run: string;
}

export const createRoomPage = (parts: Pick<RoomPage, 'world' | 'switches' | 'feed'>): RoomPage => ({
  ...parts,
  balance: parts.feed && createBalance(parts.world, parts.feed),
  run: randomId(),
});
