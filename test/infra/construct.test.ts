import { type App, Aws, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { User } from 'aws-cdk-lib/aws-iam';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { SettingsInput } from '../../lambdas/relay/domain/settings.ts';
import type { RelayRoute, RelaySettings } from '../../lib/infra/config/relay-settings.ts';
import type { RocketChatRelayProps } from '../../lib/infra/relay-props.ts';
import { RocketChatRelay } from '../../lib/infra/rocket-chat-relay.ts';
import { withApp } from './synthesise.ts';

type Target = 'room' | 'rooms' | 'roomFrom' | 'ignore';
type DeepReadonly<Value> = Value extends object ? { readonly [Key in keyof Value]: DeepReadonly<Value[Key]> } : Value;

const valid: RocketChatRelayProps = {
  rocketChatUrl: 'https://chat.acme.test',
  routes: [{ room: '#a', prefix: 'in/' }],
};

/** The template of a stack with one relay for each of the props. */
const stackOf = (...relays: Partial<RocketChatRelayProps>[]): Template =>
  withApp((app) => {
    const stack = new Stack(app, 'Mine');
    for (const [i, props] of relays.entries()) new RocketChatRelay(stack, `Relay${i}`, { ...valid, ...props });
    return Template.fromStack(stack);
  });

describe('RocketChatRelay', () => {
  it('has documented props for exactly the settings of the function', () => {
    expectTypeOf<keyof RelaySettings>().toEqualTypeOf<keyof SettingsInput>();
    expectTypeOf<keyof RelayRoute>().toEqualTypeOf<keyof SettingsInput['routes'][number]>();
    expectTypeOf<RelaySettings>().toExtend<DeepReadonly<SettingsInput>>();
    expectTypeOf<Omit<SettingsInput, 'routes'>>().toExtend<Omit<RelaySettings, 'routes'>>();
    expectTypeOf<Omit<SettingsInput['routes'][number], Target>>().toExtend<Omit<RelayRoute, Target>>();
  });

  it('can be created twice in a stack, each time with its own code and names', () => {
    const two = stackOf({}, { routes: [{ room: '#b' }] });
    const functions = Object.values(
      two.findResources('AWS::Lambda::Function', { Properties: { Runtime: 'nodejs24.x' } }),
    );
    expect(new Set(functions.map(({ Properties }) => Properties.Code.S3Key)).size).toBe(2);
    const services = functions.map(({ Properties }) => Properties.Environment.Variables.POWERTOOLS_SERVICE_NAME);
    expect(new Set(services).size).toBe(2);
    const queues = Object.values(two.findResources('AWS::SQS::Queue', { Properties: { VisibilityTimeout: 960 } }));
    expect(new Set(queues.map(({ Properties }) => Properties.QueueName)).size).toBe(2);
    const alarms = Object.values(two.findResources('AWS::CloudWatch::Alarm'));
    expect(new Set(alarms.map(({ Properties }) => Properties.AlarmName)).size).toBe(alarms.length);
  });

  it('accepts a token in the URL, but not in the settings', () => {
    stackOf({ rocketChatUrl: `https://${Aws.REGION}.acme.test` }).resourceCountIs('AWS::S3::Bucket', 1);
    expect(() => stackOf({ routes: [{ room: Aws.STACK_NAME }] })).toThrow(
      'routes[0].room: must be a value known on synth',
    );
  });

  it('deletes its data with the stack only if removalPolicy is DESTROY', () => {
    const given = stackOf({ removalPolicy: RemovalPolicy.DESTROY });
    given.hasResource('AWS::S3::Bucket', { DeletionPolicy: 'Delete' });
    given.hasResource('AWS::DynamoDB::Table', {
      DeletionPolicy: 'Delete',
      Properties: { DeletionProtectionEnabled: false },
    });
  });

  it('reports every invalid setting', () => {
    const wrong = { filesAtOnce: 0, retryForHours: -1, maxConcurrency: 1, proxyUrl: 'proxy', runbookUrl: 'wiki' };
    expect(() => stackOf(wrong)).toThrow(
      /retryForHours is -1: .*\n.*filesAtOnce is 0: .*\n.*maxConcurrency is 1: .*\n.*proxyUrl is "proxy": .*\n.*runbookUrl is "wiki": /,
    );
    expect(() => stackOf({ rocketChatUrl: 'http://acme.test' })).toThrow(
      'RocketChatRelay.rocketChatUrl is "http://acme.test": must start with "https://"',
    );
  });
});

describe('the construct', () => {
  const statementsOf = (grant: (relay: RocketChatRelay, user: User) => unknown) =>
    withApp((app: App) => {
      const stack = new Stack(app, 'Mine');
      const user = new User(stack, 'User');
      grant(new RocketChatRelay(stack, 'Relay', valid), user);
      const policies = Object.entries(Template.fromStack(stack).findResources('AWS::IAM::Policy'));
      const own = policies.find(([id]) => id.startsWith('User'))?.[1]['Properties'];
      return own.PolicyDocument.Statement.map(({ Action, Resource }: Record<string, unknown>) => [
        [Action].flat(),
        JSON.stringify(Resource)
          .match(/Relay(Uploads|Queue|DeadLetterQueue|Ledger)[^"]*|\/[^"]*\*/g)
          ?.map((part) => part.replace(/[0-9A-F]{8}$/, '')),
      ]);
    });

  it('grants uploads, below a prefix if one is given', () => {
    expect(statementsOf((relay, user) => relay.grantUpload(user, 'in/'))).toEqual([
      [
        ['s3:AbortMultipartUpload', 's3:PutObject'],
        ['RelayUploads', '/in/*'],
      ],
    ]);
    expect(statementsOf((relay, user) => relay.grantUpload(user))).toEqual([
      [
        ['s3:AbortMultipartUpload', 's3:PutObject'],
        ['RelayUploads', '/*'],
      ],
    ]);
  });

  it('grants what relay redrive needs: both queues, the ledger entries, and the outputs of the stack', () => {
    expect(statementsOf((relay, user) => relay.grantRedrive(user))).toEqual([
      [
        [
          'sqs:CancelMessageMoveTask',
          'sqs:ChangeMessageVisibility',
          'sqs:DeleteMessage',
          'sqs:GetQueueAttributes',
          'sqs:GetQueueUrl',
          'sqs:ListMessageMoveTasks',
          'sqs:ReceiveMessage',
          'sqs:StartMessageMoveTask',
        ],
        ['RelayDeadLetterQueue'],
      ],
      [['sqs:SendMessage'], ['RelayQueue']],
      [['dynamodb:Query', 'dynamodb:UpdateItem'], ['RelayLedger']],
      [['cloudformation:DescribeStacks', 'cloudformation:GetTemplateSummary'], ['/Mine/*']],
    ]);
  });

  it('grants reading the ledger, but not writing it', () => {
    expect(statementsOf((relay, user) => relay.grantReadLedger(user))).toEqual([
      [['dynamodb:GetItem', 'dynamodb:Query'], ['RelayLedger']],
    ]);
  });
});
