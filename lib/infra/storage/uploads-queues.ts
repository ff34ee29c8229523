import { Duration, Names, Stack } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Queue, QueueEncryption, type QueueProps, RedrivePermission } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';

/**
 * SQS's maximum, because each wait for a rate limit or a transient failure receives the message once more. The function
 * itself sends messages to the dead-letter queue; this count only matters for messages that crash the function.
 */
const MAX_RECEIVE_COUNT = 1000;

/** The uploads queue and its dead-letter queue. */
export const createQueues = (
  scope: Construct,
  {
    functionTimeout,
    retention,
    encryptionKey,
  }: { functionTimeout: Duration; retention: Duration; encryptionKey?: IKey | undefined },
): { queue: Queue; deadLetterQueue: Queue } => {
  // A fixed name avoids a circular reference: each of the two queues refers to the other.
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
    // AWS recommends six times the function's timeout, so that a message is not received twice while Lambda retries
    // throttled invocations. The ledger handles that case, and a shorter timeout retries sooner after a crash.
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
        // Reusing a data key for an hour makes a twelfth of the KMS calls of the default, five minutes.
        dataKeyReuse: Duration.hours(1),
        enforceSSL: true,
      };
