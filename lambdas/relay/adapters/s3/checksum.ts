import { createHash, type Hash } from 'node:crypto';
import { Sha512 } from '@aws-sdk/checksums/sha';
import { Xxh3_64, Xxh3_128, Xxh64 } from '@aws-sdk/checksums/xxh';
import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { Crc32c, Crc64Nvme } from './crc.ts';

/**
 * Implementations for S3Client, which includes CRC32, SHA-1, SHA-256 and MD5. Its own CRC32C and CRC64NVME are slower
 * than ours (`npm run bench -- checksums`). For the other kinds it throws an error unless an implementation is passed.
 */
export const checksumAlgorithms = {
  CRC32C: Crc32c,
  CRC64NVME: Crc64Nvme,
  SHA512: Sha512,
  XXHASH64: Xxh64,
  XXHASH3: Xxh3_64,
  XXHASH128: Xxh3_128,
};

/** An MD5 that is being computed, and the value it must have. */
export interface ExpectedMd5 {
  readonly hash: Hash;
  readonly hex: string;
}

/**
 * The MD5 that the SDK does not verify: one stored as a checksum, or the ETag of an object that was uploaded before S3
 * stored a checksum for every object. The ETag is the MD5 of the bytes if the object was uploaded in one part and is
 * encrypted with S3's own key (https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html).
 */
export const md5Of = (output: GetObjectCommandOutput): ExpectedMd5 | undefined => {
  const { ChecksumMD5: stored, ETag: eTag, ServerSideEncryption: encryption, SSECustomerAlgorithm: customer } = output;
  if (stored !== undefined)
    return expectedMd5(stored.includes('-') ? '' : Buffer.from(stored, 'base64').toString('hex'));
  const isVerified = Object.keys(output).some((name) => /^Checksum(?!Type)/.test(name));
  const isMd5 = encryption === 'AES256' && customer === undefined;
  return !isVerified && isMd5 ? expectedMd5(eTag?.replaceAll('"', '') ?? '') : undefined;
};

const expectedMd5 = (hex: string): ExpectedMd5 | undefined =>
  /^[0-9a-f]{32}$/.test(hex) ? { hash: createHash('md5'), hex } : undefined;
