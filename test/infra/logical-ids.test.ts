import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { CONFIGURATIONS, templateOf } from './configurations.ts';

/** Resource types that lose data or their name when CloudFormation replaces them. */
const STATEFUL = [
  'AWS::S3::Bucket',
  'AWS::DynamoDB::Table',
  'AWS::SQS::Queue',
  'AWS::SecretsManager::Secret',
  'AWS::Logs::LogGroup',
  'AWS::SNS::Topic',
];
/** Properties whose change replaces the resource. */
const REPLACING = ['QueueName', 'BucketName', 'TableName', 'KeySchema', 'AttributeDefinitions', 'FifoQueue'];

const file = new URL('golden/logical-ids.json', import.meta.url);

it('an update replaces no stateful resource, because their logical ids equal the released ones', () => {
  const actual = Object.fromEntries(
    Object.keys(CONFIGURATIONS).map((name) => [name, statefulOf(templateOf(name).toJSON())]),
  );
  // Only for new configurations: a changed id replaces the resource and loses its data.
  if (process.env['UPDATE_LOGICAL_IDS'] === '1') writeFileSync(file, `${JSON.stringify(actual, null, 2)}\n`);
  expect(actual).toEqual(JSON.parse(readFileSync(file, 'utf8')));
});

it('buckets, tables and the log of the function are retained when they are removed from the stack', () => {
  for (const name of Object.keys(CONFIGURATIONS)) {
    const template = templateOf(name);
    for (const type of ['AWS::S3::Bucket', 'AWS::DynamoDB::Table', 'AWS::Logs::LogGroup']) {
      for (const [id, { DeletionPolicy, UpdateReplacePolicy }] of Object.entries(template.findResources(type))) {
        if (!id.startsWith('Relay')) continue;
        // The protected table could not be deleted after a failed first deployment.
        const expected = type === 'AWS::DynamoDB::Table' ? 'Retain' : 'RetainExceptOnCreate';
        expect([type, DeletionPolicy, UpdateReplacePolicy]).toEqual([type, expected, 'Retain']);
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
