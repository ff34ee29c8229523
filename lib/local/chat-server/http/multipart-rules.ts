import type { ServerVersion } from '../state/world.ts';
import { MeteorError } from './meteor-error.ts';

/** The differences between 7.x and later versions in accepting forms and in their errors. */
export interface MultipartRules {
  readonly limits: { files?: number; fileSize?: number };
  /** Whether a wrong field name is refused when the part's header is read. Otherwise it is refused at the part's end. */
  readonly rejectsFieldEarly: boolean;
  wrongField(): Error;
  noFile(): Error;
  tooManyFiles(): Error;
  tooLarge(): Error;
  brokenFile(error: Error): Error;
  brokenForm(error: unknown): Error;
}

/**
 * 8.x and 9.x follow `server/api/lib/MultipartUploadHandler.ts`, 7.x follows `app/api/server/lib/getUploadFormData.ts`.
 * @param maxSizeBytes `FileUpload_MaxFileSize`; -1 means no limit
 */
export const multipartRules = (version: ServerVersion, maxSizeBytes: number): MultipartRules =>
  version === '7.x' ? oldRules(maxSizeBytes) : currentRules(maxSizeBytes);

const currentRules = (maxSizeBytes: number): MultipartRules => ({
  // busboy reports a file of exactly the limit as truncated, so 8.x adds a byte.
  limits: { files: 1, ...(maxSizeBytes > 0 && { fileSize: maxSizeBytes + 1 }) },
  rejectsFieldEarly: true,
  wrongField: () => new MeteorError('invalid-field'),
  noFile: () => new MeteorError('error-no-file', 'No file uploaded'),
  tooManyFiles: () => new MeteorError('error-too-many-files', 'Too many files in upload'),
  tooLarge: () => new MeteorError('error-file-too-large', 'File size exceeds the allowed limit'),
  brokenFile: (error) => new MeteorError('error-file-upload', error.message),
  brokenForm: (error) => new MeteorError('error-upload-failed', messageOf(error)),
});

const oldRules = (maxSizeBytes: number): MultipartRules => ({
  // 7.x adds no byte: it refuses a file of exactly the maximum.
  limits: maxSizeBytes > 0 ? { fileSize: maxSizeBytes } : {},
  rejectsFieldEarly: false,
  wrongField: () => new MeteorError('invalid-field'),
  noFile: () => new MeteorError('No file uploaded'),
  tooManyFiles: () => new Error('Just 1 file is allowed'),
  tooLarge: () => new MeteorError('error-file-too-large'),
  brokenFile: (error) => error,
  brokenForm: (error) => new Error(messageOf(error)),
});

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
