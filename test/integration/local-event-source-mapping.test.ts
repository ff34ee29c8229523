import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import type { SQSEvent } from 'aws-lambda';
import { afterEach, describe, expect, it } from 'vitest';
import { type Emulators, startEmulators } from '../../lib/local/aws/emulators.ts';
import {
  type EventSourceMapping,
  type FinishedBatch,
  type InvokedFunction,
  startEventSourceMapping,
} from '../../lib/local/lambda/event-source-mapping.ts';
import { failedInvocation, type Invocation } from '../../lib/local/lambda/invocation.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const startQueue = async (changes: Partial<Parameters<typeof startEmulators>[0]> = {}): Promise<Emulators> => {
  const folder = mkdtempSync(join(tmpdir(), 'mapping-'));
  cleanups.push(() => rmSync(folder, { recursive: true }));
  const emulators = await startEmulators({
    folder,
    region: 'eu-west-1',
    bucket: 'uploads',
    ledgerTable: 'ledger',
    secretId: 'secret',
    visibilityTimeoutSeconds: 1,
    maxReceiveCount: 1000,
    now: Date.now,
    ...changes,
  });
  cleanups.push(emulators.close);
  return emulators;
};

const send = async (emulators: Emulators, body: string): Promise<string> => {
  const { MessageId } = await emulators.clients.sqs.send(
    new SendMessageCommand({ QueueUrl: emulators.queueUrl, MessageBody: body }),
  );
  return MessageId ?? '';
};

const map = (
  emulators: Emulators,
  functions: InvokedFunction[],
  changes: { batchSize?: number; onBatch?: (batch: FinishedBatch) => void } = {},
): EventSourceMapping => {
  const mapping = startEventSourceMapping({
    ...emulators,
    sqs: emulators.clients.sqs,
    region: 'eu-west-1',
    functions,
    ...changes,
  });
  cleanups.push(mapping.stop);
  return mapping;
};

/** A function that gives these answers and records its events. */
const functionThat = (answer: (event: SQSEvent, call: number) => unknown) => {
  const events: SQSEvent[] = [];
  const target: InvokedFunction = {
    async invoke(event): Promise<Invocation> {
      const answered = await answer(event as SQSEvent, events.push(event as SQSEvent));
      return typeof answered === 'object' && answered !== null && 'kind' in answered
        ? (answered as Invocation)
        : { kind: 'answered', payload: typeof answered === 'string' ? answered : (JSON.stringify(answered) ?? '') };
    },
  };
  return { events, target };
};

const left = async (emulators: Emulators) => {
  const { ready, inFlight, delayed } = await emulators.countMessages('uploads');
  return ready + inFlight + delayed;
};
const bodiesOf = (events: readonly SQSEvent[]) => events.flatMap(({ Records }) => Records.map(({ body }) => body));

describe('the event', () => {
  it('has Lambda’s format', async () => {
    const emulators = await startQueue();
    const { events, target } = functionThat(() => '');
    await emulators.clients.sqs.send(
      new SendMessageCommand({
        QueueUrl: emulators.queueUrl,
        MessageBody: '{"a":1}',
        MessageAttributes: {
          text: { DataType: 'String', StringValue: 'ä' },
          bytes: { DataType: 'Binary', BinaryValue: new Uint8Array([1, 2]) },
        },
      }),
    );
    map(emulators, [target]);
    await expect.poll(() => events.length).toBe(1);
    expect(events[0]).toEqual({
      Records: [
        {
          messageId: expect.stringMatching(/^[0-9a-f-]{36}$/),
          receiptHandle: expect.any(String),
          body: '{"a":1}',
          attributes: {
            ApproximateReceiveCount: '1',
            SentTimestamp: expect.stringMatching(/^\d{13}$/),
            SenderId: expect.any(String),
            ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d{13}$/),
          },
          messageAttributes: {
            text: { stringValue: 'ä', stringListValues: [], binaryListValues: [], dataType: 'String' },
            bytes: { binaryValue: 'AQI=', stringListValues: [], binaryListValues: [], dataType: 'Binary' },
          },
          md5OfBody: createHash('md5').update('{"a":1}').digest('hex'),
          eventSource: 'aws:sqs',
          eventSourceARN: 'arn:aws:sqs:eu-west-1:000000000000:relay-uploads',
          awsRegion: 'eu-west-1',
        },
      ],
    });
  });

  it('has at most ten messages', async () => {
    const emulators = await startQueue();
    for (let i = 0; i < 23; i += 1) await send(emulators, String(i));
    const { events, target } = functionThat(() => '{"batchItemFailures":[]}');
    map(emulators, [target]);
    await expect.poll(() => left(emulators)).toBe(0);
    expect(events.map(({ Records }) => Records.length)).toEqual([10, 10, 3]);
  });
});

describe('a batch', () => {
  it('is deleted when the function answers without failures', async () => {
    const emulators = await startQueue();
    await send(emulators, 'a');
    map(emulators, [functionThat(() => undefined).target]);
    await expect.poll(() => left(emulators)).toBe(0);
  });

  it('has its succeeded messages deleted and its failed messages received again', async () => {
    const emulators = await startQueue();
    for (const body of ['a', 'b', 'c']) await send(emulators, body);
    const { events, target } = functionThat(({ Records }, call) => ({
      batchItemFailures: Records.filter(({ body }) => call === 1 && body === 'b').map(({ messageId }) => ({
        itemIdentifier: messageId,
      })),
    }));
    map(emulators, [target]);
    await expect.poll(() => events.length).toBe(1);
    await expect.poll(() => emulators.countMessages('uploads')).toEqual({ ready: 0, inFlight: 1, delayed: 0 });
    await expect.poll(() => left(emulators), { timeout: 4_000 }).toBe(0);
    expect(bodiesOf(events)).toEqual(['a', 'b', 'c', 'b']);
    expect(events[1]?.Records[0]?.attributes.ApproximateReceiveCount).toBe('2');
  });

  it.each([
    ['the function fails', failedInvocation('Error', 'broken')],
    ['the function names a message of another batch', { batchItemFailures: [{ itemIdentifier: 'somebody' }] }],
    ['the function names an empty id', { batchItemFailures: [{ itemIdentifier: '' }] }],
    ['the answer is not JSON', 'oops'],
  ])('stays in the queue as a whole if %s', async (_, answer) => {
    const emulators = await startQueue({ visibilityTimeoutSeconds: 30 });
    for (const body of ['a', 'b']) await send(emulators, body);
    const batches: FinishedBatch[] = [];
    map(emulators, [functionThat(() => answer).target], { onBatch: (batch) => batches.push(batch) });
    await expect.poll(() => batches.length).toBe(1);
    expect(batches[0]?.outcome).toMatchObject({ kind: 'failed' });
    expect(await emulators.countMessages('uploads')).toEqual({ ready: 0, inFlight: 2, delayed: 0 });
  });

  it('is moved to the dead-letter queue after maxReceiveCount receives', async () => {
    const emulators = await startQueue({ maxReceiveCount: 1 });
    const id = await send(emulators, 'a');
    const { events, target } = functionThat(() => failedInvocation('Runtime.ExitError', 'crashed'));
    map(emulators, [target]);
    await expect
      .poll(() => emulators.peekDeadLetters(), { timeout: 4_000 })
      .toMatchObject([{ messageId: id, body: 'a' }]);
    expect(events).toHaveLength(1);
  });
});

describe('the event source mapping', () => {
  it('gives each function one batch at a time', async () => {
    const emulators = await startQueue({ visibilityTimeoutSeconds: 30 });
    for (let i = 0; i < 6; i += 1) await send(emulators, String(i));
    let running = 0;
    let most = 0;
    const release: (() => void)[] = [];
    const slow = () =>
      functionThat(async () => {
        running += 1;
        most = Math.max(most, running);
        await new Promise<void>((resolve) => release.push(resolve));
        running -= 1;
      }).target;
    const mapping = map(emulators, [slow(), slow(), slow()], { batchSize: 1 });
    await expect.poll(() => mapping.inFlight).toBe(3);
    await expect
      .poll(async () => {
        for (const one of release.splice(0)) one();
        return left(emulators);
      })
      .toBe(0);
    expect(most).toBe(3);
  });
});

describe('a stopped event source mapping', () => {
  it('deletes no message of a batch that was still in process', async () => {
    const emulators = await startQueue({ visibilityTimeoutSeconds: 1 });
    await send(emulators, 'a');
    let finish = () => {};
    const { events, target } = functionThat(
      () =>
        new Promise<void>((resolve) => {
          finish = resolve;
        }),
    );
    const mapping = map(emulators, [target]);
    await expect.poll(() => events.length).toBe(1);
    await mapping.stop();
    finish();
    const { Messages } = await emulators.clients.sqs.send(
      new ReceiveMessageCommand({ QueueUrl: emulators.queueUrl, WaitTimeSeconds: 3 }),
    );
    expect(Messages?.map(({ Body }) => Body)).toEqual(['a']);
  });
});
