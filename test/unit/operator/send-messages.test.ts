import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batchesOf } from '../../../lib/operator/queue/send-messages.ts';

const LIMIT = 262_144;

describe('batchesOf', () => {
  it('keeps all messages in order, with at most ten and 256 KiB in a batch', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: LIMIT }), { maxLength: 60 }), (sizes) => {
        const messages = sizes.map((size, index) => ({ body: 'x'.repeat(size), index }));
        const batches = batchesOf(messages);
        expect(batches.flat()).toEqual(messages);
        for (const batch of batches) {
          expect(batch.length).toBeGreaterThan(0);
          expect(batch.length).toBeLessThanOrEqual(10);
          expect(batch.reduce((sum, { body }) => sum + body.length, 0)).toBeLessThanOrEqual(LIMIT);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('counts the bytes of bodies and attributes, not their characters', () => {
    const attributes = { reason: { DataType: 'String', StringValue: 'é'.repeat(10_000) } };
    const message = { body: '漢'.repeat(40_000), attributes };
    expect(batchesOf([message, message])).toHaveLength(2);
    const small = { body: '漢'.repeat(36_000), attributes: { a: { DataType: 'String', StringValue: 'é' } } };
    expect(batchesOf([small, small])).toHaveLength(1);
  });
});
