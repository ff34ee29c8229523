import type { Endpoint } from '../calls/endpoint.ts';
import { failure, success } from '../http/answer.ts';
import { MeteorError } from '../http/meteor-error.ts';
import { canAccess, type Room } from '../state/rooms.ts';
import type { World } from '../state/world.ts';

export const roomsInfo: Endpoint = {
  name: 'roomInfo',
  method: 'GET',
  path: '/api/v1/rooms.info',
  access: 'user',
  prepare:
    ({ world, query }, user) =>
    () => {
      const room = findRoomByIdOrName(world, query);
      if (!canAccess(room, user.id)) return failure('not-allowed', 'Not Allowed');
      return success({ room: roomBody(world, room) });
    },
};

/** @throws MeteorError if the room does not exist, or is archived and the server does not show archived rooms */
const findRoomByIdOrName = (world: World, query: URLSearchParams): Room => {
  const roomId = query.get('roomId');
  const roomName = query.get('roomName');
  if (!roomId && !roomName) {
    throw new MeteorError('error-roomid-param-not-provided', 'The parameter "roomId" or "roomName" is required');
  }
  const room = roomId === null ? world.rooms.byName(roomName ?? '') : world.rooms.byId(roomId);
  if (!room) {
    throw new MeteorError(
      'error-room-not-found',
      'The required "roomId" or "roomName" param provided does not match any channel',
    );
  }
  if (room.archived && !world.features.archivedRoomsResolve)
    throw new MeteorError('error-room-archived', `The channel, ${room.name}, is archived`);
  return room;
};

const roomBody = (world: World, room: Room) => {
  const messages = world.messages.inRoom(room.id);
  return {
    _id: room.id,
    t: room.type,
    ...(room.name !== undefined && { name: room.name, fname: room.name }),
    ...(room.type === 'd' && room.members && { usernames: usernames(world, room.members), uids: room.members }),
    msgs: messages.length,
    usersCount: room.members?.length ?? world.users.length,
    ts: room.createdAt,
    ro: room.readOnly,
    ...(room.archived && { archived: true }),
    ...(room.muted.length > 0 && { muted: usernames(world, room.muted) }),
    ...(room.unmuted.length > 0 && { unmuted: usernames(world, room.unmuted) }),
    ...(room.encrypted && { encrypted: true }),
    _updatedAt: messages.at(-1)?._updatedAt ?? room.createdAt,
  };
};

const usernames = (world: World, userIds: readonly string[]): string[] =>
  world.users.filter(({ id }) => userIds.includes(id)).map(({ username }) => username);
