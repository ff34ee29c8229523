import { describe, expect, it } from 'vitest';
import { readDeadLetter } from '../../../../lib/local/aws/dead-letters.ts';
import { type LoggedDelivery, readDeliveryLine } from '../../../../lib/local/delivery-log.ts';
import { createEventStream, type RelayEvent } from '../../../../lib/operator/local/events.ts';

const aDelivery = (changes: Partial<LoggedDelivery> = {}): LoggedDelivery => ({
  outcome: 'posted',
  bucket: 'uploads',
  key: 'a.txt',
  sequencer: '01',
  roomId: 'R',
  chatMessageId: 'M',
  sizeBytes: 3,
  durationMs: 40,
  latencyMs: 90,
  ...changes,
});

const eventsOf = (deliveries: readonly LoggedDelivery[]): RelayEvent[] => {
  const events: RelayEvent[] = [];
  const stream = createEventStream({ bucket: 'uploads', room: '#general', onEvent: (event) => events.push(event) });
  for (const delivery of deliveries) stream.onDelivery(delivery);
  return events;
};

describe('readDeliveryLine', () => {
  it('reads the log entry of a delivery, which also has the logger’s fields', () => {
    const line = JSON.stringify({ level: 'INFO', message: 'delivery', ...aDelivery() });
    expect(readDeliveryLine(line)).toMatchObject(aDelivery());
  });

  it.each([
    ['other text', 'Hello'],
    ['broken JSON', '{"message":"delivery"'],
    ['another message', JSON.stringify({ ...aDelivery(), message: 'event ignored' })],
    ['an unknown outcome', JSON.stringify({ ...aDelivery(), message: 'delivery', outcome: 'lost' })],
    ['a delivery without an object', JSON.stringify({ message: 'delivery', outcome: 'dead-lettered', messageId: 'x' })],
    ['a metric', '{"_aws":{"Timestamp":1}}'],
  ])('ignores %s', (_, line) => {
    expect(readDeliveryLine(line)).toBeUndefined();
  });
});

describe('createEventStream', () => {
  it('reports a posted object with the time since the upload', () => {
    expect(eventsOf([aDelivery()])).toEqual([
      {
        event: 'posted',
        bucket: 'uploads',
        key: 'a.txt',
        room: '#general',
        roomId: 'R',
        messageId: 'M',
        sizeBytes: 3,
        durationMs: 90,
      },
    ]);
  });

  it('reports a duplicate as posted only if the delivery that posted was not logged', () => {
    expect(eventsOf([aDelivery(), aDelivery({ outcome: 'duplicate' })])).toHaveLength(1);
    expect(eventsOf([aDelivery({ outcome: 'duplicate' })])).toMatchObject([{ event: 'posted', messageId: 'M' }]);
  });

  it('reports each version of a key', () => {
    expect(eventsOf([aDelivery(), aDelivery({ sequencer: '02' })])).toHaveLength(2);
  });

  it('reports retried, ignored and deleted objects', () => {
    const events = eventsOf([
      aDelivery({ outcome: 'retrying', reason: 'CHAT_ERROR', detail: 'busy', delayMs: 2_000, httpStatus: 500 }),
      aDelivery({ outcome: 'ignored', detail: 'no route fits' }),
      aDelivery({ outcome: 'gone', reason: 'OBJECT_GONE', detail: 'deleted' }),
    ]);
    expect(events).toMatchObject([
      { event: 'retrying', reason: 'CHAT_ERROR', detail: 'busy', delayMs: 2_000, httpStatus: 500 },
      { event: 'ignored', reason: 'IGNORED', detail: 'no route fits' },
      { event: 'ignored', reason: 'OBJECT_GONE', detail: 'deleted' },
    ]);
  });

  it('reports no event for a logged dead letter, because the dead letter itself is reported', () => {
    expect(eventsOf([aDelivery({ outcome: 'dead-lettered', reason: 'EMPTY_FILE' })])).toEqual([]);
  });
});

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
