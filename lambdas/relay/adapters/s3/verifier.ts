import { Readable } from 'node:stream';
import { SourceError } from '../../domain/errors.ts';
import type { Checksum } from './checksum.ts';

/**
 * An object's bytes as they come, with an end only if they were all there and right; otherwise it fails with a
 * SourceError. Whoever sends them on must not complete what it sends before the end.
 *
 * Not a Transform: this way a piece waits in one buffer at most, and in none while it is read as fast as it comes.
 */
export const verified = (
  source: Readable,
  { sizeBytes, checksum, name }: { sizeBytes: number; checksum: Checksum | undefined; name: string },
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
    body.destroy(new SourceError(`${what} of ${name}`, { code, cause }));
  const received = () => `${receivedBytes} of ${sizeBytes} bytes`;
  const onBroken = (cause?: Error) => {
    if (!source.readableEnded) fail('SOURCE_UNAVAILABLE', `S3 broke off after ${received()}`, cause);
  };

  source.pause();
  source.on('data', (piece: Buffer) => {
    receivedBytes += piece.length;
    if (receivedBytes > sizeBytes) {
      fail('SOURCE_SHORT', `S3 sent more than the ${sizeBytes} bytes`);
      return;
    }
    checksum?.update(piece);
    if (!body.push(piece)) source.pause();
  });
  source.once('end', () => {
    if (receivedBytes !== sizeBytes) fail('SOURCE_SHORT', `S3 sent ${received()}`);
    else if (checksum?.matches() === false) fail('CHECKSUM_MISMATCH', `${checksum.algorithm} does not match the bytes`);
    else body.push(null);
  });
  source.on('error', onBroken).once('close', onBroken);
  return body;
};
