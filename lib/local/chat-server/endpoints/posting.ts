import { MeteorError } from '../http/meteor-error.ts';
import type { NewMessage, StoredMessage } from '../state/messages.ts';
import { canAccess, type Room } from '../state/rooms.ts';
import { mayImpersonate, type User } from '../state/users.ts';
import type { World } from '../state/world.ts';

export type Draft = Omit<NewMessage, 'u' | 'urls'>;

/**
 * Posts a message after the checks that all sending endpoints share (Rocket.Chat, `sendMessage.ts`).
 * @throws MeteorError for refusals with an errorType, Error for refusals without one
 */
export const postMessage = (world: World, user: User, draft: Draft): StoredMessage => {
  if (draft.msg.length > world.settings.Message_MaxAllowedSize) {
    throw new MeteorError('error-message-size-exceeded', 'Message size exceeds Message_MaxAllowedSize');
  }
  const inThread = followThread(world, draft);
  checkRoom(world.rooms.byId(inThread.rid), user);
  if ((inThread.alias !== undefined || inThread.avatar !== undefined) && !mayImpersonate(user)) {
    throw new Error('Not enough permission');
  }
  return world.messages.insert({
    ...inThread,
    u: { _id: user.id, username: user.username, name: user.name },
    urls: [],
  });
};

/** A reply is posted in its parent's room, even if the call names another room. An unknown parent is not refused. */
const followThread = (world: World, draft: Draft): Draft => {
  const parent = draft.tmid === undefined ? undefined : world.messages.byId(draft.tmid);
  return parent ? { ...draft, rid: parent.rid, tmid: parent.tmid ?? parent._id } : draft;
};

const checkRoom = (room: Room | undefined, user: User): void => {
  if (!room) throw new Error('error-invalid-room');
  if (!canAccess(room, user.id)) throw new Error('error-not-allowed');
  if (room.blocked) throw new Error('room_is_blocked');
  if (room.archived) throw new Error('room_is_archived');
  if (room.readOnly) throw new Error("You can't send messages because the room is readonly.");
  if (room.muted.includes(user.id)) throw new Error('You_have_been_muted');
  if (room.encrypted) {
    throw new MeteorError('error-not-allowed', 'Not allowed to send un-encrypted messages in an encrypted room');
  }
};
