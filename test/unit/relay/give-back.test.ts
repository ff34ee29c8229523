import { describe, expect, it } from 'vitest';
import { giveBack } from '../../../lambdas/relay/adapters/give-back.ts';

describe('giveBack', () => {
  it('frees what a piece has for itself', () => {
    const piece = Buffer.alloc(65_536);
    giveBack(piece);
    expect(piece).toHaveLength(0);
    expect(piece.buffer.byteLength).toBe(0);
  });

  it('may be called twice', () => {
    const piece = Buffer.alloc(65_536);
    giveBack(piece);
    giveBack(piece);
    expect(piece).toHaveLength(0);
  });

  it.each([
    ['the rest of which is in use', Buffer.alloc(10).subarray(0, 9)],
    ["of Node's own pool", Buffer.from('a few bytes')],
    ['shared between threads', new Uint8Array(new SharedArrayBuffer(10))],
  ])('leaves memory alone %s', (_, piece) => {
    const before = piece.length;
    giveBack(piece);
    expect(piece).toHaveLength(before);
  });
});
