import { Duration, Names, Stack } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Queue, QueueEncryption, type QueueProps, RedrivePermission } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { configurationError } from '../config/configuration-error.ts';

/** SQS's maximum. */
const DEAD_LETTER_RETENTION = Duration.days(14);
/** The time that an operator has for a dead letter that SQS itself moved: SQS keeps the time at which it was enqueued. */
const LEAST_DEAD_LETTER_TIME = Duration.days(3);
/** SQS must move a message that crashes the function this long before it deletes the message. */
const MOVED_BEFORE_EXPIRY = Duration.hours(6);

export interface QueueTimes {
  readonly functionTimeout: Duration;
  readonly queueRetentionDays: number;
  readonly retryForHours: number;
}

/** The uploads queue and its dead-letter queue. @throws ConfigurationError if the retries exceed the retention */
export const createQueues = (
  scope: Construct,
  { encryptionKey, ...times }: QueueTimes & { encryptionKey?: IKey | undefined },
): { queue: Queue; deadLetterQueue: Queue } => {
  refuseLongRetries(times);
  // A fixed name avoids a circular reference: each of the two queues refers to the other.
  const queueName = `${Names.uniqueResourceName(scope, { maxLength: 72, separator: '-' })}-uploads`;
  const protection = encryptedBy(encryptionKey);
  const deadLetterQueue = new Queue(scope, 'DeadLetterQueue', {
    ...protection,
    retentionPeriod: DEAD_LETTER_RETENTION,
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
    retentionPeriod: Duration.days(times.queueRetentionDays),
    visibilityTimeout: visibilityTimeout(times),
    deadLetterQueue: { queue: deadLetterQueue, maxReceiveCount: maxReceiveCount(times) },
  });
  return { queue, deadLetterQueue };
};

/**
 * AWS recommends six times the function's timeout, so that a message is not received twice while Lambda retries
 * throttled invocations. The ledger handles that case, and a shorter timeout retries sooner after a crash.
 */
const visibilityTimeout = ({ functionTimeout }: Pick<QueueTimes, 'functionTimeout'>): Duration =>
  functionTimeout.plus(Duration.minutes(1));

/**
 * The number of receives after which SQS itself moves a message to the dead-letter queue. This matters only for messages
 * whose invocations never end by themselves, because the function sends all others to the dead-letter queue. Such a
 * message is received once per visibility timeout, and SQS must move it before the message expires, and early enough that
 * the dead letter, which keeps the age of the message, stays for `LEAST_DEAD_LETTER_TIME`.
 */
export const maxReceiveCount = (times: Pick<QueueTimes, 'functionTimeout' | 'queueRetentionDays'>): number => {
  const latestSeconds = Math.min(
    Duration.days(times.queueRetentionDays).minus(MOVED_BEFORE_EXPIRY).toSeconds(),
    DEAD_LETTER_RETENTION.minus(LEAST_DEAD_LETTER_TIME).toSeconds(),
  );
  return Math.floor(latestSeconds / visibilityTimeout(times).toSeconds());
};

/** Receives of a retry for one hour: two on average, because the longest backoff is one hour, and a quarter more. */
const RECEIVES_AN_HOUR = 2.5;
/** Receives before the backoff reaches its longest delay, and receives that are not retries, such as waits for a lease. */
const OTHER_RECEIVES = 20;

/** The longest `retryForHours` for which neither the queue's retention nor its receives end first. */
export const longestRetryHours = (times: Pick<QueueTimes, 'functionTimeout' | 'queueRetentionDays'>): number =>
  Math.floor(
    Math.min(
      Duration.days(times.queueRetentionDays).minus(MOVED_BEFORE_EXPIRY).toHours(),
      (maxReceiveCount(times) - OTHER_RECEIVES) / RECEIVES_AN_HOUR,
    ),
  );

const refuseLongRetries = (times: QueueTimes): void => {
  const longest = longestRetryHours(times);
  if (times.retryForHours <= longest) return;
  throw configurationError('RocketChatRelay', [
    {
      place: 'RocketChatRelay.retryForHours',
      value: String(times.retryForHours),
      allowed:
        `must be at most ${longest} hours with queueRetentionDays ${times.queueRetentionDays}: SQS would delete the message ` +
        'or move it to the dead-letter queue before the retries end. Set a longer queueRetentionDays or a shorter retryForHours',
    },
  ]);
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
