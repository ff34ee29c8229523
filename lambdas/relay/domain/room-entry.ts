import { Status } from './delivery.ts';

/** What the ledger holds of one object version in one room. */
export interface RoomEntry {
  /** As the route named it. Absent in items of earlier versions. */
  readonly room: string | undefined;
  readonly roomId: string;
  readonly status: Status;
  readonly messageId: string | undefined;
  /** When the object was dead-lettered for this room, epoch milliseconds. */
  readonly failedAt: number | undefined;
  /** A delivery works on it, or died. */
  readonly hasOwner: boolean;
}

/** The dead letter that a redriven message was; both are absent on other messages. */
export interface Redriven {
  readonly failedAt?: number | undefined;
  readonly failedRoomId?: string | undefined;
}

/**
 * The entry of the room, if the object is settled there: a message that comes back for another room has nothing left to
 * do in this one, even if the room can't be used any more. A dead-lettered entry is settled until its own letter is
 * redriven.
 */
export const settledEntry = (entries: readonly RoomEntry[], room: string, redriven: Redriven): RoomEntry | undefined =>
  entries.find((entry) => (entry.room === room || entry.roomId === room) && isSettled(entry, redriven));

const isSettled = (entry: RoomEntry, redriven: Redriven): boolean => {
  if (entry.status === Status.Posted || entry.status === Status.Gone) return true;
  return entry.status === Status.DeadLettered && !entry.hasOwner && !isRedriven(entry, redriven);
};

const isRedriven = ({ room, roomId, failedAt = 0 }: RoomEntry, redriven: Redriven): boolean => {
  if (redriven.failedAt === undefined || redriven.failedAt < failedAt) return false;
  // An object that was dead-lettered before its room's id was known has an entry under the room's name.
  const isUnderName = room === roomId;
  return isUnderName || redriven.failedRoomId === undefined || redriven.failedRoomId === roomId;
};
