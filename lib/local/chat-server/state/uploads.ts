import type { Content } from './contents.ts';

/** A file on the server. */
export interface StoredFile {
  readonly id: string;
  name: string;
  readonly type: string;
  readonly sizeBytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
  readonly roomId: string;
  readonly userId: string;
  readonly uploadedAt: Date;
  /** While set, the upload is temporary and is deleted after this time. */
  expiresAt: Date | undefined;
  /** Whether a confirm succeeded, even if the message was dropped. */
  confirmed: boolean;
  /** The id of the image that this is the thumbnail of. Lists of files omit thumbnails. */
  readonly thumbnailOf: string | undefined;
  /** The bytes; `undefined` if they are not kept. */
  readonly content: Iterable<Buffer> | undefined;
}

export interface Uploads {
  add(file: { name: string; type: string; roomId: string; userId: string; content: Content }): StoredFile;
  /** Stores an image's thumbnail, which never expires. Its bytes are not made. */
  addThumbnail(image: StoredFile): StoredFile;
  all(): StoredFile[];
  byId(id: string): StoredFile | undefined;
  confirm(file: StoredFile): void;
  /** Deletes every temporary upload at once, as the hourly job does after 24 hours. */
  expireAll(): void;
}

const HOUR_MS = 3_600_000;
const TEMPORARY_UPLOAD_LIFETIME_MS = 24 * HOUR_MS;

/**
 * The server's files. An hourly job deletes unconfirmed uploads that are older than 24 hours. The job needs no timer: each
 * access first does what the job would have done by then, by the injected clock.
 * @param options.history how many files are remembered
 */
export const createUploads = (
  clock: { now(): number },
  options: { history: number; createId: () => string },
): Uploads => {
  const files = new Map<string, StoredFile>();
  const contents = new Map<string, Content>();
  const startedAt = clock.now();
  let lastRun = 0;

  const sweep = () => {
    const run = Math.floor((clock.now() - startedAt) / HOUR_MS);
    if (run <= lastRun) return;
    lastRun = run;
    const ranAt = startedAt + run * HOUR_MS;
    deleteWhere((file) => file.expiresAt !== undefined && file.expiresAt.getTime() <= ranAt);
  };

  const remove = (id: string) => {
    files.delete(id);
    contents.get(id)?.drop();
    contents.delete(id);
  };

  const deleteWhere = (isExpired: (file: StoredFile) => boolean) => {
    for (const file of files.values()) if (isExpired(file)) remove(file.id);
  };

  const store = (file: StoredFile) => {
    files.set(file.id, file);
    const [oldest] = files.keys();
    if (files.size > options.history && oldest !== undefined) remove(oldest);
    return file;
  };

  return {
    add: ({ content, ...file }) => {
      sweep();
      const uploadedAt = new Date(clock.now());
      const stored: StoredFile = {
        ...file,
        id: options.createId(),
        sizeBytes: content.sizeBytes,
        sha256: content.sha256,
        uploadedAt,
        expiresAt: new Date(uploadedAt.getTime() + TEMPORARY_UPLOAD_LIFETIME_MS),
        confirmed: false,
        thumbnailOf: undefined,
        get content() {
          return content.chunks;
        },
      };
      contents.set(stored.id, content);
      return store(stored);
    },
    addThumbnail: (image) => {
      const thumbnail: StoredFile = {
        ...image,
        id: options.createId(),
        name: `thumb-${image.name}`,
        uploadedAt: new Date(clock.now()),
        expiresAt: undefined,
        thumbnailOf: image.id,
        content: undefined,
      };
      return store(thumbnail);
    },
    all: () => {
      sweep();
      return [...files.values()];
    },
    byId: (id) => {
      sweep();
      return files.get(id);
    },
    confirm: (file) => {
      file.expiresAt = undefined;
      file.confirmed = true;
    },
    expireAll: () => deleteWhere((file) => file.expiresAt !== undefined),
  };
};
