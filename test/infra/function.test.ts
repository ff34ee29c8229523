import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it } from 'vitest';
import { Env } from '../../lambdas/relay/names.ts';
import { templateOf } from './configurations.ts';
import { resourceOf } from './synthesise.ts';

let template: Template;
beforeAll(() => {
  template = templateOf('relay-stack');
});

const resource = (type: string, idPart?: string) => resourceOf(template, type, idPart);
const arnOf = (type: string, idPart?: string) => resource(type, idPart).arn;

describe('the function', () => {
  it('runs on Node.js 24 with every environment variable that it needs', () => {
    const { Properties } = resource('AWS::Lambda::Function');
    expect(Properties).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      MemorySize: 256,
      Timeout: 900,
      LoggingConfig: { LogGroup: { Ref: resource('AWS::Logs::LogGroup').id } },
    });
    const { Variables } = Properties['Environment'] as { Variables: Record<string, unknown> };
    expect(Object.keys(Variables).sort()).toEqual([...Object.values(Env), 'POWERTOOLS_SERVICE_NAME'].sort());
  });

  it('receives batches of ten, reports failed messages one by one, and runs two instances at most', () => {
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      BatchSize: 10,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 2 },
      EventSourceArn: arnOf('AWS::SQS::Queue', 'RelayQueue'),
    });
    expect(resource('AWS::Lambda::Function').Properties).not.toHaveProperty('ReservedConcurrentExecutions');
  });

  it('is allowed the calls in its sources, except to read tags, and those they imply', () => {
    const { PolicyDocument } = resource('AWS::IAM::Policy', 'RoleDefaultPolicy').Properties;
    const actions = (PolicyDocument as { Statement: { Action: string | string[] }[] }).Statement.flatMap(
      (s) => s.Action,
    );
    expect(actions.sort()).toEqual([...calledActions(), ...IMPLIED].sort());
  });

  it('is allowed each call on the resource of that call only', () => {
    expect(resource('AWS::IAM::Role').Properties).not.toHaveProperty('ManagedPolicyArns');
    const bucket = arnOf('AWS::S3::Bucket');
    const { PolicyDocument } = resource('AWS::IAM::Policy', 'RoleDefaultPolicy').Properties;
    expect((PolicyDocument as { Statement: unknown[] }).Statement).toEqual([
      {
        Effect: 'Allow',
        Action: ['s3:GetObject', 's3:GetObjectVersion'],
        Resource: ['/in?box/*', '/photos/*'].map((objects) => ({ 'Fn::Join': ['', [bucket, objects]] })),
      },
      { Effect: 'Allow', Action: 's3:ListBucket', Resource: bucket },
      {
        Effect: 'Allow',
        Action: ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:UpdateItem'],
        Resource: arnOf('AWS::DynamoDB::Table'),
      },
      {
        Effect: 'Allow',
        Action: ['sqs:ChangeMessageVisibility', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', 'sqs:ReceiveMessage'],
        Resource: arnOf('AWS::SQS::Queue', 'RelayQueue'),
      },
      { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: arnOf('AWS::SQS::Queue', 'DeadLetter') },
      {
        Effect: 'Allow',
        Action: 'secretsmanager:GetSecretValue',
        Resource: { Ref: resource('AWS::SecretsManager::Secret').id },
      },
      {
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: arnOf('AWS::Logs::LogGroup'),
      },
    ]);
  });
});

/** The IAM actions of the AWS calls in the function's sources. */
const calledActions = (): string[] => {
  const folder = join(import.meta.dirname, '../../lambdas/relay');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  const sources = files.map((name) => readFileSync(join(folder, name), 'utf8')).join('\n');
  const calls = [...sources.matchAll(/\bnew (\w+)Command\(/g)].map(([, name = '']) => ACTIONS[name] ?? name);
  // Allowed only if a route needs tags: permissions.test.ts.
  return [...new Set(calls)].filter((name) => name !== 's3:GetObjectTagging').sort();
};

const ACTIONS: Readonly<Record<string, string>> = {
  GetObject: 's3:GetObject',
  HeadObject: 's3:GetObject',
  GetObjectTagging: 's3:GetObjectTagging',
  GetItem: 'dynamodb:GetItem',
  UpdateItem: 'dynamodb:UpdateItem',
  Query: 'dynamodb:Query',
  ChangeMessageVisibility: 'sqs:ChangeMessageVisibility',
  // SQS has no separate permission for batches.
  ChangeMessageVisibilityBatch: 'sqs:ChangeMessageVisibility',
  GetQueueAttributes: 'sqs:GetQueueAttributes',
  SendMessage: 'sqs:SendMessage',
  GetSecretValue: 'secretsmanager:GetSecretValue',
};

/**
 * Actions that no source names: GetObject with a versionId needs GetObjectVersion, ListBucket makes S3 answer 404 instead
 * of 403, and Lambda itself polls the queue and writes the log.
 */
const IMPLIED = [
  's3:GetObjectVersion',
  's3:ListBucket',
  'sqs:ReceiveMessage',
  'sqs:DeleteMessage',
  'logs:CreateLogStream',
  'logs:PutLogEvents',
];
