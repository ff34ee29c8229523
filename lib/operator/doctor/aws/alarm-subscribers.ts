import { paginateListSubscriptionsByTopic, type Subscription } from '@aws-sdk/client-sns';
import { awsCodeOf } from '../../../../lambdas/relay/adapters/aws-error.ts';
import { commandLine } from '../../shell.ts';
import { type Check, found, ok } from '../check.ts';
import { stackOf } from '../world.ts';

export const alarmSubscribers: Check = {
  name: 'alarm-subscribers',
  group: 'aws',
  needs: 'stack',
  about: "somebody is subscribed to the alarms' topic",
  async run(world) {
    const { clients, stack, region } = stackOf(world);
    const topicArn = stack.alarmTopicArn;
    const why = 'Nobody learns that files wait or become dead letters.';
    const subscribe = commandLine(
      ...['aws', 'sns', 'subscribe', '--region', region, '--topic-arn', topicArn],
      ...['--protocol', 'email', '--notification-endpoint', 'you@example.com'],
    );
    const all: Subscription[] = [];
    try {
      for await (const page of paginateListSubscriptionsByTopic({ client: clients.sns }, { TopicArn: topicArn })) {
        all.push(...(page.Subscriptions ?? []));
      }
    } catch (error) {
      if (!/NotFound/.test(awsCodeOf(error))) throw error;
      const what = `The topic ${topicArn} does not exist.`;
      return found('the topic was deleted', {
        level: 'problem',
        what,
        why,
        mend: 'set relay.alarmTopicArn in cdk.json to an existing topic, and run npx cdk deploy',
      });
    }
    if (all.length === 0) {
      const what = `Nobody is subscribed to ${topicArn}.`;
      return found('nobody is', { level: 'problem', what, why, mend: subscribe });
    }
    const confirmed = all.filter(({ SubscriptionArn }) => SubscriptionArn?.startsWith('arn:'));
    if (confirmed.length > 0) return ok(confirmed.length === 1 ? '1' : String(confirmed.length));
    return found('none is confirmed', {
      level: 'problem',
      what: `No subscription of ${topicArn} is confirmed: ${all.map(({ Endpoint }) => Endpoint).join(', ')}.`,
      why,
      mend: `open the link in the mail of AWS Notifications; to send it again: ${subscribe}`,
    });
  },
};
