import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ChatServer, startChatServer } from '../../../../lib/local/chat-server/chat-server.ts';
import { CHECKS } from '../../../../lib/operator/doctor/checks.ts';
import { type Outcome, runCheck } from '../../../../lib/operator/doctor/run-checks.ts';
import {
  type Answers,
  awsError,
  isDeadLetterQueue,
  PREFIX,
  QUEUE_ARN,
  queueAttributes,
  stackWorld,
  TOPIC_ARN,
  type WorldInput,
} from '../../../helpers/doctor-world.ts';

let chat: ChatServer;
beforeAll(async () => {
  chat = await startChatServer();
});
afterAll(() => chat.close());

const run = (name: string, input: Omit<WorldInput, 'bot'> = {}): Promise<Outcome> => {
  const check = CHECKS.find((entry) => entry.name === name);
  if (check === undefined) throw new Error(`there is no check ${name}`);
  return runCheck(check, stackWorld({ bot: chat, ...input }), 5_000);
};

const AWS_CHECKS = CHECKS.filter(({ group }) => group === 'aws').map(({ name }) => name);
const always = (answer: unknown) => () => answer;
const fails = (name: string, message?: string) => () => {
  throw awsError(name, message);
};
const deadLetterCount =
  (count: string): Answers[string] =>
  (input) =>
    queueAttributes(isDeadLetterQueue(input) ? { QueueArn: 'dlq', ApproximateNumberOfMessages: count } : {});
const alarm = (changes: object) => ({
  MetricAlarms: [{ AlarmName: `${PREFIX}DeadLetters`, StateValue: 'OK', ActionsEnabled: true, ...changes }],
});
const eventBridge = (changes: Answers = {}): Answers => ({
  ListRuleNamesByTargetCommand: always({ RuleNames: ['relay-uploads'] }),
  DescribeRuleCommand: always({ State: 'ENABLED', EventPattern: '{"detail":{"bucket":{"name":["my-uploads"]}}}' }),
  GetBucketNotificationConfigurationCommand: always({ $metadata: {}, EventBridgeConfiguration: {} }),
  ...changes,
});
const UUID = '12345678-1234-1234-1234-123456789abc';
const ROCKET_CHAT_KEY = `${UUID}/uploads/GENERAL/AbCdEfGhJkMnPqRst/AbCdEfGhJkMnPqRst`;

describe('relay doctor of a healthy stack', () => {
  it.each(AWS_CHECKS)('finds nothing wrong in %s', async (name) => {
    expect(await run(name)).toMatchObject({ status: 'ok', findings: [] });
  });

  it('finds nothing wrong with an enabled EventBridge rule', async () => {
    expect(await run('notifications', { aws: eventBridge() })).toMatchObject({
      status: 'ok',
      note: 'by EventBridge rule relay-uploads',
    });
  });

  it('accepts notifications with filters that cover every route', async () => {
    const Filter = {
      Key: {
        FilterRules: [
          { Name: 'Prefix', Value: 'year%3D2026/' },
          { Name: 'Suffix', Value: '.pdf' },
        ],
      },
    };
    const configuration = { QueueArn: QUEUE_ARN, Events: ['s3:ObjectCreated:*'], Filter };
    const outcome = await run('notifications', {
      settings: { routes: [{ prefix: 'year=2026/05/', suffix: 'a.pdf', room: '#general' }] },
      aws: {
        GetBucketNotificationConfigurationCommand: always({ $metadata: {}, QueueConfigurations: [configuration] }),
      },
    });
    expect(outcome).toMatchObject({ status: 'ok' });
  });
});

interface Planted {
  readonly fault: string;
  readonly check: string;
  readonly input: Omit<WorldInput, 'bot'>;
  readonly level: 'problem' | 'warning';
  readonly what: string | RegExp;
  readonly mend: string | RegExp;
}

const PLANTED: readonly Planted[] = [
  {
    fault: 'a deployment that was rolled back',
    check: 'outputs',
    input: { stack: { status: 'UPDATE_ROLLBACK_COMPLETE' } },
    level: 'warning',
    what: 'The last deployment of the stack RocketChatRelay in eu-central-1 failed',
    mend: 'aws cloudformation describe-stack-events --stack-name RocketChatRelay --region eu-central-1',
  },
  {
    fault: 'a rollback that failed',
    check: 'outputs',
    input: { stack: { status: 'UPDATE_ROLLBACK_FAILED' } },
    level: 'problem',
    what: 'is in the state UPDATE_ROLLBACK_FAILED',
    mend: 'aws cloudformation continue-update-rollback',
  },
  {
    fault: 'a secret that still holds the placeholder',
    check: 'secret',
    input: { aws: { GetSecretValueCommand: always({ SecretString: 'Zufall,1234' }) } },
    level: 'problem',
    what: 'nobody has stored the token yet',
    mend: 'npx relay credentials --stack RocketChatRelay',
  },
  {
    fault: 'a secret that was deleted',
    check: 'secret',
    input: { aws: { GetSecretValueCommand: fails('ResourceNotFoundException') } },
    level: 'problem',
    what: 'does not exist',
    mend: 'aws secretsmanager restore-secret --secret-id arn:aws:secretsmanager',
  },
  {
    fault: 'a rotation that was not finished',
    check: 'secret',
    input: {
      aws: { DescribeSecretCommand: always({ VersionIdsToStages: { one: ['AWSCURRENT'], two: ['AWSPENDING'] } }) },
    },
    level: 'warning',
    what: 'pending version that never became the current one',
    mend: 'npx relay credentials --rotate --stack RocketChatRelay',
  },
  {
    fault: 'a notification configuration that another tool replaced',
    check: 'notifications',
    input: {
      settings: { routes: [{ prefix: 'year=2026/', room: '#general' }] },
      aws: {
        GetBucketNotificationConfigurationCommand: always({
          $metadata: {},
          QueueConfigurations: [{ Id: 'theirs', QueueArn: 'arn:other', Events: ['s3:ObjectRemoved:*'] }],
        }),
      },
    },
    level: 'problem',
    what: 'The bucket my-uploads does not notify the queue: another tool has replaced',
    mend: new RegExp(
      '^aws s3api put-bucket-notification-configuration --bucket my-uploads --region eu-central-1 --notification-configuration ' +
        `'{"QueueConfigurations":\\[{"Id":"theirs",.*{"QueueArn":"${QUEUE_ARN}","Events":\\["s3:ObjectCreated:\\*"\\],"Filter":.*"year%3D2026/"`,
    ),
  },
  {
    fault: 'a notification that leaves out a route',
    check: 'notifications',
    input: {
      settings: {
        routes: [
          { prefix: 'a/', room: '#general' },
          { prefix: 'b/', room: '#general' },
        ],
      },
      aws: {
        GetBucketNotificationConfigurationCommand: always({
          $metadata: {},
          QueueConfigurations: [
            {
              QueueArn: QUEUE_ARN,
              Events: ['s3:ObjectCreated:*'],
              Filter: { Key: { FilterRules: [{ Name: 'Prefix', Value: 'a/' }] } },
            },
          ],
        }),
      },
    },
    level: 'problem',
    what: 'does not notify the queue of the objects of routes[1]',
    mend: 'put-bucket-notification-configuration',
  },
  {
    fault: 'an EventBridge rule that is disabled',
    check: 'notifications',
    input: {
      aws: eventBridge({ DescribeRuleCommand: always({ State: 'DISABLED', EventPattern: '["my-uploads"]' }) }),
    },
    level: 'problem',
    what: 'The EventBridge rule relay-uploads is disabled',
    mend: 'aws events enable-rule --name relay-uploads --region eu-central-1',
  },
  {
    fault: 'a bucket that no longer sends events to EventBridge',
    check: 'notifications',
    input: { aws: eventBridge({ GetBucketNotificationConfigurationCommand: always({ $metadata: {} }) }) },
    level: 'problem',
    what: 'The bucket my-uploads sends no events to EventBridge',
    mend: `--notification-configuration '{"EventBridgeConfiguration":{}}'`,
  },
  {
    fault: 'an EventBridge rule for another bucket',
    check: 'notifications',
    input: {
      aws: eventBridge({ DescribeRuleCommand: always({ State: 'ENABLED', EventPattern: '["my-uploads-2"]' }) }),
    },
    level: 'problem',
    what: 'does not name the bucket my-uploads',
    mend: 'npx cdk deploy',
  },
  {
    fault: 'a queue policy without S3',
    check: 'queue-policy',
    input: {
      aws: {
        GetQueueAttributesCommand: (input) =>
          isDeadLetterQueue(input)
            ? queueAttributes({ QueueArn: 'arn:aws:sqs:eu-central-1:111122223333:dead-letters' })
            : queueAttributes({ Policy: undefined }),
      },
    },
    level: 'problem',
    what: "The queue's policy does not allow S3 to send the events of my-uploads",
    mend: /^aws sqs set-queue-attributes --queue-url \S+\/uploads --region eu-central-1 --attributes '{"Policy":".*s3\.amazonaws\.com.*arn:aws:s3:::my-uploads/,
  },
  {
    fault: 'an uploads queue without its dead-letter queue',
    check: 'queue-policy',
    input: {
      aws: {
        GetQueueAttributesCommand: (input) =>
          isDeadLetterQueue(input)
            ? queueAttributes({ QueueArn: 'arn:aws:sqs:eu-central-1:111122223333:dead-letters' })
            : queueAttributes({ RedrivePolicy: undefined }),
      },
    },
    level: 'problem',
    what: 'The uploads queue has no dead-letter queue',
    mend: /--attributes '{"RedrivePolicy":".*:dead-letters/,
  },
  {
    fault: 'a paused relay',
    check: 'event-source-mapping',
    input: {
      aws: {
        GetEventSourceMappingCommand: always({ State: 'Disabled', FunctionResponseTypes: ['ReportBatchItemFailures'] }),
      },
    },
    level: 'problem',
    what: 'The relay is paused',
    mend: 'npx relay resume --stack RocketChatRelay',
  },
  {
    fault: 'an event source mapping that was deleted',
    check: 'event-source-mapping',
    input: { aws: { GetEventSourceMappingCommand: fails('ResourceNotFoundException') } },
    level: 'problem',
    what: 'The event source mapping 3f1c8c1e-0000-4000-8000-000000000001 does not exist',
    mend: `aws lambda create-event-source-mapping --function-name relay-function --region eu-central-1 --event-source-arn ${QUEUE_ARN}`,
  },
  {
    fault: 'an event source mapping that does not report single failures',
    check: 'event-source-mapping',
    input: { aws: { GetEventSourceMappingCommand: always({ State: 'Enabled' }) } },
    level: 'problem',
    what: 'does not report failures of single messages',
    mend: 'aws lambda update-event-source-mapping --uuid 3f1c8c1e-0000-4000-8000-000000000001',
  },
  {
    fault: 'a function that Lambda may not invoke',
    check: 'event-source-mapping',
    input: {
      aws: {
        GetEventSourceMappingCommand: always({
          State: 'Enabled',
          FunctionResponseTypes: ['ReportBatchItemFailures'],
          LastProcessingResult: 'PROBLEM: Function call failed',
        }),
      },
    },
    level: 'problem',
    what: 'PROBLEM: Function call failed',
    mend: 'npx cdk deploy',
  },
  {
    fault: 'an update of the function that failed',
    check: 'function',
    input: {
      aws: {
        GetFunctionConfigurationCommand: always({
          State: 'Active',
          LastUpdateStatus: 'Failed',
          LastUpdateStatusReason: 'KMS',
        }),
      },
    },
    level: 'problem',
    what: 'The last update of the function failed: KMS',
    mend: 'npx cdk deploy',
  },
  {
    fault: 'a function that crashed',
    check: 'function',
    input: {
      aws: {
        FilterLogEventsCommand: ({ nextToken }) =>
          nextToken === undefined
            ? { events: [], nextToken: 'more' }
            : {
                events: [
                  {
                    timestamp: Date.now() - 60_000,
                    message: "Error: the relay can't start:\n relay.json can't be read",
                  },
                ],
              },
      },
    },
    level: 'warning',
    what: /has failed once in 24 h, last 1 min( \d+ s)? ago: Error: the relay can't start: relay\.json can't be read/,
    mend: 'npx relay logs --stack RocketChatRelay',
  },
  {
    fault: 'an alarm that is on',
    check: 'alarms',
    input: {
      aws: {
        DescribeAlarmsCommand: always(
          alarm({
            StateValue: 'ALARM',
            StateReason: 'Threshold crossed.',
            AlarmDescription:
              'At least one upload was not posted. What to do: section DeadLetters of https://wiki.acme.org/relay#deadletters',
          }),
        ),
      },
    },
    level: 'problem',
    what: 'The alarm DeadLetters is on: Threshold crossed.',
    mend: 'npx relay dead-letters list --stack RocketChatRelay; what to do: https://wiki.acme.org/relay#deadletters',
  },
  {
    fault: 'alarms that were deleted',
    check: 'alarms',
    input: { aws: { DescribeAlarmsCommand: always({ MetricAlarms: [] }) } },
    level: 'problem',
    what: `There is no alarm whose name begins with ${PREFIX}`,
    mend: 'npx cdk deploy',
  },
  {
    fault: 'an alarm whose actions are turned off',
    check: 'alarms',
    input: { aws: { DescribeAlarmsCommand: always(alarm({ ActionsEnabled: false })) } },
    level: 'warning',
    what: `The actions of ${PREFIX}DeadLetters are turned off`,
    mend: `aws cloudwatch enable-alarm-actions --region eu-central-1 --alarm-names ${PREFIX}DeadLetters`,
  },
  {
    fault: 'a topic without subscribers',
    check: 'alarm-subscribers',
    input: { aws: { ListSubscriptionsByTopicCommand: always({ Subscriptions: [] }) } },
    level: 'problem',
    what: `Nobody is subscribed to ${TOPIC_ARN}`,
    mend: `aws sns subscribe --region eu-central-1 --topic-arn ${TOPIC_ARN} --protocol email`,
  },
  {
    fault: 'a subscription that nobody confirmed',
    check: 'alarm-subscribers',
    input: {
      aws: {
        ListSubscriptionsByTopicCommand: always({
          Subscriptions: [{ SubscriptionArn: 'PendingConfirmation', Endpoint: 'ops@acme.org' }],
        }),
      },
    },
    level: 'problem',
    what: 'is confirmed: ops@acme.org',
    mend: 'open the link in the mail of AWS Notifications',
  },
  {
    fault: 'a topic that was deleted',
    check: 'alarm-subscribers',
    input: { aws: { ListSubscriptionsByTopicCommand: fails('NotFoundException') } },
    level: 'problem',
    what: `The topic ${TOPIC_ARN} does not exist`,
    mend: 'relay.alarmTopicArn',
  },
  {
    fault: 'dead letters',
    check: 'dead-letters',
    input: {
      aws: {
        GetQueueAttributesCommand: deadLetterCount('3'),
        ReceiveMessageCommand: always({
          Messages: [{ MessageAttributes: { reason: { StringValue: 'FILE_TOO_LARGE' } } }, {}],
        }),
      },
    },
    level: 'problem',
    what: 'About 3 uploads were not posted and will not be retried, among them FILE_TOO_LARGE; no reason, moved by SQS',
    mend: 'npx relay dead-letters list --stack RocketChatRelay',
  },
  {
    fault: 'a Rocket.Chat server that stores its uploads in the watched bucket',
    check: 'loop',
    input: {
      aws: {
        ListObjectsV2Command: ({ Prefix }) =>
          Prefix === undefined
            ? { CommonPrefixes: [{ Prefix: 'a/' }, { Prefix: `${UUID}/` }] }
            : { Contents: [{ Key: ROCKET_CHAT_KEY }] },
      },
    },
    level: 'problem',
    what: `The watched bucket my-uploads holds uploads of Rocket.Chat, such as ${ROCKET_CHAT_KEY}`,
    mend: 'FileUpload_S3_Bucket',
  },
];

describe('relay doctor of a stack with a planted fault', () => {
  it.each(PLANTED)('finds $fault and names the command that mends it', async ({ check, input, level, what, mend }) => {
    const { status, findings } = await run(check, input);
    expect(status).toBe(level);
    expect(findings).toHaveLength(1);
    const [finding] = findings;
    expect(finding?.what).toMatch(what);
    expect(finding?.mend).toMatch(mend);
    expect(finding?.why.length).toBeGreaterThan(20);
  });

  it('says which permission is missing for a check that cannot run', async () => {
    const message = 'User: arn:aws:iam::1:user/ops is not authorized to perform: cloudwatch:DescribeAlarms';
    const outcome = await run('alarms', { aws: { DescribeAlarmsCommand: fails('AccessDenied', message) } });
    expect(outcome).toMatchObject({ status: 'unknown', note: `AccessDenied: ${message}` });
  });

  it('ends a check that gets no answer, and says so', async () => {
    const world = stackWorld({ bot: chat, aws: { DescribeAlarmsCommand: () => new Promise(() => {}) } });
    const check = CHECKS.find(({ name }) => name === 'alarms');
    expect(check && (await runCheck(check, world, 20))).toMatchObject({
      status: 'unknown',
      note: 'no result within 0.02 s',
    });
  });
});
