import { describe, expect, it } from 'vitest';
import { giveBack } from '../../../lambdas/relay/adapters/give-back.ts';

describe('giveBack', () => {
  it('frees a chunk that does not share its buffer', () => {
    const chunk = Buffer.alloc(65_536);
    giveBack(chunk);
    expect(chunk).toHaveLength(0);
    expect(chunk.buffer.byteLength).toBe(0);
  });

  it('can be called twice', () => {
    const chunk = Buffer.alloc(65_536);
    giveBack(chunk);
    giveBack(chunk);
    expect(chunk).toHaveLength(0);
  });

  it.each([
    ['a part of a larger buffer', Buffer.alloc(10).subarray(0, 9)],
    ["a part of Node's buffer pool", Buffer.from('a few bytes')],
    ['a buffer shared between threads', new Uint8Array(new SharedArrayBuffer(10))],
  ])('does not free %s', (_, chunk) => {
    const before = chunk.length;
    giveBack(chunk);
    expect(chunk).toHaveLength(before);
  });
});
