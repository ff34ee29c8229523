import { humanSize } from './caption.ts';
import { FileRefusedError } from './errors.ts';
import { isTypeRefused, type MediaTypeLists } from './media-types.ts';

/** What is known of the files that the chat server accepts. What is not known is left to the server. */
export interface ServerLimits {
  /** `FileUpload_MaxFileSize`; absent if there is no limit. */
  readonly maxFileSizeBytes?: number | undefined;
  readonly mediaTypes?: MediaTypeLists | undefined;
  /** `FileUpload_Enabled`. */
  readonly takesUploads?: boolean | undefined;
  /** `FileUpload_Enabled_Direct`. */
  readonly takesDirectUploads?: boolean | undefined;
  /** `Message_MaxAllowedSize`, in characters. */
  readonly maxMessageLength?: number | undefined;
  /** The smallest request body to which a proxy in front of the server has answered 413 lately. */
  readonly refusedBodyBytes?: number | undefined;
}

/** A file as far as it is known: before the object is opened, its type is not. */
export interface FileToCheck {
  /** The room as it is configured. */
  readonly room: string;
  readonly name: string;
  readonly sizeBytes: number;
  /** The type that is declared to the server. */
  readonly contentType?: string | undefined;
}

/**
 * The error of a file that the server or its proxy certainly refuses, so that it is not sent in vain; `undefined` if the
 * server has to decide.
 */
export const refusalOf = (limits: ServerLimits, file: FileToCheck): FileRefusedError | undefined => {
  const { maxFileSizeBytes, mediaTypes, refusedBodyBytes } = limits;
  const { room, name, sizeBytes, contentType } = file;
  if (limits.takesUploads === false) {
    return new FileRefusedError('uploads are turned off on the server (FileUpload_Enabled)', {
      code: 'UPLOADS_DISABLED',
    });
  }
  if (limits.takesDirectUploads === false && room.startsWith('@')) {
    const what = 'uploads in direct messages are turned off on the server (FileUpload_Enabled_Direct)';
    return new FileRefusedError(what, { code: 'UPLOADS_DISABLED' });
  }
  const size = humanSize(sizeBytes);
  // 7.x also refuses a file of exactly the maximum; that one is left to the server.
  if (maxFileSizeBytes !== undefined && sizeBytes > maxFileSizeBytes) {
    const what = `the file has ${size}; the server's limit is ${humanSize(maxFileSizeBytes)} (FileUpload_MaxFileSize)`;
    return new FileRefusedError(what, { code: 'FILE_TOO_LARGE' });
  }
  // The body is always larger than its file, so the proxy refuses it too.
  if (refusedBodyBytes !== undefined && sizeBytes >= refusedBodyBytes) {
    const what = `the file has ${size}; a proxy before the server has just refused ${humanSize(refusedBodyBytes)} (413)`;
    return new FileRefusedError(what, { code: 'FILE_TOO_LARGE' });
  }
  if (contentType !== undefined && mediaTypes !== undefined && isTypeRefused(contentType, name, mediaTypes)) {
    const what = `the server's lists of media types do not allow the file: its declared type is ${contentType}`;
    return new FileRefusedError(what, { code: 'MEDIA_TYPE_REFUSED' });
  }
  return undefined;
};
