import { Match, type Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it } from 'vitest';
import { LedgerTable } from '../../lambdas/relay/names.ts';
import { FUNCTION_TIMEOUT } from '../../lib/infra/function/relay-function.ts';
import { longestRetryHours, maxReceiveCount } from '../../lib/infra/storage/uploads-queues.ts';
import { templateOf } from './configurations.ts';
import { ROUTES, resourceOf, synthesise } from './synthesise.ts';

let template: Template;
beforeAll(() => {
  template = templateOf('relay-stack');
});

const resource = (type: string, idPart?: string) => resourceOf(template, type, idPart);
const arnOf = (type: string, idPart?: string) => resource(type, idPart).arn;

describe('the bucket', () => {
  it('is private, encrypted, accessible over TLS 1.2 only, and retained when the stack is deleted', () => {
    template.hasResource('AWS::S3::Bucket', {
      // A failed first deployment deletes it.
      DeletionPolicy: 'RetainExceptOnCreate',
      Properties: {
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
        },
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
      },
    });
    const denied = (Condition: unknown) =>
      Match.objectLike({ Effect: 'Deny', Action: 's3:*', Principal: { AWS: '*' }, Condition });
    template.hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: [
          denied({ Bool: { 'aws:SecureTransport': 'false' } }),
          denied({ NumericLessThan: { 's3:TlsVersion': 1.2 } }),
        ],
      },
    });
  });

  it('notifies the queue of objects that a route can match, with encoded filters', () => {
    const { Properties } = resource('Custom::S3BucketNotifications');
    expect(Properties).toMatchObject({
      Managed: true,
      NotificationConfiguration: {
        QueueConfigurations: [
          {
            Events: ['s3:ObjectCreated:*'],
            QueueArn: arnOf('AWS::SQS::Queue', 'RelayQueue'),
            Filter: {
              Key: {
                FilterRules: [
                  { Name: 'suffix', Value: '.pdf' },
                  { Name: 'prefix', Value: 'in+box/' },
                ],
              },
            },
          },
          { Filter: { Key: { FilterRules: [{ Name: 'prefix', Value: 'photos/' }] } } },
        ],
      },
    });
  });

  it('is not created if a bucket is given, whose other notifications are kept', () => {
    const existing = synthesise({ bucketName: 'mine', routes: ROUTES }).template;
    existing.resourceCountIs('AWS::S3::Bucket', 0);
    existing.hasResourceProperties('Custom::S3BucketNotifications', { BucketName: 'mine', Managed: false });
  });
});

describe('the queues', () => {
  it('are encrypted and accessible over TLS only', () => {
    template.resourceCountIs('AWS::SQS::Queue', 2);
    template.allResourcesProperties('AWS::SQS::Queue', { SqsManagedSseEnabled: true });
    template.allResourcesProperties('AWS::SQS::QueuePolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Effect: 'Deny',
            Action: 'sqs:*',
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          }),
        ]),
      },
    });
  });

  it('keep dead letters for 14 days, and the dead-letter queue accepts the uploads queue only', () => {
    expect(resource('AWS::SQS::Queue', 'RelayQueue').Properties).toMatchObject({
      QueueName: 'RocketChatRelay-8849CC2A-uploads',
      MessageRetentionPeriod: 14 * 24 * 3600,
      VisibilityTimeout: 16 * 60,
      RedrivePolicy: { deadLetterTargetArn: arnOf('AWS::SQS::Queue', 'DeadLetter'), maxReceiveCount: 990 },
    });
    expect(resource('AWS::SQS::Queue', 'DeadLetter').Properties).toMatchObject({
      MessageRetentionPeriod: 14 * 24 * 3600,
    });
    const { Properties } = resource('AWS::SQS::Queue', 'DeadLetter');
    expect(Properties['RedriveAllowPolicy']).toMatchObject({ redrivePermission: 'byQueue' });
    expect(JSON.stringify(Properties['RedriveAllowPolicy'])).toContain(':RocketChatRelay-8849CC2A-uploads');
  });

  it('keep uploads for queueRetentionDays', () => {
    const { Properties } = resourceOf(synthesise({ queueRetentionDays: 3 }).template, 'AWS::SQS::Queue', 'RelayQueue');
    expect(Properties['MessageRetentionPeriod']).toBe(3 * 24 * 3600);
  });

  it.each(Array.from({ length: 14 }, (_, i) => i + 1))(
    'move a message that always crashes the function before it expires after %i days, and keep it three days more',
    (queueRetentionDays) => {
      const receives = maxReceiveCount({ queueRetentionDays, functionTimeout: FUNCTION_TIMEOUT });
      const movedAfterHours = (receives * 16) / 60;
      expect(movedAfterHours).toBeLessThan(queueRetentionDays * 24);
      // SQS keeps the time at which the message was enqueued; the dead-letter queue deletes it 14 days after that.
      expect(14 * 24 - movedAfterHours).toBeGreaterThanOrEqual(3 * 24);
    },
  );

  it.each([
    { queueRetentionDays: 14, hours: 288 },
    { queueRetentionDays: 3, hours: 66 },
    { queueRetentionDays: 1, hours: 18 },
  ])('allow $hours hours of retries in $queueRetentionDays days, with backoffs of one hour at most', (given) => {
    const times = { queueRetentionDays: given.queueRetentionDays, functionTimeout: FUNCTION_TIMEOUT };
    expect(longestRetryHours(times)).toBeGreaterThanOrEqual(given.hours);
    // Full jitter up to one hour. The function itself writes the dead letter when 99 % of the receives are used.
    for (let seed = 1; seed <= 200; seed++) {
      let [receives, hours] = [0, 0];
      for (; hours < given.hours; receives++) hours += Math.min(1, 2 ** (receives + 1) / 3600) * random(seed, receives);
      expect(receives).toBeLessThan(0.99 * maxReceiveCount(times));
    }
  });

  it('are refused with retries that outlast them', () => {
    expect(() => synthesise({ queueRetentionDays: 1 })).toThrow(
      /retryForHours is 24: must be at most 18 hours with queueRetentionDays 1: SQS would delete the message/,
    );
    expect(() => synthesise({ queueRetentionDays: 1, retryForHours: 18 })).not.toThrow();
    expect(() => synthesise({ retryForHours: 288 })).not.toThrow();
  });

  it('accept messages only from S3 for this bucket and from the rule of the relay, in this account', () => {
    const { PolicyDocument } = resource('AWS::SQS::QueuePolicy', 'RelayQueue').Properties;
    expect(allowedBy(PolicyDocument)).toEqual([
      {
        Sid: 'UploadsBucketOnly',
        Effect: 'Allow',
        Action: 'sqs:SendMessage',
        Principal: { Service: 's3.amazonaws.com' },
        Resource: arnOf('AWS::SQS::Queue', 'RelayQueue'),
        Condition: {
          ArnEquals: { 'aws:SourceArn': arnOf('AWS::S3::Bucket') },
          StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
        },
      },
      fromTheRule(arnOf('AWS::SQS::Queue', 'RelayQueue')),
    ]);
    const ofDeadLetters = resource('AWS::SQS::QueuePolicy', 'DeadLetter').Properties;
    expect(allowedBy(ofDeadLetters['PolicyDocument'])).toEqual([fromTheRule(arnOf('AWS::SQS::Queue', 'DeadLetter'))]);
  });
});

const allowedBy = (policy: unknown) =>
  (policy as { Statement: { Effect: string }[] }).Statement.filter(({ Effect }) => Effect === 'Allow');

const fromTheRule = (queueArn: unknown) => ({
  Sid: 'UploadsRuleOnly',
  Effect: 'Allow',
  Action: 'sqs:SendMessage',
  Principal: { Service: 'events.amazonaws.com' },
  Resource: queueArn,
  Condition: {
    ArnEquals: {
      'aws:SourceArn': {
        'Fn::Join': [
          '',
          [
            'arn:',
            { Ref: 'AWS::Partition' },
            ':events:',
            { Ref: 'AWS::Region' },
            ':',
            { Ref: 'AWS::AccountId' },
            ':rule/RocketChatRelay-8849CC2A-uploads',
          ],
        ],
      },
    },
    StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
  },
});

/** In [0, 1), the same for the same numbers. */
const random = (seed: number, index: number): number => {
  const x = Math.sin(seed * 12.9898 + index * 78.233) * 43_758.5453;
  return x - Math.floor(x);
};

describe('the ledger', () => {
  it('has the keys that the function uses, expires items, can be restored and is retained with the stack gone', () => {
    template.hasResource('AWS::DynamoDB::Table', {
      DeletionPolicy: 'Retain',
      Properties: {
        KeySchema: [
          { AttributeName: LedgerTable.PartitionKey, KeyType: 'HASH' },
          { AttributeName: LedgerTable.SortKey, KeyType: 'RANGE' },
        ],
        BillingMode: 'PAY_PER_REQUEST',
        TimeToLiveSpecification: { AttributeName: LedgerTable.TimeToLive, Enabled: true },
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        DeletionProtectionEnabled: true,
      },
    });
  });
});

describe('the secret', () => {
  it('has no value in the template', () => {
    expect(resource('AWS::SecretsManager::Secret').Properties).toEqual({
      Description: expect.any(String),
      GenerateSecretString: {},
    });
  });

  it('is not created if a secret is given, which is the only one that the function may read', () => {
    const secretArn = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:chat/bot-AbCdEf';
    const existing = synthesise({ secretArn }).template;
    existing.resourceCountIs('AWS::SecretsManager::Secret', 0);
    existing.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Action: 'secretsmanager:GetSecretValue', Resource: secretArn }),
        ]),
      },
    });
    expect(JSON.stringify(existing.findOutputs('*'))).not.toContain('put-secret-value');
  });
});

describe('with a required malware scan', () => {
  const scanned = templateOf('scanned');

  it('the new bucket is scanned and tagged by GuardDuty, which learns of objects from EventBridge', () => {
    const bucket = resourceOf(scanned, 'AWS::S3::Bucket');
    scanned.hasResource('AWS::GuardDuty::MalwareProtectionPlan', {
      Properties: {
        Actions: { Tagging: { Status: 'ENABLED' } },
        ProtectedResource: { S3Bucket: { BucketName: { Ref: bucket.id } } },
      },
      // GuardDuty and CDK must not change the bucket's notifications at the same time.
      DependsOn: Match.arrayWith([resourceOf(scanned, 'Custom::S3BucketNotifications').id]),
    });
    scanned.hasResourceProperties('Custom::S3BucketNotifications', {
      NotificationConfiguration: { EventBridgeConfiguration: {}, QueueConfigurations: Match.anyValue() },
    });
  });

  it("nobody but GuardDuty's role may write the tag of the result, with the object or later", () => {
    const role = resourceOf(scanned, 'AWS::IAM::Role', 'MalwareScanRole');
    scanned.hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          {
            Sid: 'OnlyGuardDutyCanTagScanStatus',
            Effect: 'Deny',
            Principal: { AWS: '*' },
            Action: ['s3:PutObject', 's3:PutObjectTagging', 's3:PutObjectVersionTagging'],
            Resource: Match.anyValue(),
            Condition: {
              'ForAnyValue:StringEquals': { 's3:RequestObjectTagKeys': 'GuardDutyMalwareScanStatus' },
              ArnNotEquals: { 'aws:PrincipalArn': role.arn },
            },
          },
        ]),
      },
    });
  });

  const readingStatement = (relay: Record<string, unknown>): Record<string, unknown> => {
    const policies = Object.values(synthesise(relay).template.findResources('AWS::IAM::Policy'));
    const statements = policies.flatMap(({ Properties }) => Properties['PolicyDocument'].Statement);
    const isReading = ({ Action }: { Action: unknown }) => `${Action}` === 's3:GetObject,s3:GetObjectVersion';
    return statements.find(isReading) ?? {};
  };

  it.each([{}, { bucketName: 'mine' }])('the function may read only clean objects of the bucket %j', (bucket) => {
    expect(readingStatement({ ...bucket, requireMalwareScan: true })['Condition']).toEqual({
      StringEquals: { 's3:ExistingObjectTag/GuardDutyMalwareScanStatus': 'NO_THREATS_FOUND' },
    });
    expect(readingStatement({ ...bucket })['Condition']).toBeUndefined();
  });

  it('an existing bucket is not changed', () => {
    const existing = synthesise({ bucketName: 'mine', requireMalwareScan: true }).template;
    existing.resourceCountIs('AWS::GuardDuty::MalwareProtectionPlan', 0);
    existing.resourceCountIs('AWS::S3::BucketPolicy', 0);
  });

  it('GuardDuty may use the key of the new bucket, by way of S3 only', () => {
    const encryptionKeyArn = 'arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555';
    const own = synthesise({ requireMalwareScan: true, encryptionKeyArn }).template;
    own.hasResourceProperties('AWS::IAM::Policy', {
      PolicyName: Match.stringLikeRegexp('MalwareScanRole'),
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
            Resource: encryptionKeyArn,
            Condition: { StringLike: { 'kms:ViaService': Match.anyValue() } },
          }),
        ]),
      },
    });
  });
});

describe('the permission to read tags', () => {
  const mayReadTags = (relay: Record<string, unknown>) =>
    JSON.stringify(synthesise(relay).template.findResources('AWS::IAM::Policy')).includes('s3:GetObjectTagging');

  it.each<[boolean, string, Record<string, unknown>]>([
    [false, 'nothing needs them', {}],
    [true, 'a route has a condition on tags', { routes: [{ room: '#a', tags: { team: 'a' } }] }],
    [true, 'a template has a tag', { routes: [{ room: '#a', caption: 'For {tags.team}' }] }],
  ])('is %s if %s', (isGranted, _, relay) => {
    expect(mayReadTags(relay)).toBe(isGranted);
  });
});
