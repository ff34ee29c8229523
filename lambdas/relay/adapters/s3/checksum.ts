import { createHash, type Hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { Sha512 } from '@aws-sdk/checksums/sha';
import { Xxh3_64, Xxh3_128, Xxh64 } from '@aws-sdk/checksums/xxh';
import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { Crc32c, Crc64Nvme } from './crc.ts';

/** CRC32 by zlib, with the interface of the AWS SDK's checksums; `digest` gives the bytes big-endian. */
class Crc32 {
  #sum = 0;

  update(chunk: Uint8Array): void {
    this.#sum = crc32(chunk, this.#sum);
  }

  async digest(): Promise<Uint8Array> {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(this.#sum);
    return bytes;
  }

  reset(): void {
    this.#sum = 0;
  }
}

/**
 * Implementations for S3Client, which includes SHA-1, SHA-256 and MD5. Its own CRCs are written in JavaScript and slower
 * than these (`npm run bench -- big-object`). For the other kinds it throws an error unless an implementation is passed.
 */
export const checksumAlgorithms = {
  CRC32: Crc32,
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
