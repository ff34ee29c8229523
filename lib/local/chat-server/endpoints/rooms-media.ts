import type { Endpoint } from '../calls/endpoint.ts';
import { forbidden, success } from '../http/answer.ts';
import { AnswerError, MeteorError } from '../http/meteor-error.ts';
import { receiveForm } from '../http/multipart.ts';
import { filePath } from '../state/message-file.ts';
import { canAccess } from '../state/rooms.ts';
import { checkImage, checkMedia, mediaType } from './media-filter.ts';

/** Stores a file as a temporary upload and posts no message. The fields `msg` and `description` are ignored. */
export const roomsMedia: Endpoint = {
  name: 'media',
  method: 'POST',
  path: '/api/v1/rooms.media/:rid',
  access: 'user',
  prepare: async ({ world, params, incoming }, user) => {
    const room = world.rooms.byId(params['rid'] ?? '');
    // The server gives the same answer for an unknown room and for a room without access.
    if (!room || !canAccess(room, user.id)) throw new AnswerError(forbidden(world.version));
    const { file, fields } = await receiveForm(incoming, world);
    checkContentField(fields.get('content'));
    const type = mediaType(file.declaredType, file.name);
    try {
      checkMedia({ type, sizeBytes: file.content.sizeBytes }, room, world.settings);
      if (world.features.decodesImages) checkImage(type, file.content.head);
    } catch (error) {
      file.content.drop();
      throw error;
    }
    return () => {
      const stored = world.uploads.add({
        name: file.name,
        type,
        roomId: room.id,
        userId: user.id,
        content: file.content,
      });
      return success({ file: { _id: stored.id, url: filePath(stored) } });
    };
  },
};

/** The field `content` is the metadata of an encrypted file, as JSON. @throws MeteorError if it is not JSON */
const checkContentField = (content: string | undefined): void => {
  if (!content) return;
  try {
    JSON.parse(content);
  } catch {
    throw new MeteorError('invalid-field-content');
  }
};
