import type { Endpoint } from '../calls/endpoint.ts';
import { failure, success } from '../http/answer.ts';
import { canAccess, type Room } from '../state/rooms.ts';
import { PERMISSIONS, rolesInRooms, rolesWith, type User } from '../state/users.ts';

// What a client reads to find out which permissions its user has in a room (Rocket.Chat, `permissions.ts` and
// `subscriptions.ts` of the API): a permission belongs to roles, and a user has roles on the server and in each room.

/** The roles of each permission, for every user. The parameter `updatedSince` is ignored: all permissions are listed. */
export const permissionsListAll: Endpoint = {
  name: 'permissions',
  method: 'GET',
  path: '/api/v1/permissions.listAll',
  access: 'user',
  prepare: () => () => success({ update: PERMISSIONS.map((_id) => ({ _id, roles: rolesWith(_id) })), remove: [] }),
};

/** The user's membership of a room; `null` if the user is not a member or the room does not exist. */
export const subscriptionsGetOne: Endpoint = {
  name: 'subscription',
  method: 'GET',
  path: '/api/v1/subscriptions.getOne',
  access: 'user',
  prepare:
    ({ world, query }, user) =>
    () => {
      const roomId = query.get('roomId');
      if (!roomId) return failure("must have required property 'roomId'", 'error-invalid-params');
      const room = world.rooms.byId(roomId);
      return success({ subscription: room && canAccess(room, user.id) ? subscriptionBody(room, user) : null });
    },
};

const subscriptionBody = (room: Room, user: User) => {
  const roles = rolesInRooms(user);
  return {
    _id: `${room.id}${user.id}`,
    rid: room.id,
    t: room.type,
    ...(room.name !== undefined && { name: room.name, fname: room.name }),
    u: { _id: user.id, username: user.username, name: user.name },
    open: true,
    ...(room.type === 'd' && room.blocked && { blocked: true }),
    ...(roles.length > 0 && { roles }),
    ts: room.createdAt,
    _updatedAt: room.createdAt,
  };
};
