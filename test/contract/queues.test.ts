import { createServer } from 'node:http';
import { CreateQueueCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSqsQueues } from '../../lambdas/relay/adapters/sqs/queues.ts';
import type { DeadLetter, Queues } from '../../lambdas/relay/ports.ts';
import { createSqs, type Sqs } from '../../lib/local/aws/sqs.ts';
import { listenOnLoopback } from '../../lib/local/loopback.ts';
import { awsClientsAt } from '../helpers/aws.ts';
import { START } from '../helpers/factories.ts';
import { startScriptedServer } from '../helpers/scripted-server.ts';

let sqs: Sqs;
let server: Awaited<ReturnType<typeof listenOnLoopback>>;
let client: SQSClient;
let queueUrl: string;
let deadLetterQueueUrl: string;
let queues: Queues;
const clientOf = (endpoint: string) =>
  new SQSClient({
    endpoint,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    useQueueUrlAsEndpoint: false,
    maxAttempts: 1,
  });
beforeAll(async () => {
  sqs = await createSqs('eu-central-1');
  server = await listenOnLoopback(createServer(sqs.handle));
  const { endpoint } = server;
  client = clientOf(endpoint);
  const create = async (QueueName: string) => (await client.send(new CreateQueueCommand({ QueueName }))).QueueUrl ?? '';
  queueUrl = await create('uploads');
  deadLetterQueueUrl = await create('uploads-dead');
  queues = createSqsQueues({ client: awsClientsAt(endpoint).sqs, queueUrl, deadLetterQueueUrl });
});
afterAll(async () => {
  client.destroy();
  await server.close();
  await sqs.close();
});

const receive = async (QueueUrl: string) => {
  const { Messages } = await client.send(
    new ReceiveMessageCommand({ QueueUrl, MessageAttributeNames: ['All'], VisibilityTimeout: 30 }),
  );
  return Messages?.[0];
};
const letter: DeadLetter = {
  body: '{"Records":[{}]}',
  reason: 'FILE_TOO_LARGE',
  detail: 'too large',
  attempts: 3,
  failedAt: START,
};
const attributesOf = async (overrides: Partial<DeadLetter>): Promise<Record<string, string | undefined>> => {
  await queues.sendDeadLetter({ ...letter, ...overrides });
  const attributes = (await receive(deadLetterQueueUrl))?.MessageAttributes ?? {};
  return Object.fromEntries(Object.entries(attributes).map(([name, { StringValue }]) => [name, StringValue]));
};

describe('a dead letter in SQS', () => {
  it('has the record as its body and the reason as attributes', async () => {
    await queues.sendDeadLetter({
      ...letter,
      errorType: 'error-file-too-large',
      httpStatus: 400,
      roomId: 'GENERAL',
      room: '#general',
    });
    const message = await receive(deadLetterQueueUrl);
    expect(message?.Body).toBe('{"Records":[{}]}');
    expect(message?.MessageAttributes).toMatchObject({
      reason: { DataType: 'String', StringValue: 'FILE_TOO_LARGE' },
      errorType: { DataType: 'String', StringValue: 'error-file-too-large' },
      detail: { DataType: 'String', StringValue: 'too large' },
      roomId: { DataType: 'String', StringValue: 'GENERAL' },
      room: { DataType: 'String', StringValue: '#general' },
      failedAt: { DataType: 'String', StringValue: '2026-03-05T09:30:00.000Z' },
      httpStatus: { DataType: 'Number', StringValue: '400' },
      attempts: { DataType: 'Number', StringValue: '3' },
    });
  });

  it('leaves out attributes that are unknown or empty', async () => {
    const attributes = await attributesOf({ detail: ' \u0000 ', errorType: '' });
    expect(Object.keys(attributes).sort()).toEqual(['attempts', 'failedAt', 'reason']);
  });

  it.each([
    ['control characters', 'a\u0000b\u001bc\ufffed', 'abcd'],
    ['half a surrogate pair', 'a\ud83c', 'a\ufffd'],
    ['more than 1,000 characters', 'x'.repeat(5_000), 'x'.repeat(1_000)],
    ['more than 1,000 characters, cut inside a surrogate pair', `x${'🏔'.repeat(1_000)}`, `x${'🏔'.repeat(499)}\ufffd`],
  ])('accepts a detail with %s', async (_, detail, stored) => {
    expect((await attributesOf({ detail }))['detail']).toBe(stored);
  });
});

describe('a postponed message', () => {
  it('is not received during the delay, and at once when the delay is 0', async () => {
    await client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: 'x' }));
    const handle = (await receive(queueUrl))?.ReceiptHandle ?? '';
    await queues.postpone(handle, 60_000);
    expect(await receive(queueUrl)).toBeUndefined();
    await queues.postpone(handle, 0);
    expect((await receive(queueUrl))?.Body).toBe('x');
  });

  it.each([
    [1, 1],
    [1_001, 2],
    [-5, 0],
    [60 * 3_600_000, 12 * 3_600 - 900],
  ])('with a delay of %i ms is hidden for %i s', async (delayMs, seconds) => {
    const server = await startScriptedServer();
    const bodies: string[] = [];
    server.answer((request, response) => {
      request.on('data', (chunk: Buffer) => bodies.push(chunk.toString()));
      request.on('end', () => response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end('{}'));
    });
    const { sqs } = awsClientsAt(server.url);
    await createSqsQueues({ client: sqs, queueUrl, deadLetterQueueUrl }).postpone('handle', delayMs);
    expect(JSON.parse(bodies.join(''))).toMatchObject({ ReceiptHandle: 'handle', VisibilityTimeout: seconds });
    await server.close();
  });
});
