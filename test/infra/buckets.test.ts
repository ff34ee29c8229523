import { type App, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { User } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket, BucketEncryption, type IBucket } from 'aws-cdk-lib/aws-s3';
import { describe, expect, it } from 'vitest';
import { canHoldRocketChatUploads } from '../../lib/infra/config/loop-warning.ts';
import type { RocketChatRelayProps } from '../../lib/infra/relay-props.ts';
import { RocketChatRelay } from '../../lib/infra/rocket-chat-relay.ts';
import { eventKeyPatterns } from '../../lib/infra/storage/event-patterns.ts';
import { CONFIGURATIONS, templateOf } from './configurations.ts';
import { synthesise, withApp } from './synthesise.ts';

const valid: RocketChatRelayProps = {
  rocketChatUrl: 'https://chat.acme.test',
  routes: [{ room: '#a', prefix: 'in/' }],
};

const relayOf = (stack: Stack, props: Partial<RocketChatRelayProps> = {}) =>
  new RocketChatRelay(stack, 'Relay', { ...valid, ...props });

describe('several buckets', () => {
  const template = templateOf('existing-buckets');

  it('all notify the queue, which accepts messages from no other sender', () => {
    template.resourceCountIs('AWS::S3::Bucket', 0);
    for (const BucketName of ['acme-scans', 'acme-photos']) {
      template.hasResourceProperties('Custom::S3BucketNotifications', { BucketName, Managed: false });
    }
    const arns = ['acme-scans', 'acme-photos'].map((name) => ({
      'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, `:s3:::${name}`]],
    }));
    template.hasResourceProperties('AWS::SQS::QueuePolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Sid: 'UploadsBucketOnly',
            Condition: Match.objectLike({ ArnEquals: { 'aws:SourceArn': arns } }),
          }),
        ]),
      },
    });
  });

  it('are the only buckets that the function may read', () => {
    const policies = JSON.stringify(
      template.findResources('AWS::IAM::Policy', {
        Properties: { Roles: [{ Ref: Match.stringLikeRegexp('^RelayRole') }] },
      }),
    );
    for (const objects of [
      'acme-scans/in?box/*',
      'acme-photos/in?box/*',
      'acme-scans/photos/*',
      'acme-photos/photos/*',
    ]) {
      expect(policies).toContain(`:s3:::${objects}`);
    }
  });
});

describe('EventBridge', () => {
  const template = templateOf('event-bridge');

  it('receives new objects without a change to the notifications of the bucket', () => {
    template.resourceCountIs('Custom::S3BucketNotifications', 0);
    template.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: {
        source: ['aws.s3'],
        'detail-type': ['Object Created'],
        detail: {
          bucket: { name: ['acme-lake'] },
          // Unencoded, as in EventBridge's events; S3's own filters would contain "in+box/".
          object: { key: [{ wildcard: 'in box/*.pdf' }, { prefix: 'photos/' }] },
        },
      },
    });
  });

  it('sends events to the queue, and undeliverable events to the dead-letter queue', () => {
    const [[ruleId, rule] = ['', undefined]] = Object.entries(template.findResources('AWS::Events::Rule'));
    expect(ruleId).toMatch(/^RelayUploadsRule/);
    expect(rule?.['Properties'].Targets).toEqual([
      {
        Arn: { 'Fn::GetAtt': [expect.stringMatching(/^RelayQueue/), 'Arn'] },
        DeadLetterConfig: { Arn: { 'Fn::GetAtt': [expect.stringMatching(/^RelayDeadLetterQueue/), 'Arn'] } },
        Id: 'Target0',
      },
    ]);
    const policies = Object.values(template.findResources('AWS::SQS::QueuePolicy'));
    expect(policies).toHaveLength(2);
    for (const { Properties } of policies) {
      const allowed = Properties.PolicyDocument.Statement.find(
        ({ Effect, Principal }: { Effect: string; Principal: { Service?: string } }) =>
          Effect === 'Allow' && Principal.Service === 'events.amazonaws.com',
      );
      expect(allowed.Action).toBe('sqs:SendMessage');
      // The policies name the rule whether it exists or not.
      const named = JSON.stringify(allowed.Condition.ArnEquals['aws:SourceArn']);
      expect(named).toContain(`:rule/${rule?.['Properties'].Name}"`);
      expect(allowed.Condition.StringEquals).toEqual({ 'aws:SourceAccount': { Ref: 'AWS::AccountId' } });
    }
  });

  it('has a rule whose name EventBridge accepts, also for a long stack name', () => {
    const { template: own } = synthesise({ eventBridge: true, stackName: `A${'b'.repeat(127)}` });
    const [rule] = Object.values(own.findResources('AWS::Events::Rule'));
    expect(rule?.['Properties'].Name).toMatch(/^[\w.-]{1,64}$/);
  });

  it('is turned on for a new bucket, versioned or not, by the resource that else notifies the queue', () => {
    const own = templateOf('new-bucket-with-event-bridge');
    own.hasResourceProperties('AWS::S3::Bucket', {
      NotificationConfiguration: Match.absent(),
      VersioningConfiguration: { Status: 'Enabled' },
    });
    own.hasResourceProperties('Custom::S3BucketNotifications', {
      NotificationConfiguration: { EventBridgeConfiguration: {}, QueueConfigurations: Match.absent() },
      Managed: true,
    });
    const ids = (name: string) => Object.keys(templateOf(name).findResources('Custom::S3BucketNotifications'));
    expect(ids('new-bucket-with-event-bridge')).toEqual(ids('relay-stack'));
  });

  it.each([
    { why: 'every key', filters: [{ prefix: '', suffix: '' }], patterns: [] },
    { why: 'keys with a suffix', filters: [{ prefix: '', suffix: '.pdf' }], patterns: [{ suffix: '.pdf' }] },
    { why: 'keys with a backslash', filters: [{ prefix: 'a\\', suffix: '.b' }], patterns: [{ wildcard: 'a\\\\*.b' }] },
    {
      why: 'keys in which prefix and suffix overlap',
      filters: [{ prefix: 'a.', suffix: '.b' }],
      patterns: [{ prefix: 'a.' }],
    },
    {
      why: 'keys with up to three combinations of prefix and suffix',
      filters: ['.png', '.jpg', '.gif'].map((suffix) => ({ prefix: 'img/', suffix })),
      patterns: [{ wildcard: 'img/*.png' }, { wildcard: 'img/*.jpg' }, { wildcard: 'img/*.gif' }],
    },
    {
      why: 'the prefixes only if more wildcards would be too complex for a rule',
      filters: [
        ...['.png', '.jpg', '.gif', '.svg'].map((suffix) => ({ prefix: 'img/', suffix })),
        { prefix: '', suffix: '.pdf' },
        { prefix: 'scans/', suffix: '' },
      ],
      patterns: [{ prefix: 'img/' }, { suffix: '.pdf' }, { prefix: 'scans/' }],
    },
    {
      why: 'every key if the patterns are too long for a rule',
      filters: Array.from({ length: 100 }, (_, i) => ({ prefix: `department-${i}/incoming/`, suffix: '' })),
      patterns: [],
    },
  ])('matches $why', ({ filters, patterns }) => {
    expect(eventKeyPatterns(filters)).toEqual(patterns);
  });
});

describe('a bucket of another stack', () => {
  const twoStacks = <T>(use: (parts: { stack: Stack; bucket: IBucket; other: Stack }) => T): T =>
    withApp((app: App) => {
      const other = new Stack(app, 'Storage');
      const stack = new Stack(app, 'Mine');
      const encryptionKey = new Key(other, 'Key', { enableKeyRotation: true });
      const bucket = new Bucket(other, 'Lake', {
        eventBridgeEnabled: true,
        encryption: BucketEncryption.KMS,
        encryptionKey,
      });
      return use({ stack, bucket: bucket as IBucket, other });
    });

  it('works with EventBridge, and only the relay stack depends on the other stack', () => {
    twoStacks(({ stack, bucket, other }) => {
      relayOf(stack, { buckets: [bucket], eventBridge: true });
      const template = Template.fromStack(stack);
      template.resourceCountIs('AWS::Events::Rule', 1);
      expect(stack.dependencies).toEqual([other]);
      expect(other.dependencies).toEqual([]);
      const policy = JSON.stringify(template.findResources('AWS::IAM::Policy'));
      // CDK has several ways to refer to a resource of another stack.
      expect(policy).toMatch(/"Action":"kms:Decrypt","Effect":"Allow","Resource":\{"Fn::(ImportValue|GetStackOutput)"/);
    });
  });

  it('is refused without EventBridge, because the two stacks would depend on each other', () => {
    twoStacks(({ stack, bucket }) => {
      expect(() => relayOf(stack, { buckets: [bucket] })).toThrow(
        /buckets is Storage\/Lake: .* set eventBridge to true on the relay and eventBridgeEnabled to true on the bucket/,
      );
    });
  });
});

describe('a customer managed key', () => {
  it('encrypts everything that the construct creates, and allows the services to use it', () => {
    withApp((app: App) => {
      const stack = new Stack(app, 'Mine');
      const key = new Key(stack, 'Key');
      const relay = relayOf(stack, { encryptionKey: key });
      relay.grantRedrive(new User(stack, 'Operator'));
      const template = Template.fromStack(stack);
      const arn = { 'Fn::GetAtt': [Match.stringLikeRegexp('^Key'), 'Arn'] };
      template.hasResourceProperties('AWS::S3::Bucket', {
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [
            { BucketKeyEnabled: true, ServerSideEncryptionByDefault: { KMSMasterKeyID: arn, SSEAlgorithm: 'aws:kms' } },
          ],
        },
      });
      template.allResourcesProperties('AWS::SQS::Queue', { KmsMasterKeyId: arn });
      template.hasResourceProperties('AWS::DynamoDB::Table', {
        SSESpecification: { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: arn },
      });
      template.hasResourceProperties('AWS::Logs::LogGroup', { KmsKeyId: arn });
      template.hasResourceProperties('AWS::SecretsManager::Secret', { KmsKeyId: arn });
      template.hasResourceProperties('AWS::SNS::Topic', { KmsMasterKeyId: arn });
      const [{ Properties }] = Object.values(template.findResources('AWS::KMS::Key')) as [{ Properties: never }];
      const policy = JSON.stringify(Properties);
      // The operator's, for the messages of the queues and the entries of the ledger.
      template.hasResourceProperties('AWS::IAM::Policy', {
        PolicyName: Match.stringLikeRegexp('^Operator'),
        PolicyDocument: {
          Statement: Match.arrayWith([
            { Action: ['kms:Decrypt', 'kms:GenerateDataKey'], Effect: 'Allow', Resource: arn },
          ]),
        },
      });
      for (const service of ['s3.amazonaws.com', 'events.amazonaws.com', 'cloudwatch.amazonaws.com', 'LogGroup'])
        expect(policy).toContain(service);
    });
  });

  it('makes the queue policies check the account of EventBridge instead of the rule', () => {
    const { encryptionKeyArn } = CONFIGURATIONS['own-keys'] as { encryptionKeyArn: string };
    const { template, findings } = synthesise({ encryptionKeyArn, eventBridge: true });
    expect(findings).toEqual([]);
    for (const { Properties } of Object.values(template.findResources('AWS::SQS::QueuePolicy'))) {
      const allowed = Properties.PolicyDocument.Statement.filter(
        ({ Sid }: { Sid?: string }) => Sid === 'UploadsRuleOnly',
      );
      expect(allowed.map(({ Condition }: { Condition: unknown }) => Condition)).toEqual([
        { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
      ]);
    }
  });
});

describe('the warning about loops', () => {
  const UPLOAD = '0d9a3f0e-5d0f-4c1e-9f6e-8a1c2b3d4e5f/uploads/GENERAL/rocket.cat/24CsGvSbGZZ4jgHqd';

  it.each([
    { prefix: undefined, suffix: undefined },
    { prefix: '', suffix: 'd' },
    { prefix: '0d', suffix: '' },
    ...Array.from({ length: 5 }, (_, i) => ({
      prefix: `${UPLOAD.split('/').slice(0, i).join('/')}${i > 0 ? '/' : ''}`,
      suffix: '',
    })),
    { prefix: UPLOAD.slice(0, 40), suffix: '' },
    { prefix: 'mine/uploads/', suffix: undefined },
  ])('is given for the prefix $prefix with the suffix $suffix', (route) => {
    expect(canHoldRocketChatUploads(route)).toBe(true);
  });

  it.each([
    { prefix: 'invoices/' },
    { prefix: 'in box' },
    { prefix: 'uploads/' },
    { prefix: 'scans' },
    { suffix: '.pdf' },
    { prefix: '0d', suffix: 'a.png' },
    { prefix: 'a/b/c/d/e/f' },
  ])('is not given for %j', (route) => {
    expect(canHoldRocketChatUploads(route)).toBe(false);
  });

  it('is given for existing buckets only, because the chat server cannot use a new one', () => {
    expect(synthesise({}).warnings.join()).not.toContain('own uploads');
    const { warnings } = synthesise({ bucketNames: ['acme-files'] });
    expect(warnings.join()).toContain("routes[0] of the relay would match Rocket.Chat's own uploads");
    expect(warnings.join()).toContain('in the bucket acme-files');
    const narrow = synthesise({ bucketNames: ['acme-files'], routes: [{ room: '#a', prefix: 'in/' }] });
    expect(narrow.warnings.join()).not.toContain('own uploads');
  });

  it('is a CDK warning at the construct, so it can be acknowledged', () => {
    withApp((app: App) => {
      const stack = new Stack(app, 'Mine');
      const bucket = Bucket.fromBucketName(stack, 'Lake', 'acme-lake');
      const relay = relayOf(stack, { buckets: [bucket], routes: [{ room: '#a' }] });
      Annotations.fromStack(stack).hasWarning('/Mine/Relay', Match.stringLikeRegexp('own uploads'));
      expect(relay.bucket).toBe(bucket);
    });
  });
});
