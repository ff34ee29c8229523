import { Stack } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { NotificationFilter } from './notification-filters.ts';

/** EventBridge's limit of a rule's pattern is 2,048 characters; buckets and names need some of them. */
const MAX_KEYS_LENGTH = 1_400;

/** Has EventBridge pass the buckets' new objects on to the queue. */
export const passOnUploads = (
  scope: Construct,
  buckets: readonly IBucket[],
  { queue, deadLetterQueue, filters }: { queue: Queue; deadLetterQueue: Queue; filters: readonly NotificationFilter[] },
): void => {
  const keys = keyPatterns(filters);
  const rule = new Rule(scope, 'UploadsRule', {
    description: 'New objects for the relay into Rocket.Chat',
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
      // What can't be delivered in 24 hours, EventBridge's longest, is a dead letter like any other: its body is the event.
      deadLetterConfig: { arn: deadLetterQueue.queueArn },
      targetResource: queue,
    }),
  });
  for (const target of [queue, deadLetterQueue]) {
    target.addToResourcePolicy(
      new PolicyStatement({
        sid: 'UploadsRuleOnly',
        principals: [new ServicePrincipal('events.amazonaws.com')],
        actions: ['sqs:SendMessage'],
        resources: [target.queueArn],
        conditions: {
          // EventBridge names no rule where it sends to a queue with a key of one's own (aws/aws-cdk, aws-events-targets).
          ...(target.encryptionMasterKey === undefined && { ArnEquals: { 'aws:SourceArn': rule.ruleArn } }),
          StringEquals: { 'aws:SourceAccount': Stack.of(queue).account },
        },
      }),
    );
  }
};

/**
 * The filters as EventBridge matches keys, which it has undecorated; empty for any key. Where they would be too long for
 * a rule, it lets more through, and the function ignores what fits no route.
 */
export const keyPatterns = (filters: readonly NotificationFilter[]): Record<string, string>[] => {
  if (filters.some(({ prefix, suffix }) => prefix + suffix === '')) return [];
  const exact = filters.map(patternOf);
  if (fits(exact)) return exact;
  if (filters.some(({ prefix }) => prefix === '')) return [];
  const prefixes = [...new Set(filters.map(({ prefix }) => prefix))].map((prefix) => ({ prefix }));
  return fits(prefixes) ? prefixes : [];
};

const fits = (patterns: unknown): boolean => JSON.stringify(patterns).length <= MAX_KEYS_LENGTH;

const patternOf = ({ prefix, suffix }: NotificationFilter): Record<string, string> => {
  if (suffix === '') return { prefix };
  if (prefix === '') return { suffix };
  // "a.b" has the prefix "a." and the suffix ".b", but does not fit "a.*.b".
  if ([...suffix].some((_, i) => prefix.endsWith(suffix.slice(0, i + 1)))) return { prefix };
  // Only in a wildcard are '*' and '\' special; a route has no '*'.
  return { wildcard: `${prefix}*${suffix}`.replaceAll('\\', '\\\\') };
};
