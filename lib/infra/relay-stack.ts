import { readFileSync } from 'node:fs';
import { Annotations, CfnResource, RemovalPolicy, Stack, type StackProps, Validations } from 'aws-cdk-lib';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { checkProps } from './config/check-props.ts';
import { isPlaceholder } from './config/connection.ts';
import type { RelayContext } from './config/context.ts';
import { networkOf } from './config/context-network.ts';
import { SETTINGS_METADATA } from './output-names.ts';
import { addOutputs } from './outputs.ts';
import type { RocketChatRelayProps } from './relay-props.ts';
import { RocketChatRelay } from './rocket-chat-relay.ts';

export interface RelayStackProps extends StackProps {
  /** The context key `relay`, parsed by `readRelayContext`. */
  readonly context: RelayContext;
}

/** A stack with one relay, configured by the context key `relay`. */
export class RelayStack extends Stack {
  readonly relay: RocketChatRelay;

  constructor(scope: Construct, id: string, { context, ...props }: RelayStackProps) {
    super(scope, id, { description: 'Posts new S3 objects as files to Rocket.Chat rooms', ...props });
    const relayProps = propsOf(this, context);
    this.relay = new RocketChatRelay(this, 'Relay', relayProps);
    const { alarmTopic, eventSourceMapping, dashboard } = this.relay;
    const { settings, rocketChatUrl } = checkProps(relayProps);
    addOutputs(this, this.relay, {
      ...context,
      alarmTopicArn: alarmTopic.topicArn,
      eventSourceMappingId: eventSourceMapping.eventSourceMappingId,
      dashboardName: dashboard?.dashboardName,
      rocketChatUrl,
    });
    // CloudFormation keeps a template's metadata; the operator's command reads the routes there.
    this.templateOptions.metadata = { ...this.templateOptions.metadata, [SETTINGS_METADATA]: settings };
    prepareNotificationsHandler(this, relayProps, context.logRetentionDays);
    if (isPlaceholder(context.rocketChatUrl)) {
      Annotations.of(this).addWarningV2(
        's3-to-rocketchat:placeholder',
        `${context.rocketChatUrl} is an example. Before you deploy, set relay.rocketChatUrl and the rooms in cdk.json, ` +
          'or use -c rocketChatUrl=https://your.server -c room=#your-room',
      );
    }
  }
}

const propsOf = (scope: RelayStack, context: RelayContext): RocketChatRelayProps => {
  const { bucketName, bucketNames, secretArn, encryptionKeyArn, decryptionKeyArns, vpc, ...rest } = context;
  const { certificateAuthorityFile, alarmTopicArn, logRetentionDays, stackName: _, ...others } = rest;
  const names = new Set(bucketNames ?? (bucketName === undefined ? [] : [bucketName]));
  const key = (id: string, arn: string): IKey => Key.fromKeyArn(scope, id, arn);
  return {
    ...others,
    // The id contains the name: a change of the bucket must remove the notifications of the old bucket.
    buckets: [...names].map((name) => Bucket.fromBucketName(scope, `Bucket-${name}`, name)),
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

/** CDK configures bucket notifications with a separate Lambda function, one for the whole stack. */
const prepareNotificationsHandler = (
  stack: Stack,
  { encryptionKey }: { encryptionKey?: IKey | undefined },
  retention: number,
): void => {
  const handler = stack.node.children.find(({ node }) => node.id.startsWith('BucketNotificationsHandler'));
  if (handler === undefined) return;
  // Lambda would create a log group that never expires.
  const logGroup = new LogGroup(stack, 'NotificationsLog', {
    retention,
    removalPolicy: RemovalPolicy.DESTROY,
    ...(encryptionKey !== undefined && { encryptionKey }),
  });
  const handlerFunction = handler.node.tryFindChild('Resource');
  if (handlerFunction instanceof CfnResource) {
    handlerFunction.addPropertyOverride('LoggingConfig', { LogGroup: logGroup.logGroupName });
  }
  Validations.of(handler).acknowledge({
    id: 'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]',
    reason:
      "CDK's own function, which runs during deployments only. CDK attaches the managed policy, which only allows " +
      'writing its log.',
  });
};
