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
    // The parts of an upload that broke off cost money and show up in no listing.
    lifecycleRules: [{ abortIncompleteMultipartUploadAfter: Duration.days(7) }],
    removalPolicy,
  });
  // Not by CDK's own switch, which would bring along a function and a role of CDK's for this one line.
  if (eventBridge && bucket.node.defaultChild instanceof CfnBucket) {
    bucket.node.defaultChild.notificationConfiguration = { eventBridgeConfiguration: { eventBridgeEnabled: true } };
  }
  Validations.of(bucket).acknowledge({
    id: 'AwsSolutions-S1',
    reason:
      'Server access logs need a second bucket, to be kept and paid for. The relay logs every object it reads; ' +
      'whoever must record all access passes a bucket of their own, with its logging set up.',
  });
  // CDK's classes fit their own interfaces only without exactOptionalPropertyTypes.
  return bucket as IBucket;
};

/** Has the buckets report new objects to the queue, and nobody else send to it. */
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
      // The account too: bucket names can be taken over after a deletion, and a bucket's ARN does not say whose it is.
      conditions: {
        ArnEquals: { 'aws:SourceArn': oneOrAll(buckets.map(({ bucketArn }) => bucketArn)) },
        StringEquals: { 'aws:SourceAccount': Stack.of(queue).account },
      },
    }),
  );
  // CDK's own SqsDestination would add a second statement, without the account.
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

/** A bucket's notifications stand in its own stack: that one would need our queue, and we need its bucket. */
const refuseForeignStacks = (buckets: readonly IBucket[], queue: Queue): void => {
  const foreign = buckets.filter((bucket) => Stack.of(bucket) !== Stack.of(queue));
  if (foreign.length === 0) return;
  throw configurationError(
    'RocketChatRelay',
    foreign.map((bucket) => ({
      place: 'buckets',
      value: bucket.node.path,
      allowed:
        'is a bucket of another stack, and the two stacks would depend on each other: set eventBridge to true here ' +
        'and eventBridgeEnabled on the bucket, or import it with Bucket.fromBucketName',
    })),
  );
};

export const oneOrAll = <T>(values: readonly T[]): T | readonly T[] =>
  values.length === 1 ? (values[0] as T) : values;
