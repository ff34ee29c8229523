import type { Endpoint } from '../calls/endpoint.ts';
import { forbidden, success } from '../http/answer.ts';
import { AnswerError, MeteorError } from '../http/meteor-error.ts';
import { receiveForm } from '../http/multipart.ts';
import { checkMedia, mediaType } from '../state/media-filter.ts';
import { filePath } from '../state/message-file.ts';
import { canAccess } from '../state/rooms.ts';

/** Stores a file as a temporary upload. It posts no message; `msg` and `description` are ignored. */
export const roomsMedia: Endpoint = {
  name: 'media',
  method: 'POST',
  path: '/api/v1/rooms.media/:rid',
  access: 'user',
  prepare: async ({ world, params, incoming }, user) => {
    const room = world.rooms.byId(params['rid'] ?? '');
    // An unknown room and one without access can't be told apart.
    if (!room || !canAccess(room, user.id)) throw new AnswerError(forbidden());
    const { file, fields } = await receiveForm(incoming, world);
    checkContentField(fields.get('content'));
    const type = mediaType(file.declaredType, file.name);
    checkMedia({ type, sizeBytes: file.content.sizeBytes }, room, world.settings);
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

/** Metadata of an encrypted file, as JSON. */
const checkContentField = (content: string | undefined): void => {
  if (!content) return;
  try {
    JSON.parse(content);
  } catch {
    throw new MeteorError('invalid-field-content');
  }
};
