import { describe, expect, it } from 'vitest';
import { readBatchResponse } from '../../../../lib/local/lambda/batch-response.ts';

const IDS = ['a', 'b', 'c'];

describe('readBatchResponse', () => {
  it.each(['', 'null', '{}', '{"batchItemFailures":null}', '{"batchItemFailures":[]}', '{"other":1}'])(
    'reads %j as a batch that succeeded',
    (payload) => {
      expect(readBatchResponse(payload, IDS)).toEqual({ kind: 'partial', failedMessageIds: new Set() });
    },
  );

  it('returns each named message once, even if it is named twice', () => {
    const payload = JSON.stringify({ batchItemFailures: [{ itemIdentifier: 'b' }, { itemIdentifier: 'b' }] });
    expect(readBatchResponse(payload, IDS)).toEqual({ kind: 'partial', failedMessageIds: new Set(['b']) });
  });

  it.each([
    ['an empty itemIdentifier', '{"batchItemFailures":[{"itemIdentifier":""}]}'],
    ['a null itemIdentifier', '{"batchItemFailures":[{"itemIdentifier":null}]}'],
    ['an entry without an itemIdentifier', '{"batchItemFailures":[{"itemIdentifier":"a"},{}]}'],
    ['an entry that is null', '{"batchItemFailures":[null]}'],
    ['an unknown message id', '{"batchItemFailures":[{"itemIdentifier":"a"},{"itemIdentifier":"z"}]}'],
    ['batchItemFailures that is not a list', '{"batchItemFailures":{"itemIdentifier":"a"}}'],
    ['a string', '"fine"'],
    ['a list', '[]'],
    ['broken JSON', '{"batchItemFailures":'],
  ])('fails the whole batch on %s', (_, payload) => {
    expect(readBatchResponse(payload, IDS)).toMatchObject({ kind: 'failed', why: expect.any(String) });
  });
});
