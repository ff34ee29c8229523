import { Stack } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { eventKeyPatterns } from './event-patterns.ts';
import type { NotificationFilter } from './notification-filters.ts';

/** Creates an EventBridge rule that sends the buckets' new objects to the queue. */
export const forwardUploads = (
  scope: Construct,
  buckets: readonly IBucket[],
  {
    ruleName,
    queue,
    deadLetterQueue,
    filters,
  }: { ruleName: string; queue: Queue; deadLetterQueue: Queue; filters: readonly NotificationFilter[] },
): void => {
  const keys = eventKeyPatterns(filters);
  const rule = new Rule(scope, 'UploadsRule', {
    ruleName,
    description: 'Sends new S3 objects to the queue of the Rocket.Chat relay',
    eventPattern: {
      source: ['aws.s3'],
      detailType: ['Object Created'],
      detail: {
        bucket: { name: buckets.map(({ bucketName }) => bucketName) },
        ...(keys.length > 0 && { object: { key: keys } }),
      },
    },
  });
  rule.addTarget({
    bind: () => ({
      id: '',
      arn: queue.queueArn,
      // EventBridge retries for 24 hours, its maximum. Then the event becomes a dead letter, with the event as its body.
      deadLetterConfig: { arn: deadLetterQueue.queueArn },
      targetResource: queue,
    }),
  });
  for (const bucket of buckets) {
    if (Stack.of(bucket) !== Stack.of(scope)) continue;
    // CDK's construct of the bucket's Custom::S3BucketNotifications. It may stop the notifications to the queue only after
    // the rule receives the events.
    bucket.node.tryFindChild('Notifications')?.node.addDependency(rule);
  }
};
