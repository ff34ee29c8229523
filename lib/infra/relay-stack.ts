import { Annotations, Stack, type StackProps, Validations } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import type { RelayContext } from './context.ts';
import { addOutputs } from './outputs.ts';
import { RocketChatRelay } from './rocket-chat-relay.ts';
import { isPlaceholder } from './rocket-chat-url.ts';

export interface RelayStackProps extends StackProps {
  /** The checked context key `relay`. */
  readonly context: RelayContext;
}

/** One relay, as the context describes it. */
export class RelayStack extends Stack {
  readonly relay: RocketChatRelay;

  constructor(scope: Construct, id: string, { context, ...props }: RelayStackProps) {
    super(scope, id, { description: 'Posts new objects of an S3 bucket into Rocket.Chat', ...props });
    const { bucketName, secretArn, logRetentionDays, ...relayProps } = context;
    this.relay = new RocketChatRelay(this, 'Relay', {
      ...relayProps,
      bucket: bucketName === undefined ? undefined : Bucket.fromBucketName(this, 'Bucket', bucketName),
      secret: secretArn === undefined ? undefined : Secret.fromSecretCompleteArn(this, 'Secret', secretArn),
      logRetention: logRetentionDays,
    });
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

/** CDK sets up a bucket's notifications with a function of its own, one for the whole stack. */
const acknowledgeNotificationsHandler = (stack: Stack): void => {
  const handler = stack.node.children.find(({ node }) => node.id.startsWith('BucketNotificationsHandler'));
  if (handler === undefined)
    throw new Error('CDK no longer has its BucketNotificationsHandler: acknowledge what it has instead');
  Validations.of(handler).acknowledge({
    id: 'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]',
    reason:
      "CDK's own function, which runs during deployments only. It names the managed policy itself; that lets it write " +
      'its log and nothing else.',
  });
};
