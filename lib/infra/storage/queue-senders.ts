import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Queue } from 'aws-cdk-lib/aws-sqs';

/**
 * Allows S3, for these buckets, and EventBridge, for this rule, to send to the queue, and EventBridge to send what it
 * cannot deliver to the dead-letter queue.
 *
 * Both are allowed with and without `eventBridge`. A deployment that changes it writes the policies first and removes the
 * old rule or notification last; without its permission, events of the time between would be lost.
 */
export const allowSenders = (
  { queue, deadLetterQueue }: { queue: Queue; deadLetterQueue: Queue },
  { buckets, ruleArn }: { buckets: readonly IBucket[]; ruleArn: string },
): void => {
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
  for (const target of [queue, deadLetterQueue]) {
    target.addToResourcePolicy(
      new PolicyStatement({
        sid: 'UploadsRuleOnly',
        principals: [new ServicePrincipal('events.amazonaws.com')],
        actions: ['sqs:SendMessage'],
        resources: [target.queueArn],
        conditions: {
          // EventBridge sends no source ARN to queues with a customer managed key (aws/aws-cdk, aws-events-targets).
          ...(target.encryptionMasterKey === undefined && { ArnEquals: { 'aws:SourceArn': ruleArn } }),
          StringEquals: { 'aws:SourceAccount': Stack.of(queue).account },
        },
      }),
    );
  }
};

const oneOrAll = <T>(values: readonly T[]): T | readonly T[] => (values.length === 1 ? (values[0] as T) : values);
