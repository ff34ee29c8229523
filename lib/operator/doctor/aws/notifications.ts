import { DescribeRuleCommand, ListRuleNamesByTargetCommand } from '@aws-sdk/client-eventbridge';
import {
  GetBucketNotificationConfigurationCommand,
  type GetBucketNotificationConfigurationCommandOutput,
  type QueueConfiguration,
} from '@aws-sdk/client-s3';
import { encodeFilterValue, notificationFilters } from '../../../infra/storage/notification-filters.ts';
import { commandLine } from '../../shell.ts';
import { type Check, type Finding, found, ok } from '../check.ts';
import { stackOf, type World } from '../world.ts';
import { queueOf } from './queue.ts';

const WHY = 'The relay does not learn of new objects. They are not lost, but nobody posts them.';

/** A bucket has one notification configuration, and any tool that writes it replaces what others have written. */
export const notifications: Check = {
  name: 'notifications',
  group: 'aws',
  needs: 'stack',
  about:
    "the buckets' events reach the queue: the notification or the EventBridge rule is in force and not overwritten",
  async run(world) {
    const { buckets } = stackOf(world);
    const { queueArn } = await queueOf(world);
    const rule = await ruleTo(world, queueArn);
    const findings: Finding[] = rule?.finding === undefined ? [] : [rule.finding];
    for (const bucket of buckets) {
      findings.push(
        ...(await (rule === undefined ? byNotification : byEventBridge)(world, bucket, queueArn, rule?.pattern)),
      );
    }
    const way = rule === undefined ? 'notification' : `EventBridge rule ${rule.name}`;
    return findings.length === 0 ? ok(`by ${way}`) : found(`events of uploads are missing (${way})`, ...findings);
  },
};

interface Rule {
  readonly name: string;
  readonly pattern: string;
  readonly finding: Finding | undefined;
}

const ruleTo = async (world: World, queueArn: string): Promise<Rule | undefined> => {
  const { clients, region } = stackOf(world);
  const { RuleNames: names = [] } = await clients.eventBridge.send(
    new ListRuleNamesByTargetCommand({ TargetArn: queueArn }),
  );
  const [name] = names;
  if (name === undefined) return undefined;
  const { State: state, EventPattern: pattern = '' } = await clients.eventBridge.send(
    new DescribeRuleCommand({ Name: name }),
  );
  const isOff = state === 'DISABLED';
  return {
    name,
    pattern,
    finding: isOff
      ? {
          level: 'problem',
          what: `The EventBridge rule ${name} is disabled.`,
          why: WHY,
          mend: commandLine('aws', 'events', 'enable-rule', '--name', name, '--region', region),
        }
      : undefined,
  };
};

const byEventBridge = async (world: World, bucket: string, _queueArn: string, pattern = ''): Promise<Finding[]> => {
  const current = await configurationOf(world, bucket);
  const findings: Finding[] = [];
  if (current.EventBridgeConfiguration === undefined) {
    findings.push({
      level: 'problem',
      what: `The bucket ${bucket} sends no events to EventBridge: another tool has replaced its notification configuration.`,
      why: WHY,
      mend: putConfiguration(world, bucket, { ...current, EventBridgeConfiguration: {} }),
    });
  }
  if (!pattern.includes(JSON.stringify(bucket))) {
    findings.push({
      level: 'problem',
      what: `The EventBridge rule does not name the bucket ${bucket}.`,
      why: WHY,
      mend: 'someone has changed the rule; delete it and deploy again: npx cdk deploy',
    });
  }
  return findings;
};

const byNotification = async (world: World, bucket: string, queueArn: string): Promise<Finding[]> => {
  const current = await configurationOf(world, bucket);
  const toQueue = (current.QueueConfigurations ?? []).filter(
    ({ QueueArn, Events }) => QueueArn === queueArn && Events?.includes('s3:ObjectCreated:*'),
  );
  const { routes } = world.settings;
  const missing = routes.flatMap((route, i) => (toQueue.some((entry) => covers(entry, route)) ? [] : [`routes[${i}]`]));
  if (missing.length === 0) return [];
  const others = (current.QueueConfigurations ?? []).filter(({ QueueArn }) => QueueArn !== queueArn);
  const own = notificationFilters(routes).map((filter) => configurationFor(queueArn, filter));
  return [
    {
      level: 'problem',
      what:
        toQueue.length === 0
          ? `The bucket ${bucket} does not notify the queue: another tool has replaced its notification configuration.`
          : `The bucket ${bucket} does not notify the queue of the objects of ${missing.join(', ')}.`,
      why: WHY,
      // `npx cdk deploy` does not notice that the configuration was replaced.
      mend: `${putConfiguration(world, bucket, { ...current, QueueConfigurations: [...others, ...own] })}; "eventBridge": true in cdk.json makes the relay independent of it`,
    },
  ];
};

const configurationOf = async (world: World, bucket: string) =>
  stackOf(world).clients.s3.send(new GetBucketNotificationConfigurationCommand({ Bucket: bucket }));

/** Whether every key of the route matches the configuration's filter, whose values are encoded. */
const covers = (
  { Filter }: QueueConfiguration,
  { prefix = '', suffix = '' }: { prefix?: string | undefined; suffix?: string | undefined },
) => {
  const ruleValue = (name: string) =>
    Filter?.Key?.FilterRules?.find((rule) => rule.Name?.toLowerCase() === name)?.Value ?? '';
  return (
    encodeFilterValue(prefix).startsWith(ruleValue('prefix')) && encodeFilterValue(suffix).endsWith(ruleValue('suffix'))
  );
};

const configurationFor = (
  queueArn: string,
  { prefix, suffix }: { prefix: string; suffix: string },
): QueueConfiguration => {
  const rules = [
    ...(prefix === '' ? [] : [{ Name: 'prefix' as const, Value: encodeFilterValue(prefix) }]),
    ...(suffix === '' ? [] : [{ Name: 'suffix' as const, Value: encodeFilterValue(suffix) }]),
  ];
  return {
    QueueArn: queueArn,
    Events: ['s3:ObjectCreated:*'],
    ...(rules.length > 0 && { Filter: { Key: { FilterRules: rules } } }),
  };
};

/** The command that writes the bucket's configuration, with everything that is in it now. */
const putConfiguration = (
  world: World,
  bucket: string,
  { $metadata: _, ...configuration }: GetBucketNotificationConfigurationCommandOutput,
): string =>
  commandLine(
    ...['aws', 's3api', 'put-bucket-notification-configuration', '--bucket', bucket, '--region', stackOf(world).region],
    ...['--notification-configuration', JSON.stringify(configuration)],
  );
