import { Match, type Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it } from 'vitest';
import { LedgerTable } from '../../lambdas/relay/names.ts';
import { reviewedTemplate } from './configurations.ts';
import { ROUTES, resourceOf, synthesise } from './synthesise.ts';

let template: Template;
beforeAll(() => {
  template = reviewedTemplate('relay-stack');
});

const resource = (type: string, idPart?: string) => resourceOf(template, type, idPart);
const arnOf = (type: string, idPart?: string) => resource(type, idPart).arn;

describe('the bucket', () => {
  it('is private, encrypted, accessible over TLS 1.2 only, and retained when the stack is deleted', () => {
    template.hasResource('AWS::S3::Bucket', {
      DeletionPolicy: 'Retain',
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
      RedrivePolicy: { deadLetterTargetArn: arnOf('AWS::SQS::Queue', 'DeadLetter'), maxReceiveCount: 1000 },
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

  it('accept messages only from S3 for this bucket of this account', () => {
    const { PolicyDocument } = resource('AWS::SQS::QueuePolicy', 'RelayQueue').Properties;
    const allowed = (PolicyDocument as { Statement: { Effect: string }[] }).Statement.filter(
      (s) => s.Effect === 'Allow',
    );
    expect(allowed).toEqual([
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
    ]);
  });
});

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
