import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Context, SQSEvent, SQSRecord } from 'aws-lambda';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Task } from '../../../lambdas/relay/delivery/state.ts';
import { ChatAnswerError } from '../../../lambdas/relay/domain/errors.ts';
import type { Incident } from '../../../lambdas/relay/domain/incident.ts';
import { createHandler, type HandlerDeps } from '../../../lambdas/relay/handler.ts';
import type { Outcome } from '../../../lambdas/relay/outcome.ts';
import { notification, START, s3Record, sqsEvent, sqsRecord } from '../../helpers/factories.ts';
import { createCountingMetrics, createRelayWorld, type RelayWorld } from '../../helpers/relay-world.ts';

const retrying = (
  delayMs: number,
  failureKind: 'throttled' | 'transient' | 'misconfigured' | 'awaiting-scan' = 'transient',
): Outcome => ({
  kind: 'retrying',
  delayMs,
  failureKind,
  attempts: 1,
  room: '#general',
  isUntouched: false,
  reason: 'CHAT_ERROR',
  detail: 'x',
});
const POSTED: Outcome = {
  kind: 'posted',
  room: '#general',
  roomId: 'R',
  fileId: 'f',
  chatMessageId: 'm',
  wasFound: false,
  attempts: 1,
};
const deadLettered = (failureKind: 'refused' | 'transient'): Extract<Outcome, { kind: 'dead-lettered' }> => ({
  kind: 'dead-lettered',
  failureKind,
  attempts: 1,
  room: '#general',
  reason: 'CHAT_ERROR',
  detail: 'x',
});

let world: RelayWorld;
let metrics: ReturnType<typeof createCountingMetrics>;
beforeEach(() => {
  world = createRelayWorld();
  metrics = createCountingMetrics();
});

const contextOf = (remainingMs: number) =>
  ({ awsRequestId: 'request-1', getRemainingTimeInMillis: () => remainingMs }) as unknown as Context;
const handle = (event: SQSEvent, overrides: Partial<HandlerDeps> = {}, remainingMs = 300_000) => {
  const { deliver, reject, queues, logger, clock } = world;
  const abortAfter = () => new AbortController().signal;
  const buckets = new Set(['example-uploads']);
  const handler = createHandler({
    deliver,
    reject,
    buckets,
    queues,
    logger,
    clock,
    metrics,
    abortAfter,
    filesAtOnce: 5,
    ...overrides,
  });
  return handler(event, contextOf(remainingMs));
};
/** A `deliver` that returns an outcome by the object's key. */
const answering = (byKey: Record<string, Outcome>, seen: Task[] = []): Partial<HandlerDeps> => ({
  deliver: async (task) => {
    seen.push(task);
    return [byKey[task.object.key] ?? POSTED];
  },
});
const messageOf = (key: string, overrides: Partial<SQSRecord> = {}) =>
  sqsRecord(notification(s3Record({ key })), {
    messageId: `message-${key}`,
    receiptHandle: `receipt-${key}`,
    ...overrides,
  });
const failedIds = ({ batchItemFailures }: Awaited<ReturnType<typeof handle>>) =>
  batchItemFailures.map(({ itemIdentifier }) => itemIdentifier);

describe('a batch', () => {
  it('returns only the messages that must come back', async () => {
    const event = sqsEvent(messageOf('a'), messageOf('b'), messageOf('c'));
    const answer = await handle(event, answering({ b: retrying(7_000) }));
    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'message-b' }] });
    expect(world.postponed).toEqual([{ receiptHandle: 'receipt-b', delayMs: 7_000 }]);
  });

  it.each<Outcome>([
    POSTED,
    { kind: 'duplicate', room: 'r', roomId: 'R', chatMessageId: undefined },
    { kind: 'ignored', detail: 'x' },
    { kind: 'gone', reason: 'OBJECT_GONE', detail: 'x' },
    deadLettered('refused'),
  ])('acknowledges a message whose object is $kind', async (outcome) => {
    expect(failedIds(await handle(sqsEvent(messageOf('a')), answering({ a: outcome })))).toEqual([]);
    expect(world.postponed).toEqual([]);
  });

  it('without messages has no failures', async () => {
    expect(await handle(sqsEvent())).toEqual({ batchItemFailures: [] });
  });

  it('handles at most filesAtOnce messages at the same time', async () => {
    let atOnce = 0;
    let most = 0;
    const deliver = async () => {
      atOnce += 1;
      most = Math.max(most, atOnce);
      await new Promise((resolve) => setImmediate(resolve));
      atOnce -= 1;
      return [POSTED];
    };
    await handle(sqsEvent(...Array.from({ length: 10 }, (_, index) => messageOf(`${index}`))), {
      deliver,
      filesAtOnce: 3,
    });
    expect(most).toBe(3);
  });

  it('is answered even if a message can not be postponed', async () => {
    world.fail('postpone', new Error('ReceiptHandleIsInvalid'));
    const answer = await handle(sqsEvent(messageOf('a'), messageOf('b')), answering({ a: retrying(1_000) }));
    expect(failedIds(answer)).toEqual(['message-a']);
    expect(world.logs).toContainEqual(
      expect.objectContaining({ level: 'warn', message: 'the message could not be postponed' }),
    );
  });
});

describe('a message', () => {
  it('with several objects comes back after the shortest of their delays', async () => {
    const body = notification(s3Record({ key: 'a' }), s3Record({ key: 'b' }), s3Record({ key: 'c' }));
    const answer = await handle(sqsEvent(sqsRecord(body)), answering({ a: retrying(9_000), c: retrying(4_000) }));
    expect(failedIds(answer)).toEqual(['message-1']);
    expect(world.postponed).toEqual([{ receiptHandle: 'receipt-1', delayMs: 4_000 }]);
  });

  it('with several objects comes back after the shortest delay also when that is the first one', async () => {
    const body = notification(s3Record({ key: 'a' }), s3Record({ key: 'b' }), s3Record({ key: '%' }));
    world.fail('deadLetter', new Error('SQS is away'));
    await handle(sqsEvent(sqsRecord(body)), answering({ a: retrying(4_000), b: retrying(9_000) }));
    expect(world.postponed).toEqual([{ receiptHandle: 'receipt-1', delayMs: 4_000 }]);
  });

  it('with an unreadable record beside an object that keeps failing leaves one dead letter', async () => {
    const body = notification(s3Record({ key: '%' }), s3Record({ key: 'a' }));
    for (let receive = 1; receive <= 15; receive += 1) {
      const record = sqsRecord(body, { attributes: { ApproximateReceiveCount: String(receive) } as never });
      expect(failedIds(await handle(sqsEvent(record), answering({ a: retrying(1_000) })))).toEqual(['message-1']);
      world.clock.advance(1_000);
    }
    expect(world.deadLetters).toMatchObject([{ body: notification(s3Record({ key: '%' })) }]);
    expect(metrics.sums['DeadLettered']).toBe(1);
    expect(world.logs.filter(({ level }) => level === 'error')).toHaveLength(1);
  });

  it('with ten unreadable records leaves ten dead letters, and with more of them one for the whole message', async () => {
    const broken = (count: number) =>
      notification(...Array.from({ length: count }, () => s3Record({ key: '%' })), s3Record({ key: 'good' }));
    const seen: Task[] = [];
    await handle(sqsEvent(sqsRecord(broken(10))), answering({}, seen));
    expect(world.deadLetters).toHaveLength(10);
    world.deadLetters.length = 0;
    await handle(sqsEvent(sqsRecord(broken(11), { messageId: 'message-2' })), answering({}, seen));
    expect(world.deadLetters).toMatchObject([
      { body: broken(11), reason: 'UNREADABLE_EVENT', detail: expect.stringMatching(/^11 records .*form-encoded/) },
    ]);
    expect(seen).toHaveLength(2);
  });

  it('that forges 300,000 records leaves one dead letter', async () => {
    const body = `{"Records":[${'1,'.repeat(299_999)}1]}`;
    await handle(sqsEvent(sqsRecord(body)));
    await handle(sqsEvent(sqsRecord(body)));
    expect(world.deadLetters).toHaveLength(1);
    expect(world.deadLetters[0]?.body).toBe(body);
  });

  it.each([
    ['127.0.0.1:9/', 'UNREADABLE_EVENT'],
    ['2130706433:9/', 'UNREADABLE_EVENT'],
    ['x@127.0.0.1', 'UNREADABLE_EVENT'],
    ['example-uploads?', 'UNREADABLE_EVENT'],
    ['example-uploads#', 'UNREADABLE_EVENT'],
    ['another-bucket', 'UNKNOWN_BUCKET'],
    ['2130706433', 'UNKNOWN_BUCKET'],
  ])('that names the bucket %s is dead-lettered once, and nothing is read from S3', async (name, reason) => {
    const s3 = { bucket: { name }, object: { key: 'a', size: 1 } };
    const body = notification(s3Record({}, { s3 }));
    for (let receive = 1; receive <= 3; receive += 1)
      expect(failedIds(await handle(sqsEvent(sqsRecord(body))))).toEqual([]);
    expect(world.deadLetters).toMatchObject([{ body, reason }]);
    expect(world.calls).not.toContain('open');
    expect(world.calls).not.toContain('describe');
  });

  it('with a key of 200 KB is dead-lettered, and the log has no long line', async () => {
    await handle(sqsEvent(sqsRecord(notification(s3Record({ key: 'k'.repeat(200_000) })))));
    expect(world.deadLetters).toMatchObject([{ reason: 'UNREADABLE_EVENT' }]);
    expect(JSON.stringify(world.logs).length).toBeLessThan(1_000);
  });

  it('that can not be read is dead-lettered unchanged', async () => {
    const answer = await handle(
      sqsEvent(sqsRecord('nonsense', { attributes: { ApproximateReceiveCount: '3' } as never })),
    );
    expect(failedIds(answer)).toEqual([]);
    expect(world.deadLetters).toEqual([
      {
        body: 'nonsense',
        reason: 'UNREADABLE_EVENT',
        detail: 'the message body is not a JSON object',
        attempts: 3,
        failedAt: START,
      },
    ]);
    expect(metrics.sums).toEqual({ DeadLettered: 1 });
  });

  it('that can be read in part is delivered in part, and the rest is dead-lettered', async () => {
    const seen: Task[] = [];
    const body = notification(s3Record({ key: '%' }), s3Record({ key: 'good' }));
    expect(failedIds(await handle(sqsEvent(sqsRecord(body)), answering({}, seen)))).toEqual([]);
    expect(seen.map(({ object }) => object.key)).toEqual(['good']);
    expect(world.deadLetters).toMatchObject([{ body: notification(s3Record({ key: '%' })) }]);
  });

  it('comes back when its dead letter can not be written', async () => {
    world.fail('deadLetter', new Error('SQS is not available'));
    expect(failedIds(await handle(sqsEvent(sqsRecord('nonsense'))))).toEqual(['message-1']);
    expect(world.postponed).toMatchObject([{ delayMs: 60_000 }]);
    expect(metrics.sums).toEqual({});
    expect(failedIds(await handle(sqsEvent(sqsRecord('nonsense'))))).toEqual([]);
    expect(world.deadLetters).toHaveLength(1);
  });

  it.each(['{"Event":"s3:TestEvent"}', notification(s3Record({}, { eventName: 'ObjectRemoved:Delete' }))])(
    'that creates no object is ignored',
    async (body) => {
      expect(failedIds(await handle(sqsEvent(sqsRecord(body))))).toEqual([]);
      expect(metrics.sums).toEqual({ Ignored: 1 });
      expect(world.calls).toEqual([]);
    },
  );
});

describe('the task of an object', () => {
  const taskOf = async (record: SQSRecord, remainingMs?: number): Promise<Task> => {
    const seen: Task[] = [];
    await handle(sqsEvent(record), answering({}, seen), remainingMs);
    const [task] = seen;
    if (task === undefined) throw new Error('nothing was delivered');
    return task;
  };

  it('has the receive count and the time of its message', async () => {
    const attributes = { ApproximateReceiveCount: '4', SentTimestamp: String(START - 5_000) } as never;
    expect((await taskOf(messageOf('a', { attributes }))).message).toMatchObject({
      receiveCount: 4,
      sentAt: START - 5_000,
      failedAt: undefined,
    });
  });

  it('has the time of the dead letter of a redriven message', async () => {
    const failedAt = { stringValue: '2026-03-05T09:29:00.123Z', dataType: 'String' };
    const task = await taskOf(messageOf('a', { messageAttributes: { failedAt } }));
    expect(task.message.failedAt).toBe(Date.UTC(2026, 2, 5, 9, 29, 0, 123));
    const nonsense = await taskOf(
      messageOf('a', { messageAttributes: { failedAt: { stringValue: 'x', dataType: 'String' } } }),
    );
    expect(nonsense.message.failedAt).toBeUndefined();
  });

  it('has a deadline before the end of the invocation and a lease that ends after it', async () => {
    const task = await taskOf(messageOf('a'), 300_000);
    expect(task.deadlineAt).toBe(START + 285_000);
    expect(task.lease).toEqual({ owner: 'request-1/message-a/0', takenAt: START, expiresAt: START + 330_000 });
    expect((await taskOf(messageOf('a'), 10_000)).deadlineAt).toBe(START + 8_000);
  });

  it('has its own lease', async () => {
    const seen: Task[] = [];
    await handle(
      sqsEvent(sqsRecord(notification(s3Record({ key: 'a' }), s3Record({ key: 'b' })))),
      answering({}, seen),
    );
    expect(new Set(seen.map(({ lease }) => lease.owner)).size).toBe(2);
  });
});

describe('the metrics', () => {
  it.each<[string, Outcome, Record<string, number>]>([
    ['posted', POSTED, { ObjectsPosted: 1, BytesPosted: 2048, RelayLatency: 2_000 }],
    ['posted as a link', { ...POSTED, link: 'FILE_TOO_LARGE' }, { ObjectsPosted: 1, RelayLatency: 2_000 }],
    ['duplicate', { kind: 'duplicate', room: 'r', roomId: 'R', chatMessageId: undefined }, { DuplicatesSkipped: 1 }],
    ['ignored', { kind: 'ignored', detail: 'x' }, { Ignored: 1 }],
    ['a loop', { kind: 'ignored', detail: 'x', isLoopSuspected: true }, { Ignored: 1, LoopSuspected: 1 }],
    ['gone', { kind: 'gone', reason: 'OBJECT_GONE', detail: 'x' }, { Ignored: 1 }],
    ['throttled', retrying(1, 'throttled'), { Throttled: 1, OldestWaiting: 2 }],
    ['misconfigured', retrying(1, 'misconfigured'), { Misconfigured: 1, OldestWaiting: 2 }],
    ['transient', retrying(1), { Retried: 1, OldestWaiting: 2 }],
    ['waiting for a malware scan', retrying(1, 'awaiting-scan'), {}],
    [
      'infected',
      { ...deadLettered('refused'), reason: 'MALWARE_FOUND' },
      { Refused: 1, DeadLettered: 1, MalwareFound: 1 },
    ],
    ['refused', deadLettered('refused'), { Refused: 1, DeadLettered: 1 }],
    ['dead-lettered', deadLettered('transient'), { DeadLettered: 1 }],
  ])('of an outcome that is %s are counted', async (_, outcome, sums) => {
    await handle(sqsEvent(messageOf('a')), answering({ a: outcome }));
    expect(metrics.sums).toEqual(sums);
  });

  it('have no negative latency when the clocks differ', async () => {
    const record = sqsRecord(notification(s3Record({}, { eventTime: new Date(START + 60_000).toISOString() })));
    await handle(sqsEvent(record), answering({}));
    expect(metrics.sums['RelayLatency']).toBe(0);
  });
});

describe('the log', () => {
  it.each<[Outcome, string]>([
    [POSTED, 'info'],
    [retrying(1), 'warn'],
    [{ kind: 'ignored', detail: 'x' }, 'info'],
    [{ kind: 'ignored', detail: 'x', isLoopSuspected: true }, 'warn'],
    [deadLettered('refused'), 'error'],
  ])('has one line for each object: $kind', async (outcome, level) => {
    await handle(sqsEvent(messageOf('a')), answering({ a: outcome }));
    expect(world.logs).toMatchObject([
      { level, message: 'delivery', fields: { outcome: outcome.kind, key: 'a', messageId: 'message-a' } },
    ]);
  });
});

describe('the operations room', () => {
  const reportingTo = (reported: Incident[]): Partial<HandlerDeps> => ({
    operations: { report: async (incident) => void reported.push(...(incident === undefined ? [] : [incident])) },
  });

  it('receives only dead letters and misconfigurations', async () => {
    const reported: Incident[] = [];
    const byKey = { a: deadLettered('refused'), b: retrying(1, 'misconfigured'), c: retrying(1), d: POSTED };
    const event = sqsEvent(...Object.keys(byKey).map((key) => messageOf(key)));
    await handle(event, { ...answering(byKey), ...reportingTo(reported) });
    expect(reported).toMatchObject([
      { kind: 'dead-lettered', object: { key: 'a' }, room: '#general', redrivenFrom: undefined },
      { kind: 'misconfigured', object: { key: 'b' } },
    ]);
  });

  it('receives a redriven message that is dead-lettered again', async () => {
    const reported: Incident[] = [];
    const failedAt = { stringValue: new Date(START).toISOString(), dataType: 'String' as const };
    const event = sqsEvent(messageOf('a', { messageAttributes: { failedAt } }));
    await handle(event, { ...answering({ a: deadLettered('refused') }), ...reportingTo(reported) });
    expect(reported).toMatchObject([{ redrivenFrom: START }]);
  });

  it('receives an unreadable event after its dead letter was written', async () => {
    const reported: Incident[] = [];
    world.fail('deadLetter', new Error('x'));
    await handle(sqsEvent(sqsRecord('nonsense')), reportingTo(reported));
    expect(reported).toEqual([]);
    await handle(sqsEvent(sqsRecord('nonsense')), reportingTo(reported));
    expect(reported).toMatchObject([{ kind: 'dead-lettered', reason: 'UNREADABLE_EVENT' }]);
  });
});

describe('the handler with deliver', () => {
  it.each([
    ['created', 1],
    ['encoded-key', 1],
    ['eventbridge', 1],
    ['sns-wrapped', 1],
    ['several-records', 3],
    ['directory-marker', 0],
    ['removed', 0],
    ['test-event', 0],
  ])('turns events/%s.json into %i messages', async (name, messages) => {
    const event: SQSEvent = JSON.parse(
      readFileSync(path.join(import.meta.dirname, `../../../events/${name}.json`), 'utf8'),
    );
    for (const key of ['weekly', 'north', 'south', 'east']) world.objects.set(`reports/${key}.pdf`, { content: 'x' });
    world.objects.set('scans/invoice-0042.png', { content: 'x' });
    world.objects.set('Berichte 2026/Q1 + Q2/Umsätze 100% (final).pdf', { content: 'x' });
    expect(await handle(event)).toEqual({ batchItemFailures: [] });
    expect(world.messages).toHaveLength(messages);
  });

  it('delivers the other objects when one fails', async () => {
    for (const key of ['a', 'b', 'c']) world.objects.set(key, { content: 'x' });
    world.fail('media', new ChatAnswerError('x', { status: 502 }));
    const answer = await handle(sqsEvent(messageOf('a'), messageOf('b'), messageOf('c')));
    expect(failedIds(answer)).toHaveLength(1);
    expect(world.messages).toHaveLength(2);
    expect(world.postponed).toHaveLength(1);
  });
});
