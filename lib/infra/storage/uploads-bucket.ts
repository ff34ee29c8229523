import { Duration, type RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  BucketNotificationDestinationType,
  EventType,
  type IBucket,
} from 'aws-cdk-lib/aws-s3';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { configurationError } from '../config/configuration-error.ts';
import { encodeFilterValue, type NotificationFilter } from './notification-filters.ts';

export interface UploadsBucketProps {
  readonly removalPolicy: RemovalPolicy;
  readonly versioned: boolean;
  /** The bucket sends its events to EventBridge, in addition to a queue that it notifies. */
  readonly eventBridge: boolean;
  readonly encryptionKey?: IKey | undefined;
}

export const createUploadsBucket = (
  scope: Construct,
  { removalPolicy, versioned, eventBridge, encryptionKey }: UploadsBucketProps,
): IBucket => {
  const bucket = new Bucket(scope, 'Uploads', {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    ...(encryptionKey === undefined
      ? { encryption: BucketEncryption.S3_MANAGED }
      : { encryption: BucketEncryption.KMS, encryptionKey, bucketKeyEnabled: true }),
    enforceSSL: true,
    minimumTLSVersion: 1.2,
    ...(versioned && { versioned }),
    // The parts of an unfinished multipart upload are charged and appear in no object listing.
    lifecycleRules: [{ abortIncompleteMultipartUploadAfter: Duration.days(7) }],
    // The same resource, Custom::S3BucketNotifications, turns on EventBridge or notifies the queue, so a change between
    // the two updates it. If one of the two were a property of the bucket, the other's resource would be removed last and
    // would then write an empty configuration.
    ...(eventBridge && { eventBridgeEnabled: true }),
    removalPolicy,
  });
  Validations.of(bucket).acknowledge({
    id: 'AwsSolutions-S1',
    reason:
      'Server access logs need a second bucket, which costs money. The relay logs every object that it reads. If all ' +
      'access must be recorded, pass an existing bucket with access logs turned on.',
  });
  // With exactOptionalPropertyTypes, CDK's classes are not assignable to their own interfaces.
  return bucket as IBucket;
};

/** Configures the buckets to notify the queue of new objects. */
export const notifyOfUploads = (
  buckets: readonly IBucket[],
  { queue, filters }: { queue: Queue; filters: readonly NotificationFilter[] },
): void => {
  refuseForeignStacks(buckets, queue);
  // CDK's own SqsDestination would add a statement to the queue's policy that does not check the account.
  const destination = {
    bind: () => ({ arn: queue.queueArn, type: BucketNotificationDestinationType.QUEUE, dependencies: [queue] }),
  };
  for (const bucket of buckets) {
    for (const { prefix, suffix } of filters) {
      const rule = {
        ...(prefix !== '' && { prefix: encodeFilterValue(prefix) }),
        ...(suffix !== '' && { suffix: encodeFilterValue(suffix) }),
      };
      bucket.addEventNotification(EventType.OBJECT_CREATED, destination, ...(prefix + suffix === '' ? [] : [rule]));
    }
  }
};

/** A bucket's notifications belong to the bucket's stack, which would then depend on the queue's stack and vice versa. */
const refuseForeignStacks = (buckets: readonly IBucket[], queue: Queue): void => {
  const foreign = buckets.filter((bucket) => Stack.of(bucket) !== Stack.of(queue));
  if (foreign.length === 0) return;
  throw configurationError(
    'RocketChatRelay',
    foreign.map((bucket) => ({
      place: 'buckets',
      value: bucket.node.path,
      allowed:
        'is a bucket of another stack, so the two stacks would depend on each other: set eventBridge to true on the relay ' +
        'and eventBridgeEnabled to true on the bucket, or import the bucket with Bucket.fromBucketName',
    })),
  );
};
