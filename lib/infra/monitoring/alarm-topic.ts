import { Stack, Token } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';
import * as v from 'valibot';
import { checkConfiguration } from '../config/check-configuration.ts';

/** One address. SNS sends it a mail to confirm before anything else. */
export const alarmEmailSchema = v.pipe(
  v.string('must be an e-mail address'),
  v.regex(/^[^\s@]+@[^\s@]+\.[^\s@]+$/, 'must be an e-mail address'),
);

/** A topic that CloudWatch's alarms of this account may publish to, by TLS. */
export const createAlarmTopic = (
  scope: Construct,
  { email, encryptionKey }: { email?: string | undefined; encryptionKey?: IKey | undefined },
): ITopic => {
  const topic = new Topic(scope, 'AlarmTopic', {
    displayName: 'Relay into Rocket.Chat',
    // SNS's own key can't be used by alarms: its policy does not let CloudWatch in, and can't be changed.
    ...(encryptionKey !== undefined && { masterKey: encryptionKey }),
    enforceSSL: true,
  });
  const { account, region, partition } = Stack.of(scope);
  topic.addToResourcePolicy(
    new PolicyStatement({
      sid: 'AlarmsOfThisAccount',
      principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
      actions: ['sns:Publish'],
      resources: [topic.topicArn],
      conditions: {
        StringEquals: { 'aws:SourceAccount': account },
        ArnLike: { 'aws:SourceArn': `arn:${partition}:cloudwatch:${region}:${account}:alarm:*` },
      },
    }),
  );
  if (email !== undefined) {
    const address = Token.isUnresolved(email)
      ? email
      : checkConfiguration(alarmEmailSchema, email, { root: 'RocketChatRelay.alarmEmail' });
    topic.addSubscription(new EmailSubscription(address));
  }
  return topic as ITopic;
};
