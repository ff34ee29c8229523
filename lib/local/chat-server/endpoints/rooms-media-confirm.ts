import { forbidden, success } from '../answer.ts';
import { parseConfirmBody } from '../confirm-body.ts';
import type { Endpoint } from '../endpoint.ts';
import { readJsonBody } from '../json-body.ts';
import { fileParts } from '../message-file.ts';
import { AnswerError, MeteorError } from '../meteor-error.ts';
import { postMessage } from '../posting.ts';
import { canAccess } from '../rooms.ts';
import type { User } from '../users.ts';
import type { World } from '../world.ts';

/**
 * Posts the message of an upload. Not idempotent: it inserts, then makes the upload permanent, then answers with the
 * first message that shows the file, so that a repeat posts again and does not show it (RocketChat/Rocket.Chat#41886).
 */
export const roomsMediaConfirm: Endpoint = {
  name: 'mediaConfirm',
  method: 'POST',
  path: '/api/v1/rooms.mediaConfirm/:rid/:fileId',
  access: 'user',
  prepare: async ({ world, params, incoming, losesMessage }, user) => {
    const json = await readJsonBody(incoming);
    return () => {
      const room = world.rooms.byId(params['rid'] ?? '');
      if (!room || !canAccess(room, user.id)) throw new AnswerError(forbidden());
      const file = findUpload(world, user, params['fileId'] ?? '', room.id);
      const { description, fileName, ...message } = parseConfirmBody(json, world);
      if (fileName) file.name = fileName;
      if (!losesMessage) {
        const parts = fileParts(file, description);
        postMessage(world, user, { groupable: false, msg: '', ...message, ...parts, rid: room.id });
      }
      // Also where the message was dropped: a file without `expiresAt` does not prove a message.
      world.uploads.confirm(file);
      return success({ message: losesMessage ? null : (world.messages.byFileId(file.id) ?? null) });
    };
  },
};

const findUpload = (world: World, user: User, fileId: string, roomId: string) => {
  const file = world.uploads.byId(fileId);
  if (!file || file.userId !== user.id || file.roomId !== roomId) throw new MeteorError('invalid-file');
  return file;
};
