import * as v from 'valibot';
import { ChatAnswerError, RoomError } from '../../domain/errors.ts';
import type { Clock } from '../../ports.ts';
import type { Client } from './client.ts';

/** The state of a room in the answer of `rooms.info`. Usernames are in `muted` and `unmuted`. */
export const RoomSchema = v.object({
  _id: v.pipe(v.string(), v.nonEmpty()),
  t: v.optional(v.unknown()),
  usernames: v.optional(v.unknown()),
  archived: v.optional(v.unknown()),
  ro: v.optional(v.unknown()),
  encrypted: v.optional(v.unknown()),
  muted: v.optional(v.unknown()),
  unmuted: v.optional(v.unknown()),
});
export type Room = v.InferOutput<typeof RoomSchema>;

const UserAnswer = v.object({ _id: v.string(), username: v.string(), roles: v.optional(v.unknown()) });
const PermissionsAnswer = v.object({ update: v.array(v.object({ _id: v.string(), roles: v.optional(v.unknown()) })) });
const SubscriptionAnswer = v.object({
  subscription: v.nullish(
    v.object({
      roles: v.optional(v.unknown()),
      blocked: v.optional(v.unknown()),
      blocker: v.optional(v.unknown()),
    }),
  ),
});
const SettingsAnswer = v.object({ settings: v.array(v.object({ _id: v.string(), value: v.unknown() })) });

/** The roles that have `post-readonly` by default (`upsertPermissions.ts` of Rocket.Chat). */
const DEFAULT_READ_ONLY_POSTERS = ['admin', 'owner', 'moderator'];

/** @throws RoomError if the user may not post into the room; ChatAnswerError, ChatUnreachableError, SecretError */
export type CheckMayPost = (room: Room, userId: string, signal: AbortSignal) => Promise<void>;

/**
 * Checks what Rocket.Chat checks only after it has stored a file (`canSendMessage.ts`, `sendMessage.ts`). Each confirm
 * that it refuses for one of these states leaves the thumbnail of an image behind.
 *
 * The user, whom only `me` names, is cached for as long as the credentials are his and `cachedForMs` lasts.
 */
export const createCheckMayPost = (options: {
  readonly client: Client;
  readonly clock: Clock;
  readonly cachedForMs: number;
}): CheckMayPost => {
  const { client, clock, cachedForMs } = options;
  let known: { readonly user: v.InferOutput<typeof UserAnswer>; readonly until: number } | undefined;

  const read = async <Schema extends v.GenericSchema>(path: string, answer: Schema, signal: AbortSignal) =>
    (await client.call({ method: 'GET', path, answer, signal })).data;

  const userOf = async (userId: string, signal: AbortSignal): Promise<v.InferOutput<typeof UserAnswer>> => {
    if (known?.user._id === userId && clock.now() < known.until) return known.user;
    const user = await read('me', UserAnswer, signal);
    known = { user, until: clock.now() + cachedForMs };
    return user;
  };

  const subscriptionOf = async (roomId: string, signal: AbortSignal) => {
    const path = `subscriptions.getOne?${new URLSearchParams({ roomId })}`;
    return (await read(path, SubscriptionAnswer, signal).catch(orUndefined))?.subscription;
  };

  /** The roles with a permission are public to every user; the roles in a room are in the user's subscription. */
  const mayPostReadOnly = async (roomId: string, userRoles: readonly string[], signal: AbortSignal) => {
    const [permissions, subscription] = await Promise.all([
      read('permissions.listAll', PermissionsAnswer, signal).catch(orUndefined),
      subscriptionOf(roomId, signal),
    ]);
    const permission = permissions?.update.find(({ _id }) => _id === 'post-readonly');
    const posters = permission === undefined ? DEFAULT_READ_ONLY_POSTERS : textsOf(permission.roles);
    return [...userRoles, ...textsOf(subscription?.roles)].some((role) => posters.includes(role));
  };

  /** Both settings are public; an encrypted room takes plain messages unless encryption is on and they are not allowed. */
  const takesPlainMessages = async (signal: AbortSignal): Promise<boolean> => {
    const path = 'settings.public?_id=E2E_Enable,E2E_Allow_Unencrypted_Messages&count=50';
    const { settings } = await read(path, SettingsAnswer, signal);
    const isOn = (id: string) => settings.some(({ _id, value }) => _id === id && value === true);
    return !isOn('E2E_Enable') || isOn('E2E_Allow_Unencrypted_Messages');
  };

  return async (room, userId, signal) => {
    if (room.archived === true) throw refusal('ROOM_ARCHIVED', room, 'is archived; unarchive it, or change the route');
    if (room.t === 'd') {
      const { blocked, blocker } = (await subscriptionOf(room._id, signal)) ?? {};
      if (blocked === true) throw refusal('ROOM_BLOCKED', room, 'is blocked: the other user has blocked the bot');
      if (blocker === true) throw refusal('ROOM_BLOCKED', room, 'is blocked by the bot; unblock the other user');
    }
    const muted = textsOf(room.muted);
    if (room.ro === true || muted.length > 0) {
      const { username, roles } = await userOf(userId, signal);
      const isUnmuted = textsOf(room.unmuted).includes(username);
      if (room.ro === true && !isUnmuted && !(await mayPostReadOnly(room._id, textsOf(roles), signal))) {
        const remedy = 'allow the user to post there (unmute), or give it a role with the permission post-readonly';
        throw refusal(
          'ROOM_READ_ONLY',
          room,
          `is read-only${room.t === 'd' ? ', as with a user who was deactivated' : ''}; ${remedy}`,
        );
      }
      if (muted.includes(username)) throw refusal('ROOM_MUTED', room, `has muted the user ${username}; unmute it`);
    }
    if (room.encrypted === true && !(await takesPlainMessages(signal))) {
      const remedy = 'turn its encryption off, or allow unencrypted messages (E2E_Allow_Unencrypted_Messages)';
      throw refusal('ROOM_ENCRYPTED', room, `is encrypted and takes no plain messages; ${remedy}`);
    }
  };
};

const refusal = (code: RoomError['code'], { _id }: Room, what: string): RoomError =>
  new RoomError(`the room ${_id} ${what}`, { code });

/** A server without the endpoint decides by its defaults. */
const orUndefined = (error: unknown): undefined => {
  if (error instanceof ChatAnswerError && error.status === 404) return undefined;
  throw error;
};

export const textsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
