import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import * as v from 'valibot';
import { type SettingsInput, SettingsSchema } from '../../lambdas/relay/domain/settings.ts';
import { createWorld, type World } from '../../lib/operator/doctor/world.ts';
import { chatOf, createChatClients } from '../../lib/operator/target/chat.ts';
import type { Clients } from '../../lib/operator/target/clients.ts';
import type { DeployedStack, Target } from '../../lib/operator/target/target.ts';

export interface Bot {
  readonly url: string;
  readonly userId: string;
  readonly authToken: string;
}

export interface WorldInput {
  readonly bot: Bot;
  readonly settings?: Partial<SettingsInput>;
  readonly probeBytes?: number;
  /** Answers of the AWS SDK by the command's name; they replace those of a healthy stack. */
  readonly aws?: Answers;
  readonly stack?: Partial<DeployedStack>;
  readonly now?: () => number;
}

export type Answers = Readonly<Record<string, (input: Record<string, unknown>) => unknown>>;

const settingsOf = (settings: Partial<SettingsInput> = {}) =>
  v.parse(SettingsSchema, { routes: [{ room: '#general' }], ...settings });

/** Before the deployment: only the chat server. */
export const serverWorld = ({ bot, settings, probeBytes, now }: WorldInput): World =>
  createWorld({
    rocketChatUrl: bot.url,
    settings: settingsOf(settings),
    option: '--config cdk.json',
    target: undefined,
    chat: createChatClients(bot.url, () => ({ current: async () => bot, renew: async () => false })),
    probeBytes,
    signal: new AbortController().signal,
    ...(now !== undefined && { now }),
  });

/** A deployed relay whose AWS services are stubbed SDK clients. */
export const stackWorld = (input: WorldInput): World => {
  const target = stackTarget(input);
  const { rocketChatUrl, settings, option } = target;
  const signal = new AbortController().signal;
  return createWorld({ rocketChatUrl, settings, option, target, chat: chatOf(target), probeBytes: undefined, signal });
};

export const QUEUE_ARN = 'arn:aws:sqs:eu-central-1:111122223333:uploads';
const DEAD_LETTERS_ARN = 'arn:aws:sqs:eu-central-1:111122223333:dead-letters';
export const TOPIC_ARN = 'arn:aws:sns:eu-central-1:111122223333:alarms';
export const PREFIX = 'RocketChatRelay-Relay-1-';

const stackTarget = ({ bot, settings, aws = {}, stack }: WorldInput): Target => ({
  name: 'the stack RocketChatRelay in eu-central-1',
  option: '--stack RocketChatRelay',
  region: 'eu-central-1',
  clients: stubbedClients({ ...healthyAnswers(bot), ...aws }),
  rocketChatUrl: bot.url,
  settings: settingsOf(settings),
  buckets: ['my-uploads'],
  queueUrl: 'https://sqs.eu-central-1.amazonaws.com/111122223333/uploads',
  deadLetterQueueUrl: 'https://sqs.eu-central-1.amazonaws.com/111122223333/dead-letters',
  ledgerTable: 'ledger',
  secretId: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:Token-AbCdEf',
  stack: {
    stackName: 'RocketChatRelay',
    status: 'UPDATE_COMPLETE',
    functionName: 'relay-function',
    eventSourceMappingId: '3f1c8c1e-0000-4000-8000-000000000001',
    logGroupName: 'relay-log',
    alarmTopicArn: TOPIC_ARN,
    dashboardName: undefined,
    serviceName: PREFIX.slice(0, -1),
    ...stack,
  },
});

export const queueAttributes = (changes: Record<string, string | undefined> = {}) => ({
  Attributes: {
    QueueArn: QUEUE_ARN,
    ApproximateNumberOfMessages: '0',
    ApproximateNumberOfMessagesNotVisible: '0',
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: DEAD_LETTERS_ARN, maxReceiveCount: 990 }),
    Policy: JSON.stringify({ Version: '2012-10-17', Statement: [DENY_PLAIN_HTTP, ALLOW_S3] }),
    ...changes,
  },
});

export const isDeadLetterQueue = ({ QueueUrl }: Record<string, unknown>): boolean =>
  String(QueueUrl).endsWith('/dead-letters');

const DENY_PLAIN_HTTP = {
  Effect: 'Deny',
  Principal: { AWS: '*' },
  Action: 'sqs:*',
  Resource: QUEUE_ARN,
  Condition: { Bool: { 'aws:SecureTransport': 'false' } },
};

const ALLOW_S3 = {
  Sid: 'UploadsBucketOnly',
  Effect: 'Allow',
  Principal: { Service: 's3.amazonaws.com' },
  Action: 'sqs:SendMessage',
  Resource: QUEUE_ARN,
  Condition: {
    ArnEquals: { 'aws:SourceArn': 'arn:aws:s3:::my-uploads' },
    StringEquals: { 'aws:SourceAccount': '111122223333' },
  },
};

/** What AWS answers for a relay in which nothing is wrong. */
const healthyAnswers = ({ userId, authToken }: Bot): Answers => ({
  GetSecretValueCommand: () => ({ SecretString: JSON.stringify({ userId, authToken }) }),
  DescribeSecretCommand: () => ({ VersionIdsToStages: { one: ['AWSCURRENT'], two: ['AWSPREVIOUS'] } }),
  GetQueueAttributesCommand: (input) =>
    isDeadLetterQueue(input) ? queueAttributes({ QueueArn: DEAD_LETTERS_ARN }) : queueAttributes(),
  ListRuleNamesByTargetCommand: () => ({ RuleNames: [] }),
  GetBucketNotificationConfigurationCommand: () => ({
    $metadata: {},
    QueueConfigurations: [{ QueueArn: QUEUE_ARN, Events: ['s3:ObjectCreated:*'] }],
  }),
  GetEventSourceMappingCommand: () => ({
    State: 'Enabled',
    FunctionResponseTypes: ['ReportBatchItemFailures'],
    LastProcessingResult: 'OK',
  }),
  GetFunctionConfigurationCommand: () => ({ State: 'Active', LastUpdateStatus: 'Successful' }),
  FilterLogEventsCommand: () => ({ events: [] }),
  DescribeAlarmsCommand: () => ({
    MetricAlarms: ['DeadLetters', 'FunctionErrors'].map((name) => ({
      AlarmName: PREFIX + name,
      StateValue: 'OK',
      ActionsEnabled: true,
    })),
  }),
  ListSubscriptionsByTopicCommand: () => ({
    Subscriptions: [{ SubscriptionArn: `${TOPIC_ARN}:1`, Endpoint: 'ops@example.com' }],
  }),
  ListObjectsV2Command: () => ({ CommonPrefixes: [{ Prefix: 'invoices/' }] }),
});

/** Clients that answer by the command's name. The paginators of the SDK check the client's class. */
const stubbedClients = (answers: Answers): Clients => {
  const send = async (command: {
    readonly input: Record<string, unknown>;
    readonly constructor: { readonly name: string };
  }) => {
    const answer = answers[command.constructor.name];
    if (answer === undefined) throw new Error(`the test has no answer to ${command.constructor.name}`);
    return answer(command.input);
  };
  const stub = <Client extends object>(type: { readonly prototype: Client }): Client =>
    Object.assign(Object.create(type.prototype) as Client, { send });
  return {
    s3: stub(S3Client),
    sqs: stub(SQSClient),
    dynamodb: stub(DynamoDBClient),
    secretsManager: stub(SecretsManagerClient),
    lambda: stub(LambdaClient),
    cloudWatch: stub(CloudWatchClient),
    logs: stub(CloudWatchLogsClient),
    sns: stub(SNSClient),
    eventBridge: stub(EventBridgeClient),
  };
};

/** An error as the SDK throws it. */
export const awsError = (name: string, message = name): Error =>
  Object.assign(new Error(message), { name, $metadata: { httpStatusCode: 400 } });
