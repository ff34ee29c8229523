import { Duration, type RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  BucketNotificationDestinationType,
  CfnBucket,
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
    removalPolicy,
  });
  // CDK's own property `eventBridgeEnabled` would add a Lambda function and a role for this one setting.
  if (eventBridge && bucket.node.defaultChild instanceof CfnBucket) {
    bucket.node.defaultChild.notificationConfiguration = { eventBridgeConfiguration: { eventBridgeEnabled: true } };
  }
  Validations.of(bucket).acknowledge({
    id: 'AwsSolutions-S1',
    reason:
      'Server access logs need a second bucket, which costs money. The relay logs every object that it reads. If all ' +
      'access must be recorded, pass an existing bucket with access logs turned on.',
  });
  // With exactOptionalPropertyTypes, CDK's classes are not assignable to their own interfaces.
  return bucket as IBucket;
};

/** Configures the buckets to notify the queue of new objects, and allows no other sender. */
export const notifyOfUploads = (
  buckets: readonly IBucket[],
  { queue, filters }: { queue: Queue; filters: readonly NotificationFilter[] },
): void => {
  refuseForeignStacks(buckets, queue);
  queue.addToResourcePolicy(
    new PolicyStatement({
      sid: 'UploadsBucketOnly',
      principals: [new ServicePrincipal('s3.amazonaws.com')],
      actions: ['sqs:SendMessage'],
      resources: [queue.queueArn],
      // Also the account: another account can reuse a deleted bucket's name, and a bucket's ARN contains no account.
      conditions: {
        ArnEquals: { 'aws:SourceArn': oneOrAll(buckets.map(({ bucketArn }) => bucketArn)) },
        StringEquals: { 'aws:SourceAccount': Stack.of(queue).account },
      },
    }),
  );
  // CDK's own SqsDestination would add a second statement that does not check the account.
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

const oneOrAll = <T>(values: readonly T[]): T | readonly T[] => (values.length === 1 ? (values[0] as T) : values);
