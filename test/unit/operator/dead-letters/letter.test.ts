import { describe, expect, it } from 'vitest';
import { readLetter, recordOf, titleOf } from '../../../../lib/operator/dead-letters/letter.ts';
import { copyAttributes } from '../../../../lib/operator/dead-letters/redrive.ts';

const text = (StringValue: string) => ({ DataType: 'String', StringValue });
const record = (key: string) => ({
  eventName: 'ObjectCreated:Put',
  eventTime: '2026-11-20T08:00:00.000Z',
  s3: { bucket: { name: 'uploads' }, object: { key, size: 3, eTag: 'abc', sequencer: '00AB' } },
});
const event = (...keys: string[]) => JSON.stringify({ Records: keys.map(record) });

describe('readLetter', () => {
  it('reads the object, the reason and the times of a letter that the relay wrote', () => {
    const letter = readLetter({
      MessageId: 'm-1',
      ReceiptHandle: 'r-1',
      Body: event('a+b.pdf'),
      Attributes: { SentTimestamp: '1790000000000', ApproximateReceiveCount: '7' },
      MessageAttributes: {
        reason: text('FILE_TOO_LARGE'),
        detail: text('too large'),
        roomId: text('GENERAL'),
        failedAt: text('2026-11-20T09:00:00.000Z'),
        attempts: { DataType: 'Number', StringValue: '3' },
        httpStatus: { DataType: 'Number', StringValue: '413' },
      },
    });
    expect(letter).toMatchObject({
      id: 'm-1',
      isMovedBySqs: false,
      reason: 'FILE_TOO_LARGE',
      detail: 'too large',
      roomId: 'GENERAL',
      attempts: 3,
      httpStatus: 413,
      sentAt: 1_790_000_000_000,
      failedAt: Date.parse('2026-11-20T09:00:00.000Z'),
      objects: [{ bucket: 'uploads', key: 'a b.pdf', sizeBytes: 3, sequencer: '00AB', eTag: 'abc' }],
    });
  });

  it('gives a letter that SQS moved itself the reason ABANDONED, and keeps all objects of its event', () => {
    const letter = readLetter({
      MessageId: 'm-2',
      Body: event('a.pdf', 'b.pdf'),
      Attributes: { SentTimestamp: '1790000000000', ApproximateReceiveCount: '991' },
    });
    expect(letter).toMatchObject({ isMovedBySqs: true, reason: 'ABANDONED', failedAt: undefined, attempts: 991 });
    expect(titleOf(letter)).toBe('a.pdf (and 1 more)');
  });

  it('does not show the reason of an earlier letter if SQS moved the redriven message itself', () => {
    const letter = readLetter({
      Body: event('a.pdf'),
      Attributes: { DeadLetterQueueSourceArn: 'arn:aws:sqs:us-east-1:000000000000:uploads' },
      MessageAttributes: { reason: text('ROOM_UNAVAILABLE'), failedAt: text('2026-11-20T09:00:00.000Z') },
    });
    expect(letter).toMatchObject({ isMovedBySqs: true, reason: 'ABANDONED' });
    expect(letter.failedAt).toBe(Date.parse('2026-11-20T09:00:00.000Z'));
  });

  it.each(['', 'no JSON', '{"Records":1}', '[]'])('reads a letter with the body %j, which has no object', (Body) => {
    const letter = readLetter({ Body, MessageAttributes: { failedAt: text('never'), attempts: text('many') } });
    expect(letter).toMatchObject({ objects: [], failedAt: undefined, attempts: undefined, sentAt: 0 });
    expect(titleOf(letter)).toBe('(no S3 event)');
    expect(JSON.parse(JSON.stringify(recordOf(letter)))).toMatchObject({ body: Body });
  });
});

describe('copyAttributes', () => {
  it('copies values without the lists that SQS returns and refuses', () => {
    const attributes = {
      failedAt: { ...text('2026-11-20T09:00:00.000Z'), StringListValues: [], BinaryListValues: [] },
      attempts: { DataType: 'Number', StringValue: '3', StringListValues: [] },
      blob: { DataType: 'Binary.gzip', BinaryValue: new Uint8Array([1, 2]), BinaryListValues: [] },
      list: { DataType: 'String', StringListValues: ['a', 'b'] },
    };
    expect(copyAttributes({ attributes })).toEqual({
      failedAt: text('2026-11-20T09:00:00.000Z'),
      attempts: { DataType: 'Number', StringValue: '3' },
      blob: { DataType: 'Binary.gzip', BinaryValue: new Uint8Array([1, 2]) },
    });
  });
});
