import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { CreateQueueCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { createNotifier, type UploadedObject, watchUploads } from './bucket-notifications.ts';
import { createLocalClients, destroyClients, type LocalClients, type LocalEndpoints } from './clients.ts';
import { createLedgerTable, startDynamoDb } from './dynamodb.ts';
import { addObjectTags } from './object-tags.ts';
import { createS3AndSqs, listenS3AndSqs } from './s3-sqs.ts';
import { type SecretsManager, startSecretsManager } from './secrets-manager.ts';

export interface EmulatorOptions {
  readonly region: string;
  /** The port of S3 and SQS. @default a free port */
  readonly port?: number | undefined;
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

export interface QueueCounts {
  readonly ready: number;
  readonly inFlight: number;
  readonly delayed: number;
}

export interface Emulators {
  readonly endpoints: LocalEndpoints;
  readonly clients: LocalClients;
  readonly queueUrl: string;
  readonly queueArn: string;
  readonly deadLetterQueueUrl: string;
  readonly secretsManager: SecretsManager;
  /**
   * Counts a queue's messages without receiving them. The events of all uploads answered so far are included.
   * @throws the first error of `onUpload` since the last call
   */
  countMessages(queue: 'uploads' | 'dead-letters'): Promise<QueueCounts>;
  /** Reads the dead letters that can be received now, without receiving them. */
  peekDeadLetters(): Promise<readonly PeekedMessage[]>;
  close(): Promise<void>;
}

export interface PeekedMessage {
  readonly messageId: string;
  readonly body: string;
  readonly messageAttributes: Readonly<Record<string, { readonly StringValue?: string }>>;
}

const QUEUE = { uploads: 'relay-uploads', 'dead-letters': 'relay-dead-letters' } as const;
const RETENTION_SECONDS = String(14 * 86_400);

/**
 * Starts S3, SQS, DynamoDB and Secrets Manager on the loopback interface, and creates what the relay's stack creates in
 * them: bucket, queues, ledger table and secret.
 * @throws EADDRINUSE if the port is in use
 */
export const startEmulators = async (options: EmulatorOptions): Promise<Emulators> => {
  const { region } = options;
  const app = createS3AndSqs(region);
  addObjectTags(app);
  const notify = createNotifier(options);
  let uploaded: (object: UploadedObject) => Promise<void> = async () => {};
  const uploads = watchUploads(app, (object) => uploaded(object));

  const closers: (() => Promise<unknown>)[] = [() => app.close()];
  const close = async () => {
    for (const closeOne of closers.splice(0).reverse()) await closeOne();
  };
  try {
    const s3AndSqs = await listenS3AndSqs(app, options.port);
    const dynamodb = await startDynamoDb();
    closers.push(dynamodb.close);
    const secretsManager = await startSecretsManager({
      secretId: options.secretId,
      value: options.secret,
      region,
      accessKeyId: options.secretAccessKeyId,
    });
    closers.push(secretsManager.close);
    const endpoints: LocalEndpoints = {
      s3: s3AndSqs,
      sqs: s3AndSqs,
      dynamodb: dynamodb.endpoint,
      secretsManager: secretsManager.endpoint,
    };
    const clients = createLocalClients(endpoints, region);
    closers.push(async () => destroyClients(clients));

    // The emulator's own queue URLs have host names such as sqs.us-east-1.localhost, which some machines do not resolve.
    const queueUrl = `${s3AndSqs}/000000000000/${QUEUE.uploads}`;
    const deadLetterQueueUrl = `${s3AndSqs}/000000000000/${QUEUE['dead-letters']}`;
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

    const inspect = async (name: string): Promise<Inspection> =>
      JSON.parse((await app.inject({ method: 'GET', url: `/_fauxqs/queues/${name}` })).body) as Inspection;
    return {
      endpoints,
      clients,
      queueUrl,
      queueArn: arn(region, QUEUE.uploads),
      deadLetterQueueUrl,
      secretsManager,
      async countMessages(queue) {
        await uploads.flush();
        const { ready, inflight, delayed } = (await inspect(QUEUE[queue])).messages;
        return { ready: ready.length, inFlight: inflight.length, delayed: delayed.length };
      },
      peekDeadLetters: async () => (await inspect(QUEUE['dead-letters'])).messages.ready,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};

/** The answer of fauxqs to `GET /_fauxqs/queues/NAME`, which shows messages without receiving them. */
interface Inspection {
  readonly messages: {
    readonly ready: readonly PeekedMessage[];
    readonly inflight: readonly unknown[];
    readonly delayed: readonly unknown[];
  };
}

const arn = (region: string, queue: string): string => `arn:aws:sqs:${region}:000000000000:${queue}`;
