import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { Crc64Nvme } from '../../lambdas/relay/adapters/s3/crc.ts';

/** The checksum that S3 has stored for an object, which depends on the way it was uploaded. */
export type ChecksumKind = 'crc32' | 'crc64nvme' | 'sha256' | 'md5' | 'none';

const BLOCK = randomBytes(1024 * 1024);
const cache = new Map<string, Promise<Record<string, string>>>();

/** The bytes of an object of any size, in pieces. */
export function* syntheticBytes(sizeBytes: number, pieceBytes = 256 * 1024): Generator<Buffer> {
  for (let sent = 0; sent < sizeBytes; ) {
    const at = sent % BLOCK.length;
    const length = Math.min(pieceBytes, sizeBytes - sent, BLOCK.length - at);
    yield BLOCK.subarray(at, at + length);
    sent += length;
  }
}

/** The headers in which S3 sends the checksum. */
export const checksumHeaders = (sizeBytes: number, kind: ChecksumKind): Promise<Record<string, string>> => {
  const name = `${kind}/${sizeBytes}`;
  const known = cache.get(name);
  if (known !== undefined) return known;
  const headers = compute(sizeBytes, kind);
  cache.set(name, headers);
  return headers;
};

const compute = async (sizeBytes: number, kind: ChecksumKind): Promise<Record<string, string>> => {
  const encrypted = { 'x-amz-server-side-encryption': 'AES256' };
  if (kind === 'none') return { ...encrypted, etag: '"00000000000000000000000000000000-9"' };
  if (kind === 'md5') return { ...encrypted, etag: `"${digest('md5', sizeBytes).toString('hex')}"` };
  const value = kind === 'sha256' ? digest('sha256', sizeBytes) : await cyclic(kind, sizeBytes);
  return {
    ...encrypted,
    etag: '"00000000000000000000000000000000-9"',
    [`x-amz-checksum-${kind}`]: Buffer.from(value).toString('base64'),
    'x-amz-checksum-type': 'FULL_OBJECT',
  };
};

const digest = (algorithm: string, sizeBytes: number): Buffer => {
  const hash = createHash(algorithm);
  for (const piece of syntheticBytes(sizeBytes)) hash.update(piece);
  return hash.digest();
};

const cyclic = async (kind: 'crc32' | 'crc64nvme', sizeBytes: number): Promise<Uint8Array> => {
  const crc64 = new Crc64Nvme();
  let sum = 0;
  for (const piece of syntheticBytes(sizeBytes)) {
    if (kind === 'crc32') sum = crc32(piece, sum);
    else crc64.update(piece);
  }
  if (kind === 'crc64nvme') return crc64.digest();
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(sum);
  return bytes;
};
