import { classify } from '../../../lambdas/relay/domain/failure.ts';
import type { Output } from '../output.ts';
import { chatOf } from '../target/chat.ts';
import type { Target } from '../target/target.ts';

/** The ids of rooms that the routes name. The ledger has ids. */
export interface RoomIds {
  /** Undefined if the room can't be found from here. */
  idOf(room: string): Promise<string | undefined>;
  /** The rooms that could not be found, with the reason. */
  readonly unknown: ReadonlyMap<string, string>;
}

const CALL_MS = 20_000;

/** Asks the chat server with the relay's own client and token, once for each room. */
export const createRoomIds = (target: Target): RoomIds => {
  const unknown = new Map<string, string>();
  const known = new Map<string, Promise<string | undefined>>();
  let rooms: ReturnType<typeof chatOf>['rooms'] | undefined;
  const resolve = async (room: string): Promise<string | undefined> => {
    rooms ??= chatOf(target).rooms;
    try {
      return await rooms.resolve(room, undefined, { signal: AbortSignal.timeout(CALL_MS) });
    } catch (error) {
      const { reason, detail } = classify(error, 'room');
      unknown.set(room, `${reason}: ${detail}`);
      return undefined;
    }
  };
  return {
    unknown,
    idOf(room) {
      const id = known.get(room) ?? resolve(room);
      known.set(room, id);
      return id;
    },
  };
};

/** Tells the user which rooms are judged by their names only. */
export const reportUnknownRooms = ({ unknown }: Pick<RoomIds, 'unknown'>, output: Output): void => {
  for (const [room, why] of unknown) {
    output.problem(
      `The room ${room} can't be looked up (${why}). Objects count as posted there if the ledger names the room, or no room.`,
    );
  }
};
