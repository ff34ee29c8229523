import mime from 'mime';
import { MeteorError } from '../http/meteor-error.ts';
import type { Room } from '../state/rooms.ts';
import type { ServerSettings } from '../state/server-settings.ts';

/**
 * The file's type (`lib/mimeTypes.ts`): the declared one if it is known, is not `application/octet-stream`, and its usual
 * extension is not the name's; otherwise the type of the name's extension, or the declared one if the extension is not
 * known either.
 */
export const mediaType = (declaredType: string, fileName: string): string => {
  const usual = mime.getExtension(declaredType);
  if (declaredType !== 'application/octet-stream' && usual !== null && usual !== fileName.split('.').pop()) {
    return declaredType;
  }
  return mime.getType(fileName) ?? declaredType;
};

/**
 * Refuses files as Rocket.Chat's `FileUpload.ts` does. The room's state is not checked here: an archived or read-only room
 * accepts the file and refuses the message.
 * @throws MeteorError if the file is refused
 */
export const checkMedia = (
  file: { readonly type: string; readonly sizeBytes: number },
  room: Room,
  settings: ServerSettings,
): void => {
  if (file.sizeBytes < 1) throw new MeteorError('file-too-small', 'File size (size = 0) is too small (min = 1)');
  if (!settings.FileUpload_Enabled) throw new MeteorError('error-file-upload-disabled', 'File uploads are disabled.');
  if (room.type === 'd' && !settings.FileUpload_Enabled_Direct) {
    throw new MeteorError(
      'error-direct-message-file-upload-not-allowed',
      'File sharing not allowed in direct messages.',
    );
  }
  if (!isTypeAllowed(file.type, settings)) {
    throw new MeteorError('error-invalid-file-type', 'File type is not accepted.');
  }
};

/** How the image types that the server opens begin. */
const IMAGE_HEADS: readonly (readonly [type: RegExp, head: RegExp])[] = [
  [/^image\/p?jpeg$/, /^\xff\xd8\xff/],
  [/^image\/png$/, /^\x89PNG/],
  [/^image\/gif$/, /^GIF8[79]a/],
  [/^image\/webp$/, /^RIFF[\s\S]{4}WEBP/],
  [/^image\/(x-windows-)?bmp$/, /^BM/],
];

/**
 * Refuses a file that claims to be an image and does not begin like one. The real server opens the image, and answers a
 * failure as it answers a failure of its storage (RocketChat/Rocket.Chat#33171).
 * @throws MeteorError
 */
export const checkImage = (type: string, head: Buffer): void => {
  const expected = IMAGE_HEADS.find(([pattern]) => pattern.test(type))?.[1];
  if (expected && !expected.test(head.toString('latin1'))) throw new MeteorError('ufs: cannot upload file');
};

const isTypeAllowed = (type: string, settings: ServerSettings): boolean => {
  if (isListed(type, settings.FileUpload_MediaTypeBlackList)) return false;
  return settings.FileUpload_MediaTypeWhiteList === '' || isListed(type, settings.FileUpload_MediaTypeWhiteList);
};

const isListed = (type: string, list: string): boolean => {
  const entries = list.split(',').map((entry) => entry.trim());
  return entries.includes('*') || entries.includes(type) || entries.includes(`${type.split('/')[0]}/*`);
};
