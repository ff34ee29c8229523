import { Stack } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { NotificationFilter } from './notification-filters.ts';

/** An EventBridge pattern has at most 2,048 characters; the buckets and the field names need some of them. */
const MAX_KEYS_LENGTH = 1_400;
/** EventBridge rejects patterns with too many wildcards below one prefix as too complex. Its limit is not documented. */
const MAX_WILDCARDS = 3;

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

/**
 * The filters as EventBridge patterns, which match unencoded keys; empty to match any key. If the patterns are too
 * long or too complex for a rule, wider ones are used, and the function ignores objects without a matching route.
 */
export const eventKeyPatterns = (filters: readonly NotificationFilter[]): Record<string, string>[] => {
  if (filters.some(({ prefix, suffix }) => prefix + suffix === '')) return [];
  const exact = filters.map(patternOf);
  const isComplex = exact.filter((pattern) => 'wildcard' in pattern).length > MAX_WILDCARDS;
  const narrow = isComplex
    ? exact.map((pattern, i) => ('wildcard' in pattern ? prefixOf(filters[i]) : pattern))
    : exact;
  if (fits(distinct(narrow))) return distinct(narrow);
  if (filters.some(({ prefix }) => prefix === '')) return [];
  const wide = distinct(filters.map(prefixOf));
  return fits(wide) ? wide : [];
};

const prefixOf = (filter: NotificationFilter | undefined): Record<string, string> => ({ prefix: filter?.prefix ?? '' });

const distinct = (patterns: readonly Record<string, string>[]): Record<string, string>[] => [
  ...new Map(patterns.map((pattern) => [JSON.stringify(pattern), pattern])).values(),
];

const fits = (patterns: unknown): boolean => JSON.stringify(patterns).length <= MAX_KEYS_LENGTH;

const patternOf = ({ prefix, suffix }: NotificationFilter): Record<string, string> => {
  if (suffix === '') return { prefix };
  if (prefix === '') return { suffix };
  // "a.b" has the prefix "a." and the suffix ".b" but does not match "a.*.b".
  if ([...suffix].some((_, i) => prefix.endsWith(suffix.slice(0, i + 1)))) return { prefix };
  // '*' and '\' are special in wildcard patterns only; a route contains no '*'.
  return { wildcard: `${prefix}*${suffix}`.replaceAll('\\', '\\\\') };
};
