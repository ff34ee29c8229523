import { describe, expect, it } from 'vitest';
import { readDeadLetter } from '../../../../lib/local/aws/dead-letters.ts';

const aRecord = JSON.stringify({
  Records: [
    {
      eventName: 'ObjectCreated:Put',
      eventTime: '2026-01-02T03:04:05.000Z',
      s3: { bucket: { name: 'uploads' }, object: { key: 'a+b%25.txt', size: 7, eTag: 'e', sequencer: '0A' } },
    },
  ],
});

describe('readDeadLetter', () => {
  it('reads the object from the body and the reason from the attributes', () => {
    const messageAttributes = {
      reason: { StringValue: 'EMPTY_FILE' },
      detail: { StringValue: 'zero bytes' },
      httpStatus: { StringValue: '400' },
      attempts: { StringValue: '2' },
      failedAt: { StringValue: '2026-01-02T03:04:06.500Z' },
    };
    expect(readDeadLetter({ messageId: 'm', body: aRecord, messageAttributes })).toMatchObject({
      bucket: 'uploads',
      key: 'a b%.txt',
      reason: 'EMPTY_FILE',
      detail: 'zero bytes',
      httpStatus: 400,
      attempts: 2,
      createdAt: Date.UTC(2026, 0, 2, 3, 4, 5),
      failedAt: Date.UTC(2026, 0, 2, 3, 4, 6, 500),
    });
  });

  it('gives the reason ABANDONED to a message without attributes', () => {
    expect(readDeadLetter({ messageId: 'm', body: aRecord, messageAttributes: {} })).toMatchObject({
      key: 'a b%.txt',
      reason: 'ABANDONED',
      failedAt: undefined,
    });
  });

  it('reads the reason of a message with an unreadable body', () => {
    const messageAttributes = { reason: { StringValue: 'UNREADABLE_EVENT' } };
    expect(readDeadLetter({ messageId: 'm', body: '{"Rec', messageAttributes })).toMatchObject({
      key: undefined,
      reason: 'UNREADABLE_EVENT',
    });
  });
});
