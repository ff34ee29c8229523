import { describe, expect, it } from 'vitest';
import { type LoggedDelivery, readDeliveryLine } from '../../../lib/local/delivery-log.ts';

const aDelivery = (): LoggedDelivery => ({
  outcome: 'posted',
  bucket: 'uploads',
  key: 'a.txt',
  sequencer: '01',
  roomId: 'R',
  chatMessageId: 'M',
  sizeBytes: 3,
  durationMs: 40,
  latencyMs: 90,
});

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
