import { Transform } from 'node:stream';
import { SourceError } from '../domain/errors.ts';
import type { Checksum } from './checksum.ts';

/**
 * Passes an object's bytes on, and ends only if they were all there and right; otherwise it fails with a SourceError.
 * Whoever sends them on must not complete what it sends before the end.
 */
export const createVerifier = (options: {
  readonly sizeBytes: number;
  readonly checksum: Checksum | undefined;
  readonly name: string;
}): Transform => {
  const { sizeBytes, checksum, name } = options;
  let receivedBytes = 0;

  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      receivedBytes += chunk.length;
      if (receivedBytes > sizeBytes) {
        done(
          new SourceError(`S3 sent more than the ${sizeBytes} bytes promised for ${name}`, { code: 'SOURCE_SHORT' }),
        );
        return;
      }
      checksum?.update(chunk);
      done(null, chunk);
    },
    flush(done) {
      if (receivedBytes !== sizeBytes) {
        done(short(name, receivedBytes, sizeBytes));
        return;
      }
      if (checksum !== undefined && !checksum.matches()) {
        done(
          new SourceError(`the bytes of ${name} do not match their ${checksum.algorithm}`, {
            code: 'CHECKSUM_MISMATCH',
          }),
        );
        return;
      }
      done();
    },
    destroy(error, done) {
      done(error === null || error instanceof SourceError ? error : broken(name, receivedBytes, sizeBytes, error));
    },
  });
};

const short = (name: string, receivedBytes: number, sizeBytes: number): SourceError =>
  new SourceError(`S3 sent ${receivedBytes} of ${sizeBytes} bytes of ${name}`, { code: 'SOURCE_SHORT' });

const broken = (name: string, receivedBytes: number, sizeBytes: number, cause: Error): SourceError =>
  new SourceError(`S3 broke off after ${receivedBytes} of ${sizeBytes} bytes of ${name}`, {
    code: 'SOURCE_UNAVAILABLE',
    cause,
  });
