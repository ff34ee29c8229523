import type { Endpoint } from '../calls/endpoint.ts';
import { forbidden, success } from '../http/answer.ts';
import { readJsonBody } from '../http/json-body.ts';
import { AnswerError, MeteorError } from '../http/meteor-error.ts';
import { fileParts } from '../state/message-file.ts';
import { hexId } from '../state/random-id.ts';
import { canAccess } from '../state/rooms.ts';
import type { User } from '../state/users.ts';
import type { World } from '../state/world.ts';
import { parseConfirmBody } from './confirm-body.ts';
import { postMessage } from './posting.ts';

/**
 * Posts the message of an upload. Not idempotent: a repeated call posts another message and answers with the first one,
 * because the server inserts a message, makes the upload permanent, and then looks the message up by file
 * (RocketChat/Rocket.Chat#41886).
 */
export const roomsMediaConfirm: Endpoint = {
  name: 'mediaConfirm',
  method: 'POST',
  path: '/api/v1/rooms.mediaConfirm/:rid/:fileId',
  access: 'user',
  prepare: async ({ world, params, incoming, nullMessage }, user) => {
    const json = await readJsonBody(incoming);
    return () => {
      const room = world.rooms.byId(params['rid'] ?? '');
      if (!room || !canAccess(room, user.id)) throw new AnswerError(forbidden(world.version));
      const file = findUpload(world, user, params['fileId'] ?? '', room.id);
      if (world.features.airGapRestricted) throw new Error('restricted-workspace');
      const { description, fileName, ...message } = parseConfirmBody(json, world);
      if (fileName) file.name = fileName;
      // Before the checks of the room and the text: a refused confirm leaves the thumbnail behind for ever.
      const thumbnail = file.type.startsWith('image/') ? world.uploads.addThumbnail(file) : undefined;
      if (nullMessage !== 'dropped') {
        const parts = fileParts(file, thumbnail, description);
        postMessage(world, user, { groupable: false, msg: '', ...message, ...parts, _id: hexId(), rid: room.id });
      }
      // Also if the message was dropped: a file without `expiresAt` does not prove that a message exists.
      world.uploads.confirm(file);
      return success({ message: nullMessage ? null : (world.messages.byFileId(file.id) ?? null) });
    };
  },
};

const findUpload = (world: World, user: User, fileId: string, roomId: string) => {
  const file = world.uploads.byId(fileId);
  if (!file || file.userId !== user.id || file.roomId !== roomId) throw new MeteorError('invalid-file');
  return file;
};
