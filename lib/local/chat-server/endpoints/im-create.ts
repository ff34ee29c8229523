import type { Endpoint } from '../calls/endpoint.ts';
import { failure, success } from '../http/answer.ts';
import { readJsonBody } from '../http/json-body.ts';
import { MeteorError } from '../http/meteor-error.ts';
import type { Room } from '../state/rooms.ts';
import type { User } from '../state/users.ts';
import type { World } from '../state/world.ts';

/**
 * The direct messages of two users (Rocket.Chat, `createDirectRoom.ts`). The room's id is made of the users' ids, so a
 * repeated call finds the room of the first. 7.x refuses an unknown username; later servers ignore it, and answer with
 * the user's messages to itself.
 */
export const imCreate: Endpoint = {
  name: 'imCreate',
  method: 'POST',
  path: '/api/v1/im.create',
  access: 'user',
  prepare: async ({ world, incoming }, user) => {
    const { username } = await readJsonBody(incoming);
    return () => {
      if (typeof username !== 'string') {
        return failure("must have required property 'username'", 'error-invalid-params');
      }
      const other = world.users.find((one) => one.username === username);
      if (other === undefined && world.version === '7.x') throw new MeteorError('error-invalid-user', 'Invalid user');
      const members = other === undefined || other.id === user.id ? [user] : [user, other];
      const room = directRoom(world, members);
      const usernames = members.map((member) => member.username);
      return success({ room: { _id: room.id, rid: room.id, t: 'd', usernames } });
    };
  },
};

const directRoom = (world: World, members: readonly User[]): Room => {
  const ids = members.map(({ id }) => id).sort();
  const known = world.rooms.all().find((room) => room.type === 'd' && isSame(room.members, ids));
  return known ?? world.rooms.add({ id: ids.join(''), type: 'd', members: ids });
};

const isSame = (members: readonly string[] | undefined, ids: readonly string[]): boolean =>
  members !== undefined && members.length === ids.length && ids.every((id) => members.includes(id));
