import type { Endpoint } from '../calls/endpoint.ts';
import { failure, forbidden, notFound, success } from '../http/answer.ts';
import { MeteorError } from '../http/meteor-error.ts';
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
      // The server answers an unknown message id with 400 and no error text. It shows messages that remain as deleted.
      if (!message) return failure();
      if (!mayRead(world, user, message.rid)) throw new MeteorError('error-not-allowed', 'Not allowed');
      return success({ message });
    },
};

/**
 * The message that shows a file. Not in a release yet (RocketChat/Rocket.Chat#41939). A server without this endpoint
 * answers 404 in plain text; a server with it answers 404 in JSON if no message shows the file.
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
      return mayRead(world, user, message.rid) ? success({ message }) : forbidden(world.version);
    },
};

const mayRead = (world: World, user: User, roomId: string): boolean => {
  const room = world.rooms.byId(roomId);
  return room !== undefined && canAccess(room, user.id);
};
