import { createReadStream, statSync } from 'node:fs';
import { basename } from 'node:path';
import { pipeline, Transform } from 'node:stream';
import type { SourceObject } from '../../../lambdas/relay/ports.ts';
import { UsageError } from '../command.ts';
import type { Progress } from '../progress.ts';

export interface LocalFile {
  readonly path: string;
  readonly name: string;
  readonly sizeBytes: number;
}

/** @throws UsageError that names each path that is not a file */
export const filesOf = (paths: readonly string[]): LocalFile[] => {
  const faults: string[] = [];
  const files = paths.flatMap((path) => {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats?.isFile()) return [{ path, name: basename(path).normalize('NFC'), sizeBytes: stats.size }];
    faults.push(`${path} ${stats === undefined ? 'does not exist' : 'is not a file'}`);
    return [];
  });
  if (faults.length > 0) throw new UsageError(`${faults.join('; ')}.`);
  return files;
};

/** Reads no more than the announced size if the file grows meanwhile. A file that shrinks fails. */
export const openFile = (path: string, sizeBytes: number, contentType: string, progress: Progress): SourceObject => {
  const file = createReadStream(path, sizeBytes > 0 ? { end: sizeBytes - 1 } : {});
  let readBytes = 0;
  const body = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      readBytes += chunk.length;
      progress.add(chunk.length);
      done(null, chunk);
    },
    flush: (done) => done(readBytes === sizeBytes ? null : new Error(`${path} became shorter while it was being read`)),
  });
  // The upload reports an error of the stream.
  pipeline(file, body, () => {});
  return { sizeBytes, contentType, body, close: () => void file.destroy() };
};
