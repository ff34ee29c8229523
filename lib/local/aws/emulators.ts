import { mkdirSync } from 'node:fs';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { CreateQueueCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import type { Port } from '../loopback.ts';
import { startAwsEndpoint } from './aws-endpoint.ts';
import { createNotifier, createUploadEvents, type UploadedObject } from './bucket-notifications.ts';
import { createLocalClients, destroyClients, type LocalClients, type LocalEndpoints } from './clients.ts';
import { createDynamoDb, createLedgerTable } from './dynamodb.ts';
import { createS3 } from './s3/s3.ts';
import { createSecretsManager, type SecretsManager } from './secrets-manager.ts';
import { createSqs, type PeekedMessage, type QueueCounts } from './sqs.ts';

export type { PeekedMessage, QueueCounts } from './sqs.ts';

export interface EmulatorOptions {
  readonly region: string;
  /** The port of the endpoint of all services. @default a free port */
  readonly port?: Port | undefined;
  /** The folder of the objects' bytes, created if it does not exist. The caller removes it. */
  readonly folder: string;
  readonly bucket: string;
  readonly ledgerTable: string;
  readonly secretId: string;
  /** @default no secret */
  readonly secret?: string | undefined;
  /** The only access key id that may read the secret. The other services accept any. @default any */
  readonly secretAccessKeyId?: string | undefined;
  readonly visibilityTimeoutSeconds: number;
  /** How often a message is received before SQS moves it to the dead-letter queue. */
  readonly maxReceiveCount: number;
  readonly now: () => number;
  /** Called for each upload, with the event that is then sent to the queue, also if the call throws. */
  readonly onUpload?: ((object: UploadedObject, eventBody: string) => void) | undefined;
}

export interface Emulators {
  readonly endpoints: LocalEndpoints;
  readonly clients: LocalClients;
  readonly queueUrl: string;
  readonly queueArn: string;
  readonly deadLetterQueueUrl: string;
  readonly secretsManager: Pick<SecretsManager, 'setSecret'>;
  /**
   * Counts a queue's messages without receiving them. The events of all uploads answered so far are included.
   * @throws the first error of `onUpload` since the last call
   */
  countMessages(queue: 'uploads' | 'dead-letters'): Promise<QueueCounts>;
  /** The number of a queue's messages, visible or not, those of all uploads answered so far included. @throws as above */
  totalMessages(queue: 'uploads' | 'dead-letters'): Promise<number>;
  /** Reads the dead letters that can be received now, without receiving them. */
  peekDeadLetters(): Promise<readonly PeekedMessage[]>;
  close(): Promise<void>;
}

const QUEUE = { uploads: 'relay-uploads', 'dead-letters': 'relay-dead-letters' } as const;
const RETENTION_SECONDS = String(14 * 86_400);

/**
 * Starts S3, SQS, DynamoDB and Secrets Manager at one endpoint, and creates in them what the relay's stack creates: bucket,
 * queues, ledger table and secret.
 * @throws EADDRINUSE if the port is in use
 */
export const startEmulators = async (options: EmulatorOptions): Promise<Emulators> => {
  const { region } = options;
  const notify = createNotifier(options);
  let uploaded: (object: UploadedObject) => Promise<void> = async () => {};
  const uploads = createUploadEvents((object) => uploaded(object));
  mkdirSync(options.folder, { recursive: true });

  const closers: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const closeOne of closers.splice(0).reverse()) await closeOne();
  };
  const sqs = await createSqs(region);
  closers.push(sqs.close);
  try {
    const secretsManager = createSecretsManager({
      secretId: options.secretId,
      value: options.secret,
      region,
      accessKeyId: options.secretAccessKeyId,
    });
    const s3 = createS3({
      folder: options.folder,
      region,
      onCreated: (bucket, { key, eTag, content }, eventName) =>
        uploads.add({ bucket, key, eventName, eTag, sizeBytes: content.sizeBytes }),
    });
    const { endpoint, close: closeEndpoint } = await startAwsEndpoint(
      { s3, sqs: sqs.handle, dynamodb: createDynamoDb(), secretsManager: secretsManager.handle },
      options.port,
    );
    closers.push(closeEndpoint);
    const endpoints: LocalEndpoints = { s3: endpoint, sqs: endpoint, dynamodb: endpoint, secretsManager: endpoint };
    const clients = createLocalClients(endpoints, region);
    closers.push(async () => destroyClients(clients));

    const queueUrl = `${endpoint}/000000000000/${QUEUE.uploads}`;
    const deadLetterQueueUrl = `${endpoint}/000000000000/${QUEUE['dead-letters']}`;
    const [, , deadLetters] = await Promise.all([
      clients.s3.send(new CreateBucketCommand({ Bucket: options.bucket })),
      createLedgerTable(clients.dynamodb, options.ledgerTable),
      clients.sqs.send(
        new CreateQueueCommand({
          QueueName: QUEUE['dead-letters'],
          Attributes: { MessageRetentionPeriod: RETENTION_SECONDS },
        }),
      ),
    ]);
    if (deadLetters.QueueUrl === undefined) throw new Error('the SQS emulator did not create the dead-letter queue');
    await clients.sqs.send(
      new CreateQueueCommand({
        QueueName: QUEUE.uploads,
        Attributes: {
          MessageRetentionPeriod: RETENTION_SECONDS,
          VisibilityTimeout: String(options.visibilityTimeoutSeconds),
          RedrivePolicy: JSON.stringify({
            deadLetterTargetArn: arn(region, QUEUE['dead-letters']),
            maxReceiveCount: options.maxReceiveCount,
          }),
        },
      }),
    );
    uploaded = async (object) => {
      if (object.bucket !== options.bucket) return;
      const eventBody = notify(object);
      try {
        options.onUpload?.(object, eventBody);
      } finally {
        await clients.sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: eventBody }));
      }
    };

    return {
      endpoints,
      clients,
      queueUrl,
      queueArn: arn(region, QUEUE.uploads),
      deadLetterQueueUrl,
      secretsManager,
      async countMessages(queue) {
        await uploads.flush();
        return sqs.count(QUEUE[queue]);
      },
      async totalMessages(queue) {
        await uploads.flush();
        return sqs.total(QUEUE[queue]);
      },
      peekDeadLetters: () => sqs.peek(QUEUE['dead-letters']),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};

const arn = (region: string, queue: string): string => `arn:aws:sqs:${region}:000000000000:${queue}`;
