import type { Endpoint } from '../calls/endpoint.ts';
import { failure, forbidden, notFound, success } from '../http/answer.ts';
import { canAccess } from '../state/rooms.ts';
import type { User } from '../state/users.ts';
import type { World } from '../state/world.ts';

export const chatGetMessage: Endpoint = {
  name: 'getMessage',
  method: 'GET',
  path: '/api/v1/chat.getMessage',
  access: 'user',
  prepare:
    ({ world, query }, user) =>
    () => {
      const message = world.messages.byId(query.get('msgId') ?? '');
      // No error text at all: that is how the server says that there is no such message.
      return message && mayRead(world, user, message.rid) ? success({ message }) : failure();
    },
};

/**
 * The message that shows a file. Not yet in a release (RocketChat/Rocket.Chat#41939): where it is missing the server
 * answers 404 in plain text, and where it exists and knows no message, 404 in JSON.
 */
export const chatGetMessageByFileId: Endpoint = {
  name: 'getMessageByFileId',
  method: 'GET',
  path: '/api/v1/chat.getMessageByFileId',
  access: 'user',
  isEnabled: (world) => world.features.messageByFileId,
  prepare:
    ({ world, query }, user) =>
    () => {
      const fileId = query.get('fileId');
      if (!fileId) return failure("must have required property 'fileId'", 'error-invalid-params');
      const message = world.messages.byFileId(fileId);
      if (!message) return notFound();
      return mayRead(world, user, message.rid) ? success({ message }) : forbidden();
    },
};

const mayRead = (world: World, user: User, roomId: string): boolean => {
  const room = world.rooms.byId(roomId);
  return room !== undefined && canAccess(room, user.id);
};
