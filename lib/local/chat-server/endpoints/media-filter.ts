import { lookup } from 'mrmime';
import { MeteorError } from '../http/meteor-error.ts';
import type { Room } from '../state/rooms.ts';
import type { ServerSettings } from '../state/server-settings.ts';

/** The declared type, or for `application/octet-stream` the type of the name's extension. */
export const mediaType = (declaredType: string, fileName: string): string => {
  if (declaredType !== 'application/octet-stream') return declaredType;
  // mrmime looks the extension up in a plain object, so "x.constructor" returns a function.
  const known: unknown = lookup(fileName);
  return typeof known === 'string' ? known : declaredType;
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

const isTypeAllowed = (type: string, settings: ServerSettings): boolean => {
  if (isListed(type, settings.FileUpload_MediaTypeBlackList)) return false;
  return settings.FileUpload_MediaTypeWhiteList === '' || isListed(type, settings.FileUpload_MediaTypeWhiteList);
};

const isListed = (type: string, list: string): boolean => {
  const entries = list.split(',').map((entry) => entry.trim());
  return entries.includes(type) || entries.includes(`${type.split('/')[0]}/*`);
};
