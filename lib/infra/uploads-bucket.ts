import { Duration, type RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
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
import { encodeFilterValue, type NotificationFilter } from './notification-filters.ts';

export const createUploadsBucket = (scope: Construct, { removalPolicy }: { removalPolicy: RemovalPolicy }): IBucket => {
  const bucket = new Bucket(scope, 'Uploads', {
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    encryption: BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    minimumTLSVersion: 1.2,
    // The parts of an upload that broke off cost money and show up in no listing.
    lifecycleRules: [{ abortIncompleteMultipartUploadAfter: Duration.days(7) }],
    removalPolicy,
  });
  Validations.of(bucket).acknowledge({
    id: 'AwsSolutions-S1',
    reason:
      'Server access logs need a second bucket, to be kept and paid for. The relay logs every object it reads; ' +
      'whoever must record all access passes a bucket of their own, with its logging set up.',
  });
  // CDK's classes fit their own interfaces only without exactOptionalPropertyTypes.
  return bucket as IBucket;
};

/** Has the bucket report new objects to the queue, and nobody else send to it. */
export const notifyOfUploads = (
  bucket: IBucket,
  { queue, filters }: { queue: Queue; filters: readonly NotificationFilter[] },
): void => {
  queue.addToResourcePolicy(
    new PolicyStatement({
      sid: 'UploadsBucketOnly',
      principals: [new ServicePrincipal('s3.amazonaws.com')],
      actions: ['sqs:SendMessage'],
      resources: [queue.queueArn],
      // The account too: bucket names can be taken over after a deletion, and a bucket's ARN does not say whose it is.
      conditions: {
        ArnEquals: { 'aws:SourceArn': bucket.bucketArn },
        StringEquals: { 'aws:SourceAccount': Stack.of(queue).account },
      },
    }),
  );
  // CDK's own SqsDestination would add a second statement, without the account.
  const destination = {
    bind: () => ({ arn: queue.queueArn, type: BucketNotificationDestinationType.QUEUE, dependencies: [queue] }),
  };
  for (const { prefix, suffix } of filters) {
    const rule = {
      ...(prefix !== '' && { prefix: encodeFilterValue(prefix) }),
      ...(suffix !== '' && { suffix: encodeFilterValue(suffix) }),
    };
    bucket.addEventNotification(EventType.OBJECT_CREATED, destination, ...(prefix + suffix === '' ? [] : [rule]));
  }
};
