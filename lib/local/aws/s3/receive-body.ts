import { createHash, type Hash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32 } from 'node:zlib';
import { removeFile, type StoredContent } from './object-store.ts';
import { S3Error } from './s3-error.ts';

export interface ReceivedBody extends StoredContent {
  /** The checksum header that the client sent before or after the body, if any. */
  readonly checksum: Readonly<Record<string, string>>;
}

/** S3's limit for one PUT and for one part. */
const MAX_BYTES = 5 * 1024 ** 3;

/**
 * Writes a request's body to a file as it arrives, without its chunk framing
 * (https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html), and checks it against the length and the
 * checksums that the client sent.
 * @throws S3Error if the body does not fit them; the file is then removed
 */
export const receiveBody = async (request: IncomingMessage, path: string): Promise<ReceivedBody> => {
  const { headers } = request;
  const isFramed =
    headers['content-encoding']?.includes('aws-chunked') === true ||
    String(headers['x-amz-content-sha256'] ?? '').startsWith('STREAMING-');
  const declared = headers[isFramed ? 'x-amz-decoded-content-length' : 'content-length'];
  if (Number(declared) > MAX_BYTES) {
    request.resume();
    throw new S3Error('EntityTooLarge', 'A single PUT takes at most 5 GiB: upload the file in parts.');
  }
  const trailers: Record<string, string> = {};
  const digests = createDigests();
  const measured = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      digests.update(chunk);
      done(null, chunk);
    },
  });
  try {
    const file = createWriteStream(path, { flags: 'wx' });
    await (isFramed ? pipeline(request, unframed(trailers), measured, file) : pipeline(request, measured, file));
    const result = digests.end();
    if (declared !== undefined && Number(declared) !== result.sizeBytes) {
      throw new S3Error('IncompleteBody', `The body has ${result.sizeBytes} bytes instead of ${declared}.`);
    }
    const checksum = checksumHeader(headers) ?? checksumHeader(trailers) ?? {};
    checkDigests(result, headers['content-md5']?.toString(), checksum);
    return { path, sizeBytes: result.sizeBytes, md5: result.md5.toString('hex'), checksum };
  } catch (error) {
    await removeFile(path);
    throw error;
  }
};

/** The size and MD5 of a file. */
export const measureFile = async (path: string): Promise<StoredContent> => {
  const md5 = createHash('md5');
  let sizeBytes = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    md5.update(chunk);
    sizeBytes += chunk.length;
  }
  return { path, sizeBytes, md5: md5.digest('hex') };
};

interface Digests {
  readonly sizeBytes: number;
  readonly md5: Buffer;
  readonly sha1: Buffer;
  readonly sha256: Buffer;
  readonly crc32: Buffer;
}

const createDigests = (): { update(chunk: Buffer): void; end(): Digests } => {
  const [md5, sha1, sha256]: Hash[] = ['md5', 'sha1', 'sha256'].map((name) => createHash(name)) as Hash[];
  let sizeBytes = 0;
  let crc = 0;
  return {
    update(chunk) {
      sizeBytes += chunk.length;
      crc = crc32(chunk, crc);
      md5?.update(chunk);
      sha1?.update(chunk);
      sha256?.update(chunk);
    },
    end() {
      const crcBytes = Buffer.alloc(4);
      crcBytes.writeUInt32BE(crc);
      const [a, b, c] = [md5, sha1, sha256].map((hash) => hash?.digest() ?? Buffer.alloc(0));
      return { sizeBytes, md5: a as Buffer, sha1: b as Buffer, sha256: c as Buffer, crc32: crcBytes };
    },
  };
};

/** Checksums of other algorithms are stored unchecked. */
const CHECKED = {
  'x-amz-checksum-crc32': 'crc32',
  'x-amz-checksum-sha1': 'sha1',
  'x-amz-checksum-sha256': 'sha256',
} as const;

const checkDigests = (digests: Digests, contentMd5: string | undefined, checksum: Record<string, string>): void => {
  const wrong = (what: string) => new S3Error('BadDigest', `The ${what} you specified did not match what we received.`);
  if (contentMd5 !== undefined && contentMd5 !== digests.md5.toString('base64')) throw wrong('Content-MD5');
  for (const [header, name] of Object.entries(CHECKED)) {
    const given = checksum[header];
    if (given !== undefined && given !== digests[name].toString('base64')) throw wrong(name.toUpperCase());
  }
};

const CHECKSUM_HEADER = /^x-amz-checksum-(crc32|crc32c|crc64nvme|sha1|sha256|sha512|md5|xxhash\w*)$/;

const checksumHeader = (headers: Readonly<Record<string, unknown>>): Record<string, string> | undefined => {
  const name = Object.keys(headers).find((header) => CHECKSUM_HEADER.test(header));
  return name === undefined ? undefined : { [name]: String(headers[name]) };
};

/** The longest line between chunks: a size, a signature, or a trailer. */
const MAX_LINE_BYTES = 16_384;

/** Removes the framing of chunks and collects the trailers after the last one. */
const unframed = (trailers: Record<string, string>): Transform => {
  let line = Buffer.alloc(0);
  let leftInChunk = 0;
  let state: 'size' | 'data' | 'after-data' | 'trailers' = 'size';

  const takeLine = (text: string): void => {
    if (state === 'trailers') {
      const colon = text.indexOf(':');
      if (colon > 0) trailers[text.slice(0, colon).trim().toLowerCase()] = text.slice(colon + 1).trim();
      return;
    }
    if (state === 'after-data') {
      if (text !== '') throw new S3Error('InvalidChunkSizeError', 'A chunk is longer than it says.');
      state = 'size';
      return;
    }
    const size = /^([\da-f]{1,12})(;|$)/i.exec(text)?.[1];
    if (size === undefined) throw new S3Error('InvalidChunkSizeError', 'A chunk does not begin with its size.');
    leftInChunk = Number.parseInt(size, 16);
    state = leftInChunk === 0 ? 'trailers' : 'data';
  };

  return new Transform({
    transform(input: Buffer, _encoding, done) {
      try {
        let offset = 0;
        while (offset < input.length) {
          if (state === 'data') {
            const piece = input.subarray(offset, offset + leftInChunk);
            this.push(piece);
            offset += piece.length;
            leftInChunk -= piece.length;
            if (leftInChunk === 0) state = 'after-data';
            continue;
          }
          const end = input.indexOf('\n', offset);
          line = Buffer.concat([line, input.subarray(offset, end === -1 ? input.length : end)]);
          if (line.length > MAX_LINE_BYTES) throw new S3Error('InvalidChunkSizeError', 'A chunk has no size.');
          if (end === -1) break;
          takeLine(line.toString('latin1').replace(/\r$/, ''));
          line = Buffer.alloc(0);
          offset = end + 1;
        }
        done();
      } catch (error) {
        done(error as Error);
      }
    },
    flush(done) {
      done(state === 'trailers' ? null : new S3Error('IncompleteBody', 'The body ended before its last chunk.'));
    },
  });
};
