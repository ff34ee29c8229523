import { createHash } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import type { ExpectedMd5 } from '../../../lambdas/relay/adapters/s3/checksum.ts';
import { verified } from '../../../lambdas/relay/adapters/s3/verifier.ts';

const md5Of = (text: string): ExpectedMd5 => ({
  hash: createHash('md5'),
  hex: createHash('md5').update(text).digest('hex'),
});
const run = async (source: Readable, options: { sizeBytes: number; md5?: ExpectedMd5 }) => {
  const body = verified(source, { md5: undefined, ...options, name: 's3://bucket/key' });
  const text: string[] = [];
  let ended = false;
  body.on('end', () => {
    ended = true;
  });
  body.on('data', (chunk: Buffer) => text.push(chunk.toString()));
  const error = await finished(body).catch((cause: unknown) => cause);
  return { ended, text: text.join(''), error };
};
const from = (...chunks: string[]) => Readable.from(chunks.map((chunk) => Buffer.from(chunk)));

describe('verified', () => {
  it('ends when all bytes have been received and match', async () => {
    const { ended, text } = await run(from('ab', 'c'), { sizeBytes: 3, md5: md5Of('abc') });
    expect({ ended, text }).toEqual({ ended: true, text: 'abc' });
  });

  it.each([
    ['too few bytes', ['ab'], 3, undefined, 'SOURCE_SHORT'],
    ['no bytes', [], 3, undefined, 'SOURCE_SHORT'],
    ['too many bytes', ['ab', 'cd'], 3, undefined, 'SOURCE_SHORT'],
    ['other bytes', ['abd'], 3, md5Of('abc'), 'CHECKSUM_MISMATCH'],
  ])('fails and does not end after %s', async (_what, chunks, sizeBytes, md5, code) => {
    const source = from(...chunks);
    const { ended, error } = await run(source, { sizeBytes, ...(md5 === undefined ? {} : { md5 }) });
    expect(ended).toBe(false);
    expect(error).toMatchObject({ name: 'SourceError', code });
    expect(source.destroyed).toBe(true);
  });

  it.each([
    ['with an error', new Error('reset')],
    ['without an error', undefined],
  ])('fails and does not end when its source closes early %s', async (_how, cause) => {
    const source = new PassThrough();
    source.write('ab');
    setImmediate(() => source.destroy(cause));
    const { ended, error } = await run(source, { sizeBytes: 3 });
    expect(ended).toBe(false);
    expect(error).toMatchObject({ name: 'SourceError', code: 'SOURCE_UNAVAILABLE', cause });
  });

  it('does not read from its source before it is read', async () => {
    const source = from('abc');
    const body = verified(source, { sizeBytes: 3, md5: undefined, name: 's3://bucket/key' });
    await new Promise((resolve) => setImmediate(resolve));
    expect(source.isPaused()).toBe(true);
    expect(body.readableLength).toBe(0);
  });

  it('destroys its source when it is destroyed', () => {
    const source = new PassThrough();
    verified(source, { sizeBytes: 3, md5: undefined, name: 's3://bucket/key' }).destroy();
    expect(source.destroyed).toBe(true);
  });
});
