import { Readable } from 'node:stream';
import { SourceError } from '../../domain/errors.ts';
import type { ExpectedMd5 } from './checksum.ts';

/**
 * The body of a GetObject response. It ends only if all its bytes have been received and match; otherwise it fails with
 * a SourceError. The SDK's stream verifies the checksum that S3 has stored. The length, and an MD5 that the SDK does
 * not verify, are verified here. A sender must not complete its request before the end.
 *
 * Not a Transform, so that a chunk is buffered at most once, and not at all if it is read as fast as it arrives.
 */
export const verified = (
  source: Readable,
  { sizeBytes, md5, name }: { sizeBytes: number; md5: ExpectedMd5 | undefined; name: string },
): Readable => {
  let receivedBytes = 0;
  const body = new Readable({
    read: () => void source.resume(),
    destroy(error, done) {
      source.destroy();
      done(error);
    },
  });
  const fail = (code: SourceError['code'], what: string, cause?: unknown) =>
    body.destroy(new SourceError(`${what}: ${name}`, { code, cause }));
  const received = () => `${receivedBytes} of ${sizeBytes} bytes`;
  const onBroken = (cause?: Error) => {
    if (source.readableEnded) return;
    // The SDK's error has no distinct code or class.
    if (cause?.message.startsWith('Checksum mismatch')) {
      fail('CHECKSUM_MISMATCH', `S3 sent bytes that do not match their checksum (${cause.message})`, cause);
    } else {
      fail('SOURCE_UNAVAILABLE', `the connection to S3 broke after ${received()}`, cause);
    }
  };

  source.pause();
  source.on('data', (chunk: Buffer) => {
    receivedBytes += chunk.length;
    if (receivedBytes > sizeBytes) {
      fail('SOURCE_SHORT', `S3 sent more than ${sizeBytes} bytes`);
      return;
    }
    md5?.hash.update(chunk);
    if (!body.push(chunk)) source.pause();
  });
  source.once('end', () => {
    if (receivedBytes !== sizeBytes) fail('SOURCE_SHORT', `S3 sent ${received()}`);
    else if (md5 !== undefined && md5.hash.digest('hex') !== md5.hex)
      fail('CHECKSUM_MISMATCH', 'S3 sent bytes that do not match their MD5');
    else body.push(null);
  });
  source.on('error', onBroken).once('close', onBroken);
  return body;
};
