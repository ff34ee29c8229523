import { createHash, randomUUID } from 'node:crypto';
import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** A received file: size, hash and, while they are kept, the bytes. */
export interface Content {
  readonly sizeBytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
  /** The first bytes, by which images are recognised. */
  readonly head: Buffer;
  /** The bytes in order; `undefined` if they are not kept. */
  readonly chunks: Iterable<Buffer> | undefined;
  /** Removes the bytes. */
  drop(): void;
}

/** Takes a file's bytes as they arrive. */
export interface ContentWriter {
  write(chunk: Buffer): void;
  finish(): Content;
}

/** Keeps at most so many bytes of files; above that, those of the oldest files are dropped. */
export interface Contents {
  write(): ContentWriter;
}

/**
 * @param options.keepBytes 0 keeps none; a file that has more is not kept
 * @param options.folder an existing folder for the bytes; default: they are kept in memory
 */
export const createContents = (options: { keepBytes: number; folder?: string | undefined }): Contents => {
  const { keepBytes, folder } = options;
  /** Oldest first. Files of refused and unfinished requests are among them. */
  const kept = new Map<ByteStore, number>();
  let keptBytes = 0;

  const drop = (store: ByteStore): void => {
    keptBytes -= kept.get(store) ?? 0;
    if (kept.delete(store)) store.remove();
  };
  const count = (store: ByteStore, bytes: number): void => {
    kept.set(store, (kept.get(store) ?? 0) + bytes);
    keptBytes += bytes;
    for (const oldest of kept.keys()) {
      if (keptBytes <= keepBytes) return;
      drop(oldest);
    }
  };

  return {
    write() {
      const store = folder === undefined ? inMemory() : inFile(join(folder, randomUUID()));
      const hash = createHash('sha256');
      let sizeBytes = 0;
      let head = Buffer.alloc(0);
      if (keepBytes > 0) kept.set(store, 0);
      return {
        write(chunk) {
          hash.update(chunk);
          if (head.length < HEAD_BYTES) head = Buffer.concat([head, chunk.subarray(0, HEAD_BYTES - head.length)]);
          sizeBytes += chunk.length;
          // No older file is dropped for one that cannot be kept.
          if (sizeBytes > keepBytes) drop(store);
          if (!kept.has(store)) return;
          store.write(chunk);
          count(store, chunk.length);
        },
        finish() {
          store.end();
          return {
            sizeBytes,
            sha256: hash.digest('hex'),
            head,
            get chunks() {
              return kept.has(store) ? store.chunks : undefined;
            },
            drop: () => drop(store),
          };
        },
      };
    },
  };
};

const HEAD_BYTES = 12;

interface ByteStore {
  readonly chunks: Iterable<Buffer>;
  write(chunk: Buffer): void;
  end(): void;
  remove(): void;
}

const inMemory = (): ByteStore => {
  const chunks: Buffer[] = [];
  return {
    chunks,
    write: (chunk) => void chunks.push(compact(chunk)),
    end: () => {},
    remove: () => {
      chunks.length = 0;
    },
  };
};

/** A small slice would keep the whole socket buffer in memory. */
const compact = (chunk: Buffer): Buffer => (chunk.length * 2 < chunk.buffer.byteLength ? Buffer.from(chunk) : chunk);

const READ_BYTES = 65_536;

/** Hashing is synchronous, too, so nothing is gained by waiting for the disk. */
const inFile = (path: string): ByteStore => {
  let file: number | undefined;
  const end = (): void => {
    if (file !== undefined) closeSync(file);
    file = undefined;
  };
  return {
    write(chunk) {
      file ??= openSync(path, 'wx', 0o600);
      writeSync(file, chunk);
    },
    end,
    remove() {
      end();
      rmSync(path, { force: true });
    },
    chunks: {
      *[Symbol.iterator]() {
        const source = openSync(path, 'r');
        try {
          for (;;) {
            const chunk = Buffer.allocUnsafe(READ_BYTES);
            const length = readSync(source, chunk);
            if (length === 0) return;
            yield chunk.subarray(0, length);
          }
        } finally {
          closeSync(source);
        }
      },
    },
  };
};
