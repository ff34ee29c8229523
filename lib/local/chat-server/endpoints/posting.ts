import { MeteorError } from '../http/meteor-error.ts';
import type { NewMessage, StoredMessage } from '../state/messages.ts';
import { canAccess, type Room } from '../state/rooms.ts';
import { hasPermission, type User } from '../state/users.ts';
import type { World } from '../state/world.ts';
import { channelsIn, mentionsIn, urlsIn } from './message-text.ts';

export type Draft = Omit<NewMessage, 'u' | 'urls' | 'mentions' | 'channels'>;

/**
 * Posts a message after the checks that all sending endpoints share (Rocket.Chat, `sendMessage.ts`).
 * @throws MeteorError for refusals with an errorType, Error for refusals without one
 */
export const postMessage = (world: World, user: User, draft: Draft): StoredMessage => {
  if (draft.msg.length > world.settings.Message_MaxAllowedSize) {
    throw new MeteorError('error-message-size-exceeded', 'Message size exceeds Message_MaxAllowedSize');
  }
  const inThread = followThread(world, draft);
  checkRoom(world, world.rooms.byId(inThread.rid), user);
  if ((inThread.alias !== undefined || inThread.avatar !== undefined) && !hasPermission(user, 'message-impersonate')) {
    throw new Error('Not enough permission');
  }
  checkMentions(inThread, user);
  return world.messages.insert({
    ...inThread,
    u: { _id: user.id, username: user.username, name: user.name },
    urls: urlsIn(inThread.msg).map((url) => ({ url })),
    mentions: textsOf(inThread)
      .flatMap(mentionsIn)
      .map((username) => ({ username })),
    channels: textsOf(inThread)
      .flatMap(channelsIn)
      .map((name) => ({ name })),
  });
};

/** A reply is posted in its parent's room, even if the call names another room. An unknown parent is not refused. */
const followThread = (world: World, draft: Draft): Draft => {
  const parent = draft.tmid === undefined ? undefined : world.messages.byId(draft.tmid);
  return parent ? { ...draft, rid: parent.rid, tmid: parent.tmid ?? parent._id } : draft;
};

const checkRoom = (world: World, room: Room | undefined, user: User): void => {
  if (!room) throw new Error('error-invalid-room');
  if (!canAccess(room, user.id)) throw new Error('error-not-allowed');
  if (room.blocked) throw new Error('room_is_blocked');
  if (room.archived) throw new Error('room_is_archived');
  if (room.abacLocked) throw new Error('error-abac-room-locked');
  if (room.readOnly && !hasPermission(user, 'post-readonly') && !room.unmuted.includes(user.id))
    throw new Error("You can't send messages because the room is readonly.");
  if (room.muted.includes(user.id)) throw new Error('You_have_been_muted');
  const { E2E_Enable, E2E_Allow_Unencrypted_Messages } = world.settings;
  if (room.encrypted && E2E_Enable && !E2E_Allow_Unencrypted_Messages) {
    throw new MeteorError('error-not-allowed', 'Not allowed to send un-encrypted messages in an encrypted room');
  }
  if (room.federationInvalid) {
    throw new Error('Federation configuration is invalid: check the settings of the federation service');
  }
};

/** Rocket.Chat looks for mentions in the raw text, code spans included, and in the descriptions of attachments. */
const textsOf = ({ msg, attachments = [] }: Draft): string[] => [
  msg,
  ...attachments.map(({ description }) => String(description ?? '')),
];

const checkMentions = (draft: Draft, user: User): void => {
  const mentioned = textsOf(draft).flatMap(mentionsIn);
  for (const [name, permission] of [
    ['all', 'mention-all'],
    ['here', 'mention-here'],
  ] as const) {
    if (hasPermission(user, permission) || !mentioned.includes(name)) continue;
    throw new MeteorError('error-action-not-allowed', `Notify ${name} in this room not allowed`, {
      action: `Notify_${name}_in_this_room`,
    });
  }
};
