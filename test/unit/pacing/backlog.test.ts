import { createServer } from 'node:http';
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createSqsBacklog } from '../../../lambdas/relay/adapters/sqs/backlog.ts';
import type { Backlog } from '../../../lambdas/relay/ports.ts';
import { createSqs, type Sqs } from '../../../lib/local/aws/sqs.ts';
import { listenOnLoopback } from '../../../lib/local/loopback.ts';
import { awsClientsAt } from '../../helpers/aws.ts';

const MESSAGES = 23;

let sqs: Sqs;
let server: Awaited<ReturnType<typeof listenOnLoopback>>;
let client: SQSClient;
let QueueUrl: string;
let backlog: Backlog;

beforeAll(async () => {
  sqs = await createSqs('eu-central-1');
  server = await listenOnLoopback(createServer(sqs.handle));
  const { endpoint } = server;
  client = new SQSClient({
    endpoint,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    useQueueUrlAsEndpoint: false,
  });
  QueueUrl = (await client.send(new CreateQueueCommand({ QueueName: 'uploads' }))).QueueUrl ?? '';
  backlog = createSqsBacklog({ client: awsClientsAt(endpoint).sqs, queueUrl: QueueUrl });
  for (let count = 0; count < MESSAGES; count += 1) {
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: `message ${count}` }));
  }
});
afterAll(async () => {
  client.destroy();
  await server.close();
  await sqs.close();
});

const receiveAll = async (): Promise<string[]> => {
  const handles: string[] = [];
  for (;;) {
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 600 }),
    );
    if (Messages.length === 0) return handles;
    handles.push(...Messages.map(({ ReceiptHandle = '' }) => ReceiptHandle));
  }
};

it('counts visible and sleeping messages, and wakes more messages than one call takes', async () => {
  expect(await backlog.read()).toEqual({ visible: MESSAGES, inFlight: 0 });
  const handles = await receiveAll();
  expect(await backlog.read()).toEqual({ visible: 0, inFlight: MESSAGES });
  await backlog.wake(handles.slice(0, 21));
  expect(await backlog.read()).toEqual({ visible: 21, inFlight: 2 });
});

it('wakes a message that sleeps for an hour, and ignores handles that are not valid', async () => {
  const handles = await receiveAll();
  const [handle = ''] = handles;
  const sleepFor = { QueueUrl, ReceiptHandle: handle, VisibilityTimeout: 3_600 };
  await client.send(new ChangeMessageVisibilityCommand(sleepFor));
  await backlog.wake([handle]);
  await backlog.wake([handle, 'no handle at all']);
  expect(await receiveAll()).toHaveLength(1);
});

it('makes no call without receipt handles', async () => {
  await expect(backlog.wake([])).resolves.toBeUndefined();
});
