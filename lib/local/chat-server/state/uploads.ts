import type { Content } from './contents.ts';
import { randomId } from './random-id.ts';

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
  /** While set, the upload is temporary and will be swept away. */
  expiresAt: Date | undefined;
  /** Whether a confirm has gone through, whatever became of the message. */
  confirmed: boolean;
  /** The bytes; `undefined` where they were not kept. */
  content: readonly Buffer[] | undefined;
}

export interface Uploads {
  add(file: { name: string; type: string; roomId: string; userId: string; content: Content }): StoredFile;
  all(): StoredFile[];
  byId(id: string): StoredFile | undefined;
  confirm(file: StoredFile): void;
  /** Deletes every temporary upload, as the hourly job would a day later. */
  expireAll(): void;
}

const HOUR_MS = 3_600_000;
const LIFE_OF_A_TEMPORARY_UPLOAD_MS = 24 * HOUR_MS;

/**
 * The server's files. An unconfirmed one lives until the hourly job first runs after its 24 hours. The job runs by the
 * injected clock and is made up for on the next access, so it needs no timer. Of the bytes, at most `keepBytes` are
 * held: the oldest files lose theirs first.
 */
export const createUploads = (clock: { now(): number }, options: { keepBytes: number }): Uploads => {
  const files = new Map<string, StoredFile>();
  const kept: StoredFile[] = [];
  let keptBytes = 0;
  const startedAt = clock.now();
  let lastRun = 0;

  const sweep = () => {
    const run = Math.floor((clock.now() - startedAt) / HOUR_MS);
    if (run <= lastRun) return;
    lastRun = run;
    const ranAt = startedAt + run * HOUR_MS;
    deleteWhere((file) => file.expiresAt !== undefined && file.expiresAt.getTime() <= ranAt);
  };

  const deleteWhere = (isDoomed: (file: StoredFile) => boolean) => {
    for (const file of files.values()) if (isDoomed(file)) files.delete(file.id);
  };

  const keep = (file: StoredFile) => {
    kept.push(file);
    keptBytes += file.sizeBytes;
    while (keptBytes > options.keepBytes) {
      const oldest = kept.shift();
      if (!oldest) return;
      oldest.content = undefined;
      keptBytes -= oldest.sizeBytes;
    }
  };

  return {
    add: ({ content, ...file }) => {
      sweep();
      const uploadedAt = new Date(clock.now());
      const stored: StoredFile = {
        ...file,
        id: randomId(),
        sizeBytes: content.sizeBytes,
        sha256: content.sha256,
        uploadedAt,
        expiresAt: new Date(uploadedAt.getTime() + LIFE_OF_A_TEMPORARY_UPLOAD_MS),
        confirmed: false,
        content: content.chunks,
      };
      files.set(stored.id, stored);
      if (stored.content) keep(stored);
      return stored;
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
