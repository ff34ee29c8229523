import { readFileSync } from 'node:fs';
import { Annotations, Stack, type StackProps, Validations } from 'aws-cdk-lib';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import type { RelayContext } from './config/context.ts';
import { networkOf } from './config/context-network.ts';
import { isPlaceholder } from './config/rocket-chat-url.ts';
import { addOutputs } from './outputs.ts';
import type { RocketChatRelayProps } from './relay-props.ts';
import { RocketChatRelay } from './rocket-chat-relay.ts';

export interface RelayStackProps extends StackProps {
  /** The checked context key `relay`. */
  readonly context: RelayContext;
}

/** One relay, as the context describes it. */
export class RelayStack extends Stack {
  readonly relay: RocketChatRelay;

  constructor(scope: Construct, id: string, { context, ...props }: RelayStackProps) {
    super(scope, id, { description: 'Posts new objects of an S3 bucket into Rocket.Chat', ...props });
    this.relay = new RocketChatRelay(this, 'Relay', propsOf(this, context));
    addOutputs(this, this.relay, context);
    acknowledgeNotificationsHandler(this);
    if (isPlaceholder(context.rocketChatUrl)) {
      Annotations.of(this).addWarningV2(
        's3-to-rocketchat:placeholder',
        `${context.rocketChatUrl} is an example: before you deploy, set relay.rocketChatUrl and the rooms in cdk.json, ` +
          'or give -c rocketChatUrl=https://your.server -c room=#your-room',
      );
    }
  }
}

const propsOf = (scope: RelayStack, context: RelayContext): RocketChatRelayProps => {
  const { bucketName, bucketNames, secretArn, encryptionKeyArn, decryptionKeyArns, vpc, ...rest } = context;
  const { certificateAuthorityFile, alarmTopicArn, logRetentionDays, stackName: _, ...alike } = rest;
  const names = bucketNames ?? (bucketName === undefined ? [] : [bucketName]);
  const key = (id: string, arn: string): IKey => Key.fromKeyArn(scope, id, arn);
  return {
    ...alike,
    buckets: names.map((name, i) => Bucket.fromBucketName(scope, i === 0 ? 'Bucket' : `Bucket${i + 1}`, name)),
    secret: secretArn === undefined ? undefined : Secret.fromSecretCompleteArn(scope, 'Secret', secretArn),
    encryptionKey: encryptionKeyArn === undefined ? undefined : key('Key', encryptionKeyArn),
    decryptionKeys: decryptionKeyArns?.map((arn, i) => key(`DecryptionKey${i}`, arn)),
    network: vpc === undefined ? undefined : networkOf(scope, vpc),
    certificateAuthority:
      certificateAuthorityFile === undefined ? undefined : readFileSync(certificateAuthorityFile, 'utf8'),
    alarmTopic: alarmTopicArn === undefined ? undefined : Topic.fromTopicArn(scope, 'Topic', alarmTopicArn),
    logRetention: logRetentionDays,
  };
};

/** CDK sets up a bucket's notifications with a function of its own, one for the whole stack. */
const acknowledgeNotificationsHandler = (stack: Stack): void => {
  const handler = stack.node.children.find(({ node }) => node.id.startsWith('BucketNotificationsHandler'));
  if (handler === undefined) return;
  Validations.of(handler).acknowledge({
    id: 'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]',
    reason:
      "CDK's own function, which runs during deployments only. It names the managed policy itself; that lets it write " +
      'its log and nothing else.',
  });
};
