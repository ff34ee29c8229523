import { createHash } from 'node:crypto';

/** What is known of a received file after its last byte. */
export interface Content {
  readonly sizeBytes: number;
  /** Hexadecimal. */
  readonly sha256: string;
  /** The bytes in order; `undefined` where they were not kept. */
  readonly chunks: readonly Buffer[] | undefined;
}

/** Takes a file's bytes as they arrive. */
export interface ContentWriter {
  write(chunk: Buffer): void;
  finish(): Content;
}

/**
 * Counts and hashes the bytes that pass, and keeps them as long as the file has at most `keepBytes`; past that it
 * forgets them, so that a large file takes no memory.
 */
export const createContentWriter = (keepBytes: number): ContentWriter => {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  let kept: Buffer[] | undefined = keepBytes > 0 ? [] : undefined;
  return {
    write: (chunk) => {
      hash.update(chunk);
      sizeBytes += chunk.length;
      if (sizeBytes > keepBytes) kept = undefined;
      kept?.push(compact(chunk));
    },
    finish: () => ({ sizeBytes, sha256: hash.digest('hex'), chunks: kept }),
  };
};

/** A small slice would hold the whole socket buffer that it was cut from. */
const compact = (chunk: Buffer): Buffer => (chunk.length * 2 < chunk.buffer.byteLength ? Buffer.from(chunk) : chunk);
