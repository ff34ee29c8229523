import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { CONFIGURATIONS, reviewedTemplate } from './configurations.ts';

/** What loses data or its name when CloudFormation replaces it. */
const STATEFUL = [
  'AWS::S3::Bucket',
  'AWS::DynamoDB::Table',
  'AWS::SQS::Queue',
  'AWS::SecretsManager::Secret',
  'AWS::Logs::LogGroup',
  'AWS::SNS::Topic',
];
/** Properties that can't be changed in place. */
const REPLACING = ['QueueName', 'BucketName', 'TableName', 'KeySchema', 'AttributeDefinitions', 'FifoQueue'];

const file = new URL('golden/logical-ids.json', import.meta.url);

it('never replaces a bucket, a table or a queue by an update: their logical ids stay as they were released', () => {
  const actual = Object.fromEntries(
    Object.keys(CONFIGURATIONS).map((name) => [name, statefulOf(reviewedTemplate(name).toJSON())]),
  );
  // To be done only where a new configuration came; to change an id is to lose what it stands for.
  if (process.env['UPDATE_LOGICAL_IDS'] === '1') writeFileSync(file, `${JSON.stringify(actual, null, 2)}\n`);
  expect(actual).toEqual(JSON.parse(readFileSync(file, 'utf8')));
});

it('keeps what holds data when it leaves the stack', () => {
  for (const name of Object.keys(CONFIGURATIONS)) {
    const template = reviewedTemplate(name);
    for (const type of ['AWS::S3::Bucket', 'AWS::DynamoDB::Table', 'AWS::Logs::LogGroup']) {
      for (const { DeletionPolicy, UpdateReplacePolicy } of Object.values(template.findResources(type))) {
        expect([type, DeletionPolicy, UpdateReplacePolicy]).toEqual([type, 'Retain', 'Retain']);
      }
    }
  }
});

const statefulOf = (json: Record<string, unknown>): Record<string, unknown> => {
  const resources = json['Resources'] as Record<string, { Type: string; Properties: Record<string, unknown> }>;
  const stateful = Object.entries(resources).filter(([, { Type }]) => STATEFUL.includes(Type));
  return Object.fromEntries(
    stateful.map(([id, { Type, Properties }]) => [
      id,
      { Type, ...Object.fromEntries(Object.entries(Properties).filter(([key]) => REPLACING.includes(key))) },
    ]),
  );
};
