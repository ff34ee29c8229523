import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { createCrc32c, createCrc64Nvme } from './crc.ts';

/** A running checksum and the value it must come to. */
export interface Checksum {
  readonly algorithm: string;
  update(chunk: Uint8Array): void;
  matches(): boolean;
}

/** Of an answer to GetObject with `x-amz-checksum-mode: ENABLED`. */
export type ObjectHeaders = Readonly<Record<string, string | string[] | undefined>>;

/**
 * The cheapest checksum that S3 stores for an object's bytes, by `npm run bench -- checksums`. Checksums of multipart uploads that are made of their
 * parts' ("COMPOSITE", value ending in "-N") say nothing of a stream that is read in one go; then TLS and the length
 * stand alone. https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
 */
export const checksumOf = (headers: ObjectHeaders): Checksum | undefined => {
  const isComposite = headers['x-amz-checksum-type'] === 'COMPOSITE';
  const stored = (algorithm: string): string | undefined => {
    const value = headers[`x-amz-checksum-${algorithm}`];
    return typeof value === 'string' && !isComposite && !/-\d+$/.test(value) ? value : undefined;
  };

  const expected = stored('crc32');
  if (expected !== undefined) {
    let sum = 0;
    return {
      algorithm: 'CRC32',
      update: (chunk) => {
        sum = crc32(chunk, sum);
      },
      matches: () => bigEndian32(sum) === expected,
    };
  }
  const sha1 = stored('sha1');
  if (sha1 !== undefined) return hashed('SHA1', sha1, 'base64');
  const sha256 = stored('sha256');
  if (sha256 !== undefined) return hashed('SHA256', sha256, 'base64');
  const crc32c = stored('crc32c');
  if (crc32c !== undefined) return cyclic('CRC32C', createCrc32c(), crc32c);
  const crc64Nvme = stored('crc64nvme');
  if (crc64Nvme !== undefined) return cyclic('CRC64NVME', createCrc64Nvme(), crc64Nvme);
  const md5 = md5OfETag(headers);
  if (md5 !== undefined) return hashed('MD5', md5, 'hex');
  return undefined;
};

// The ETag is the MD5 of the bytes only for objects of one part that are not encrypted with KMS or a customer's key:
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
const md5OfETag = (headers: ObjectHeaders): string | undefined => {
  const digest = String(headers['etag'] ?? '').replaceAll('"', '');
  const isPlain =
    headers['x-amz-server-side-encryption'] === 'AES256' &&
    headers['x-amz-server-side-encryption-customer-algorithm'] === undefined;
  return isPlain && /^[0-9a-f]{32}$/.test(digest) ? digest : undefined;
};

const hashed = (algorithm: 'MD5' | 'SHA1' | 'SHA256', expected: string, encoding: 'base64' | 'hex'): Checksum => {
  const hash = createHash(algorithm);
  return {
    algorithm,
    update: (chunk) => {
      hash.update(chunk);
    },
    matches: () => hash.digest(encoding) === expected,
  };
};

const cyclic = (
  algorithm: string,
  crc: { update(chunk: Uint8Array): void; digest(): Buffer },
  expected: string,
): Checksum => ({
  algorithm,
  update: (chunk) => crc.update(chunk),
  matches: () => crc.digest().toString('base64') === expected,
});

const bigEndian32 = (value: number): string => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes.toString('base64');
};
