import { createHash } from 'node:crypto';

/** A received file: size, hash and, if kept, the bytes. */
export interface Content {
  readonly sizeBytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
  /** The first bytes, by which images are recognised. */
  readonly head: Buffer;
  /** The bytes in order; `undefined` if they were not kept. */
  readonly chunks: readonly Buffer[] | undefined;
}

/** Takes a file's bytes as they arrive. */
export interface ContentWriter {
  write(chunk: Buffer): void;
  finish(): Content;
}

/** Counts and hashes bytes, and keeps them while the file has at most `keepBytes`. A larger file takes no memory. */
export const createContentWriter = (keepBytes: number): ContentWriter => {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  let head = Buffer.alloc(0);
  let kept: Buffer[] | undefined = keepBytes > 0 ? [] : undefined;
  return {
    write: (chunk) => {
      hash.update(chunk);
      if (head.length < HEAD_BYTES) head = Buffer.concat([head, chunk.subarray(0, HEAD_BYTES - head.length)]);
      sizeBytes += chunk.length;
      if (sizeBytes > keepBytes) kept = undefined;
      kept?.push(compact(chunk));
    },
    finish: () => ({ sizeBytes, sha256: hash.digest('hex'), head, chunks: kept }),
  };
};

const HEAD_BYTES = 12;

/** A small slice would keep the whole socket buffer in memory. */
const compact = (chunk: Buffer): Buffer => (chunk.length * 2 < chunk.buffer.byteLength ? Buffer.from(chunk) : chunk);
