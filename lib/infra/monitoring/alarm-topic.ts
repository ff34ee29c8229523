import { Stack, Token } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';
import { checkConfiguration } from '../config/check-configuration.ts';
import { alarmEmailSchema } from '../config/context-values.ts';

/** A topic to which the CloudWatch alarms of this account may publish, over TLS only. */
export const createAlarmTopic = (
  scope: Construct,
  { email, encryptionKey }: { email?: string | undefined; encryptionKey?: IKey | undefined },
): ITopic => {
  const topic = new Topic(scope, 'AlarmTopic', {
    displayName: 'S3 to Rocket.Chat relay',
    // Alarms cannot use the AWS managed key of SNS: its policy does not allow CloudWatch and cannot be changed.
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
