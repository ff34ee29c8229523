import { Duration, Names, RemovalPolicy, Token, Validations } from 'aws-cdk-lib';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import { Architecture, EventSourceMapping, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { type ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { type SettingsInput, SettingsSchema, settingsEntries } from '../../lambdas/relay/domain/settings.ts';
import { Env } from '../../lambdas/relay/names.ts';
import { BUNDLE_HANDLER } from './bundle.ts';
import { checkConfiguration } from './check-configuration.ts';
import { relayCode } from './function-code.ts';
import { createFunctionRole } from './function-role.ts';
import { createLedgerTable } from './ledger-table.ts';
import { notificationFilters } from './notification-filters.ts';
import { rocketChatUrlSchema } from './rocket-chat-url.ts';
import { createUploadsBucket, notifyOfUploads } from './uploads-bucket.ts';
import { createQueues } from './uploads-queues.ts';

/** Routes and patience (`SettingsInput`), and where the relay finds things. */
export interface RocketChatRelayProps extends SettingsInput {
  /** Base URL of the Rocket.Chat server: https, without credentials or query. */
  readonly rocketChatUrl: string;
  /** The bucket to watch. It must be in the stack's account and region. @default a new, private one */
  readonly bucket?: IBucket | undefined;
  /** The secret that holds `{"userId","authToken"}`. @default a new one, to be filled after the first deployment */
  readonly secret?: ISecret | undefined;
  /** Function instances that work through the queue at the same time; SQS allows 2 to 1000. @default 2 */
  readonly maxConcurrency?: number | undefined;
  /** Memory of the function in MB; 256 suffices for files of any size, more buys CPU. @default 256 */
  readonly memorySizeMb?: number | undefined;
  /** How long the function's log is kept. @default RetentionDays.THREE_MONTHS */
  readonly logRetention?: RetentionDays | undefined;
  /** What becomes of the new bucket, the ledger and the log when they leave the stack. @default RemovalPolicy.RETAIN */
  readonly removalPolicy?: RemovalPolicy | undefined;
}

/**
 * Posts every object uploaded to a bucket as a file into a Rocket.Chat room: once, and without losing any.
 *
 * @example
 * new RocketChatRelay(this, 'Relay', {
 *   rocketChatUrl: 'https://chat.example.com',
 *   routes: [{ prefix: 'invoices/', room: '#accounting' }, { room: '#uploads' }],
 * });
 */
export class RocketChatRelay extends Construct {
  readonly bucket: IBucket;
  readonly queue: Queue;
  readonly deadLetterQueue: Queue;
  readonly table: Table;
  readonly secret: ISecret;
  readonly logGroup: LogGroup;
  readonly function: LambdaFunction;

  /** @throws ConfigurationError naming every setting that is wrong */
  constructor(scope: Construct, id: string, props: RocketChatRelayProps) {
    super(scope, id);
    const code = relayCode(checkedSettings(props));
    const { removalPolicy = RemovalPolicy.RETAIN, routes } = props;
    const timeout = Duration.minutes(15);

    this.table = createLedgerTable(this, { removalPolicy });
    const retention = Duration.days(props.queueRetentionDays ?? 14);
    const queues = createQueues(this, { functionTimeout: timeout, retention });
    this.queue = queues.queue;
    this.deadLetterQueue = queues.deadLetterQueue;
    this.bucket = props.bucket ?? createUploadsBucket(this, { removalPolicy });
    notifyOfUploads(this.bucket, { queue: this.queue, filters: notificationFilters(routes) });
    this.secret = props.secret ?? this.createSecret();
    this.logGroup = new LogGroup(this, 'Log', {
      retention: props.logRetention ?? RetentionDays.THREE_MONTHS,
      removalPolicy,
    });

    const role = createFunctionRole(this, this, routes);
    this.function = new LambdaFunction(this, 'Function', {
      description: 'Posts new objects of a bucket into Rocket.Chat',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      handler: BUNDLE_HANDLER,
      code,
      memorySize: props.memorySizeMb ?? 256,
      timeout,
      role,
      logGroup: this.logGroup,
      environment: {
        [Env.RocketChatUrl]: checkedUrl(props.rocketChatUrl),
        [Env.SecretId]: this.secret.secretArn,
        [Env.LedgerTable]: this.table.tableName,
        [Env.QueueUrl]: this.queue.queueUrl,
        [Env.DeadLetterQueueUrl]: this.deadLetterQueue.queueUrl,
        // The dimension of the metrics: two relays of one account shall not add up.
        POWERTOOLS_SERVICE_NAME: Names.uniqueResourceName(this, { maxLength: 60, separator: '-' }),
      },
    });
    // Not reserved concurrency: that would throttle the pollers' invocations, and each throttle costs a receive.
    const mapping = new EventSourceMapping(this, 'UploadsMapping', {
      target: this.function,
      eventSourceArn: this.queue.queueArn,
      batchSize: 10,
      maxConcurrency: props.maxConcurrency ?? 2,
      reportBatchItemFailures: true,
    });
    // Lambda refuses a mapping whose function may not receive from the queue yet.
    mapping.node.addDependency(role);
  }

  /** Holds a random placeholder: no value of ours stands in the template, and the function says what to store. */
  private createSecret(): ISecret {
    const secret = new Secret(this, 'Token', {
      description: 'Rocket.Chat personal access token for the relay: {"userId":"...","authToken":"..."}',
    });
    Validations.of(secret).acknowledge({
      id: 'AwsSolutions-SMG4',
      reason:
        'Rocket.Chat lets nobody but the user, after a second factor, make a personal access token, so no rotation ' +
        'function could. A new token is stored by hand; the function reads it as soon as the old one is refused.',
    });
    return secret as ISecret;
  }
}

const checkedSettings = (props: RocketChatRelayProps) => {
  const settings = Object.entries(props).filter(([key]) => Object.hasOwn(settingsEntries, key));
  return checkConfiguration(SettingsSchema, Object.fromEntries(settings), { root: 'RocketChatRelay' });
};

/** A URL that CloudFormation fills in, from a parameter for example, can't be checked here. */
const checkedUrl = (url: string): string =>
  Token.isUnresolved(url)
    ? url
    : checkConfiguration(rocketChatUrlSchema, url, { root: 'RocketChatRelay.rocketChatUrl' });
