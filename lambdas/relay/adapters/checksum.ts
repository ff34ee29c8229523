import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { createCrc32c, createCrc64Nvme } from './crc.ts';

/** A running checksum and the value it must come to. */
export interface Checksum {
  readonly algorithm: string;
  update(chunk: Uint8Array): void;
  matches(): boolean;
}

type Stored = Pick<
  GetObjectCommandOutput,
  | 'ChecksumCRC32'
  | 'ChecksumCRC32C'
  | 'ChecksumCRC64NVME'
  | 'ChecksumSHA1'
  | 'ChecksumSHA256'
  | 'ChecksumType'
  | 'ETag'
  | 'ServerSideEncryption'
  | 'SSECustomerAlgorithm'
>;

/**
 * The cheapest checksum that S3 stores for an object's bytes, by `npm run bench -- checksums`. Checksums of multipart uploads that are made of their
 * parts' ("COMPOSITE", value ending in "-N") say nothing of a stream that is read in one go; then TLS and the length
 * stand alone. https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
 */
export const checksumOf = (stored: Stored): Checksum | undefined => {
  const isComposite = stored.ChecksumType === 'COMPOSITE';
  const whole = (value: string | undefined): value is string =>
    value !== undefined && !isComposite && !/-\d+$/.test(value);

  if (whole(stored.ChecksumCRC32)) {
    let sum = 0;
    const expected = stored.ChecksumCRC32;
    return {
      algorithm: 'CRC32',
      update: (chunk) => {
        sum = crc32(chunk, sum);
      },
      matches: () => bigEndian32(sum) === expected,
    };
  }
  if (whole(stored.ChecksumSHA1)) return hashed('SHA1', stored.ChecksumSHA1, 'base64');
  if (whole(stored.ChecksumSHA256)) return hashed('SHA256', stored.ChecksumSHA256, 'base64');
  if (whole(stored.ChecksumCRC32C)) return cyclic('CRC32C', createCrc32c(), stored.ChecksumCRC32C);
  if (whole(stored.ChecksumCRC64NVME)) return cyclic('CRC64NVME', createCrc64Nvme(), stored.ChecksumCRC64NVME);
  const md5 = md5OfETag(stored);
  if (md5 !== undefined) return hashed('MD5', md5, 'hex');
  return undefined;
};

// The ETag is the MD5 of the bytes only for objects of one part that are not encrypted with KMS or a customer's key:
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
const md5OfETag = ({ ETag, ServerSideEncryption, SSECustomerAlgorithm }: Stored): string | undefined => {
  const digest = ETag?.replaceAll('"', '');
  const isPlain = ServerSideEncryption === 'AES256' && SSECustomerAlgorithm === undefined;
  return digest !== undefined && isPlain && /^[0-9a-f]{32}$/.test(digest) ? digest : undefined;
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
