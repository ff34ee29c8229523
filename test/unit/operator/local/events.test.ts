import { describe, expect, it } from 'vitest';
import type { LoggedDelivery } from '../../../../lib/local/delivery-log.ts';
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
  const stream = createEventStream({
    bucket: 'uploads',
    room: () => '#general',
    onEvent: (event) => events.push(event),
  });
  for (const delivery of deliveries) stream.onDelivery(delivery);
  return events;
};

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

  it('reports an object once for each room, under the name of the room', () => {
    const events: RelayEvent[] = [];
    const stream = createEventStream({
      bucket: 'uploads',
      room: () => undefined,
      nameOf: (room) => ({ A: '#a', B: '#b' })[room] ?? room,
      onEvent: (event) => events.push(event),
    });
    stream.onDelivery(aDelivery({ room: 'A', roomId: 'A' }));
    stream.onDelivery(aDelivery({ room: '#b', roomId: 'B' }));
    stream.onDelivery(aDelivery({ outcome: 'duplicate', room: 'A', roomId: 'A' }));
    stream.onDelivery(aDelivery({ outcome: 'ignored' }));
    expect(events.map(({ event, room }) => [event, room])).toEqual([
      ['posted', '#a'],
      ['posted', '#b'],
      ['ignored', undefined],
    ]);
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
