import { describe, expect, it } from 'vitest';
import { CONFIGURATIONS, templateOf } from './configurations.ts';

interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | string[];
  readonly Resource?: unknown;
  readonly Principal?: unknown;
  readonly Condition?: unknown;
}

/** The actions that the function may be allowed in any configuration, with the kind of resource. */
const FUNCTION_ACTIONS: Readonly<Record<string, RegExp>> = {
  's3:GetObject': /^bucket\/(in\?box|photos)?\/?\*$/,
  's3:GetObjectVersion': /^bucket\/(in\?box|photos)?\/?\*$/,
  's3:GetObjectTagging': /^bucket\/(in\?box|photos)?\/?\*$/,
  's3:GetObjectVersionTagging': /^bucket\/(in\?box|photos)?\/?\*$/,
  's3:ListBucket': /^bucket$/,
  'dynamodb:GetItem': /^table$/,
  'dynamodb:Query': /^table$/,
  'dynamodb:UpdateItem': /^table$/,
  'sqs:ReceiveMessage': /^queue$/,
  'sqs:DeleteMessage': /^queue$/,
  'sqs:ChangeMessageVisibility': /^queue$/,
  'sqs:GetQueueAttributes': /^queue$/,
  'sqs:SendMessage': /^dead-letter queue$/,
  'secretsmanager:GetSecretValue': /^secret$/,
  'logs:CreateLogStream': /^log$/,
  'logs:PutLogEvents': /^log$/,
  'kms:Decrypt': /^key$/,
  'kms:Encrypt': /^key$/,
  'kms:GenerateDataKey': /^key$/,
  'ec2:AssignPrivateIpAddresses': /^\*$/,
  'ec2:CreateNetworkInterface': /^\*$/,
  'ec2:DeleteNetworkInterface': /^\*$/,
  'ec2:DescribeNetworkInterfaces': /^\*$/,
  'ec2:DescribeSubnets': /^\*$/,
  'ec2:UnassignPrivateIpAddresses': /^\*$/,
  'xray:PutTraceSegments': /^\*$/,
  'xray:PutTelemetryRecords': /^\*$/,
};

/** The permitted wildcards in resources, with their reasons. */
const WILDCARDS: readonly { actions: RegExp; resource: RegExp; why: string }[] = [
  {
    actions: /^s3:(Get|Put)Object(Version)?(Tagging)?$/,
    resource: /^bucket\/.*\*$/,
    why: 'the keys of future objects are not known; the prefixes of the routes limit them, except for GuardDuty',
  },
  {
    actions: /^ec2:/,
    resource: /^\*$/,
    why: "network interfaces do not exist before Lambda creates them; the function's own code is denied these calls",
  },
  {
    actions: /^events:/,
    resource: /DO-NOT-DELETE-AmazonGuardDutyMalwareProtectionS3\*/,
    why: 'GuardDuty adds to the name of its rule',
  },
  { actions: /^xray:/, resource: /^\*$/, why: 'these X-Ray calls do not support resources' },
  {
    actions: /^s3:PutBucketNotification$/,
    resource: /^\*$/,
    why: "CDK's own function, during deployments only; CDK allows it all buckets if a bucket is imported",
  },
  {
    actions: /^s3:GetBucketNotification$/,
    resource: /^\*$/,
    why: "CDK's own function, which keeps the notifications of other owners",
  },
];

describe.each(Object.keys(CONFIGURATIONS))('the permissions of "%s"', (name) => {
  const template = templateOf(name);
  const resources = template.toJSON()['Resources'] as Record<string, { Type: string; Properties: never }>;
  const kinds = kindsOf(resources);
  const policies = Object.entries(template.findResources('AWS::IAM::Policy'));
  const statements = (of: (id: string) => boolean): Statement[] =>
    policies.filter(([id]) => of(id)).flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement);
  const isOfFunction = (id: string) => id.startsWith('RelayRole');

  it('allow the function only the listed actions, on the listed kinds of resources', () => {
    const own = statements(isOfFunction).filter(({ Effect }) => Effect === 'Allow');
    for (const { Action, Resource } of own) {
      for (const action of [Action].flat()) {
        expect(Object.keys(FUNCTION_ACTIONS)).toContain(action);
        for (const resource of [Resource].flat()) expect(kinds(resource)).toMatch(FUNCTION_ACTIONS[action] ?? /^$/);
      }
    }
    expect(own.length).toBeGreaterThan(5);
  });

  it('have no wildcard in actions, and none without a reason in resources', () => {
    for (const { Effect, Action, Resource } of statements(() => true)) {
      if (Effect === 'Deny') continue;
      for (const action of [Action].flat()) {
        expect(action).not.toContain('*');
        for (const resource of [Resource]
          .flat()
          .map(kinds)
          .filter((text) => text.includes('*'))) {
          const reason = WILDCARDS.find((known) => known.actions.test(action) && known.resource.test(resource));
          expect(`${action} on ${resource}: ${reason?.why ?? 'why?'}`).not.toContain('why?');
        }
      }
    }
  });

  it("use no managed policy except for CDK's own function", () => {
    const roles = Object.entries(template.findResources('AWS::IAM::Role'));
    const withPolicies = roles.filter(([, { Properties }]) => Properties.ManagedPolicyArns !== undefined);
    expect(withPolicies.every(([id]) => id.startsWith('BucketNotificationsHandler'))).toBe(true);
  });

  it('allow only AWS services that act for this account, and deny calls without TLS', () => {
    for (const type of ['AWS::SQS::QueuePolicy', 'AWS::SNS::TopicPolicy', 'AWS::S3::BucketPolicy']) {
      for (const { Properties } of Object.values(template.findResources(type))) {
        const own: Statement[] = Properties.PolicyDocument.Statement;
        expect(
          own.some(
            ({ Effect, Condition }) => Effect === 'Deny' && `${JSON.stringify(Condition)}`.includes('SecureTransport'),
          ),
        ).toBe(true);
        for (const { Principal, Condition } of own.filter(({ Effect }) => Effect === 'Allow')) {
          expect(Principal).toEqual({ Service: expect.stringMatching(/^(s3|events|cloudwatch)\.amazonaws\.com$/) });
          expect(Condition).toMatchObject({ StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } });
        }
      }
    }
  });

  it('belong to encrypted resources and a private bucket', () => {
    for (const { Properties } of Object.values(template.findResources('AWS::S3::Bucket'))) {
      expect(Properties.BucketEncryption).toBeDefined();
      expect(Object.values(Properties.PublicAccessBlockConfiguration)).toEqual([true, true, true, true]);
    }
    for (const { Properties } of Object.values(template.findResources('AWS::SQS::Queue'))) {
      expect(Properties.SqsManagedSseEnabled === true || Properties.KmsMasterKeyId !== undefined).toBe(true);
    }
    expect(Object.keys(template.findResources('AWS::Lambda::Url'))).toEqual([]);
    expect(Object.keys(template.findResources('AWS::Lambda::Permission'))).toEqual([]);
  });
});

it('the code of a function in a VPC is denied the calls for network interfaces', () => {
  const template = templateOf('private-network');
  const policies = Object.entries(template.findResources('AWS::IAM::Policy')).find(([id]) =>
    id.startsWith('RelayRole'),
  );
  const own: Statement[] = policies?.[1]['Properties'].PolicyDocument.Statement ?? [];
  const denied = own.find(({ Effect }) => Effect === 'Deny');
  const allowed = own.find(
    ({ Effect, Action }) => Effect === 'Allow' && [Action].flat().includes('ec2:CreateNetworkInterface'),
  );
  expect(denied?.Action).toEqual(allowed?.Action);
  expect(denied?.Condition).toEqual({ Null: { 'lambda:SourceFunctionArn': 'false' } });
});

/** Returns the kind of a statement's resource. */
const kindsOf =
  (resources: Readonly<Record<string, { Type: string }>>) =>
  (resource: unknown): string => {
    const text = JSON.stringify(resource);
    const [, id = ''] = /"(?:Fn::GetAtt":\["|Ref":")(Relay\w+)"/.exec(text) ?? [];
    const suffix = /(\/[^/"]*(?:\/[^"]*)?\*)"/.exec(text)?.[1] ?? '';
    if (text === '"*"') return '*';
    const type = resources[id]?.Type ?? '';
    if (type === 'AWS::S3::Bucket' || text.includes(':s3:::'))
      return `bucket${/:s3:::[\w-]+(\/.*\*)"/.exec(text)?.[1] ?? suffix}`;
    if (type === 'AWS::SQS::Queue') return id.includes('DeadLetter') ? 'dead-letter queue' : 'queue';
    if (type === 'AWS::DynamoDB::Table') return 'table';
    if (type === 'AWS::SecretsManager::Secret' || text.includes(':secretsmanager:')) return 'secret';
    if (type === 'AWS::Logs::LogGroup') return 'log';
    if (text.includes(':kms:')) return 'key';
    return text;
  };
