import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import type { Checksum } from '../../../lambdas/relay/adapters/checksum.ts';
import { createVerifier } from '../../../lambdas/relay/adapters/verifier.ts';

const checksum = (matches: boolean): Checksum => ({ algorithm: 'CRC32', update: () => {}, matches: () => matches });
const run = (chunks: string[], options: { sizeBytes: number; checksum?: Checksum }) => {
  const verifier = createVerifier({ checksum: undefined, ...options, name: 's3://bucket/key' });
  let ended = false;
  verifier.on('end', () => {
    ended = true;
  });
  verifier.resume();
  return pipeline(Readable.from(chunks.map((chunk) => Buffer.from(chunk))), verifier).then(
    () => ({ ended }),
    (error: unknown) => ({ ended, error }),
  );
};

describe('createVerifier', () => {
  it('ends when all bytes have come and are right', async () => {
    expect(await run(['ab', 'c'], { sizeBytes: 3, checksum: checksum(true) })).toEqual({ ended: true });
  });

  it.each([
    ['too few bytes', ['ab'], 3, true, 'SOURCE_SHORT'],
    ['no bytes', [], 3, true, 'SOURCE_SHORT'],
    ['too many bytes', ['ab', 'cd'], 3, true, 'SOURCE_SHORT'],
    ['other bytes', ['abc'], 3, false, 'CHECKSUM_MISMATCH'],
  ])('never ends after %s', async (_what, chunks, sizeBytes, matches, code) => {
    const { ended, error } = (await run(chunks, { sizeBytes, checksum: checksum(matches) })) as {
      ended: boolean;
      error: unknown;
    };
    expect(ended).toBe(false);
    expect(error).toMatchObject({ name: 'SourceError', code });
  });
});
