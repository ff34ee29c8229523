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
import { createS3AndSqs, type EmulatorApp, listenS3AndSqs } from '../../../lib/local/aws/s3-sqs.ts';
import { awsClientsAt } from '../../helpers/aws.ts';

const MESSAGES = 23;

let app: EmulatorApp;
let client: SQSClient;
let QueueUrl: string;
let backlog: Backlog;

beforeAll(async () => {
  app = createS3AndSqs('eu-central-1');
  const endpoint = await listenS3AndSqs(app);
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
  await app.close();
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
