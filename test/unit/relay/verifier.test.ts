import { PassThrough, Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import type { Checksum } from '../../../lambdas/relay/adapters/s3/checksum.ts';
import { verified } from '../../../lambdas/relay/adapters/s3/verifier.ts';

const checksum = (matches: boolean): Checksum => ({ algorithm: 'CRC32', update: () => {}, matches: () => matches });
const run = async (source: Readable, options: { sizeBytes: number; checksum?: Checksum }) => {
  const body = verified(source, { checksum: undefined, ...options, name: 's3://bucket/key' });
  const text: string[] = [];
  let ended = false;
  body.on('end', () => {
    ended = true;
  });
  body.on('data', (piece: Buffer) => text.push(piece.toString()));
  const error = await finished(body).catch((cause: unknown) => cause);
  return { ended, text: text.join(''), error };
};
const from = (...pieces: string[]) => Readable.from(pieces.map((piece) => Buffer.from(piece)));

describe('verified', () => {
  it('ends when all bytes have come and are right', async () => {
    const { ended, text } = await run(from('ab', 'c'), { sizeBytes: 3, checksum: checksum(true) });
    expect({ ended, text }).toEqual({ ended: true, text: 'abc' });
  });

  it.each([
    ['too few bytes', ['ab'], 3, true, 'SOURCE_SHORT'],
    ['no bytes', [], 3, true, 'SOURCE_SHORT'],
    ['too many bytes', ['ab', 'cd'], 3, true, 'SOURCE_SHORT'],
    ['other bytes', ['abc'], 3, false, 'CHECKSUM_MISMATCH'],
  ])('never ends after %s', async (_what, pieces, sizeBytes, matches, code) => {
    const source = from(...pieces);
    const { ended, error } = await run(source, { sizeBytes, checksum: checksum(matches) });
    expect(ended).toBe(false);
    expect(error).toMatchObject({ name: 'SourceError', code });
    expect(source.destroyed).toBe(true);
  });

  it.each([
    ['with an error', new Error('reset')],
    ['without a word', undefined],
  ])('never ends after a source that breaks off %s', async (_how, cause) => {
    const source = new PassThrough();
    source.write('ab');
    setImmediate(() => source.destroy(cause));
    const { ended, error } = await run(source, { sizeBytes: 3 });
    expect(ended).toBe(false);
    expect(error).toMatchObject({ name: 'SourceError', code: 'SOURCE_UNAVAILABLE', cause });
  });

  it('reads nothing before it is read', async () => {
    const source = from('abc');
    const body = verified(source, { sizeBytes: 3, checksum: undefined, name: 's3://bucket/key' });
    await new Promise((resolve) => setImmediate(resolve));
    expect(source.isPaused()).toBe(true);
    expect(body.readableLength).toBe(0);
  });

  it('lets go of its source with itself', () => {
    const source = new PassThrough();
    verified(source, { sizeBytes: 3, checksum: undefined, name: 's3://bucket/key' }).destroy();
    expect(source.destroyed).toBe(true);
  });
});
