import { Duration, Names, Stack } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Queue, QueueEncryption, type QueueProps, RedrivePermission } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';

/**
 * SQS's maximum. Only crashes shall use it up: each wait for a rate limit or a passing fault receives the message once
 * more, and the function itself sends to the dead-letter queue what it gives up.
 */
const MAX_RECEIVE_COUNT = 1000;

/** The queue of uploads and the queue of those that were given up. */
export const createQueues = (
  scope: Construct,
  {
    functionTimeout,
    retention,
    encryptionKey,
  }: { functionTimeout: Duration; retention: Duration; encryptionKey?: IKey | undefined },
): { queue: Queue; deadLetterQueue: Queue } => {
  // Named, because the dead-letter queue must name the one queue that may use it, and that one refers to it already.
  const queueName = `${Names.uniqueResourceName(scope, { maxLength: 72, separator: '-' })}-uploads`;
  const protection = encryptedBy(encryptionKey);
  const deadLetterQueue = new Queue(scope, 'DeadLetterQueue', {
    ...protection,
    retentionPeriod: Duration.days(14),
    redriveAllowPolicy: {
      redrivePermission: RedrivePermission.BY_QUEUE,
      sourceQueues: [
        Queue.fromQueueArn(scope, 'QueueByName', Stack.of(scope).formatArn({ service: 'sqs', resource: queueName })),
      ],
    },
  });
  const queue = new Queue(scope, 'Queue', {
    ...protection,
    queueName,
    retentionPeriod: retention,
    // AWS advises six times the function's time-out, against a second delivery while throttled invocations are retried.
    // Here the ledger makes such an overlap harmless, and a message whose function crashed is back the sooner.
    visibilityTimeout: functionTimeout.plus(Duration.minutes(1)),
    deadLetterQueue: { queue: deadLetterQueue, maxReceiveCount: MAX_RECEIVE_COUNT },
  });
  return { queue, deadLetterQueue };
};

const encryptedBy = (encryptionKey: IKey | undefined): QueueProps =>
  encryptionKey === undefined
    ? { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true }
    : {
        encryption: QueueEncryption.KMS,
        encryptionMasterKey: encryptionKey,
        // An hour with one data key: twelve times fewer calls of KMS than with the default of five minutes.
        dataKeyReuse: Duration.hours(1),
        enforceSSL: true,
      };
