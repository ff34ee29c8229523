import { readFileSync, writeFileSync } from 'node:fs';
import { Aws, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { beforeAll, describe, expect, it } from 'vitest';
import { RocketChatRelay, type RocketChatRelayProps } from '../../lib/infra/rocket-chat-relay.ts';
import { ROUTES, synthesise, withApp } from './synthesise.ts';

let template: Template;
beforeAll(() => {
  ({ template } = synthesise({ routes: ROUTES }));
});

describe('the stack', () => {
  it('is the one that was reviewed: run with UPDATE_GOLDEN=1 to accept a change', () => {
    const file = new URL('golden/relay-stack.json', import.meta.url);
    const actual = `${JSON.stringify(normalised(template.toJSON()), null, 2)}\n`;
    if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, actual);
    expect(actual).toBe(readFileSync(file, 'utf8'));
  });

  it.each([
    { name: 'a new bucket', relay: {} },
    { name: 'routes with prefixes', relay: { routes: ROUTES } },
    { name: 'a prefix of special characters', relay: { routes: [{ room: '#a', prefix: `a b+c=?\${x[ü}/` }] } },
    { name: 'an existing bucket', relay: { bucketName: 'mine', routes: ROUTES } },
    {
      name: 'an existing secret',
      relay: { secretArn: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:chat/bot-AbCdEf' },
    },
  ])('has no unexplained finding with $name', ({ relay }) => {
    expect(synthesise(relay).findings).toEqual([]);
  });

  it('tells what to do next', () => {
    const outputs = JSON.stringify(template.findOutputs('*'));
    expect(outputs).toContain('aws secretsmanager put-secret-value');
    expect(outputs).toContain('--secret-string file://token.json');
    expect(outputs).toMatch(/aws s3 cp example\.pdf 's3:\/\/.*\/in box\/example\.pdf'/);
  });
});

describe('RocketChatRelay in an app of its own', () => {
  const valid: RocketChatRelayProps = { rocketChatUrl: 'https://chat.acme.test', routes: [{ room: '#a' }] };

  /** The template of a stack with one relay for each of the props. */
  const stackOf = (...relays: Partial<RocketChatRelayProps>[]): Template =>
    withApp((app) => {
      const stack = new Stack(app, 'Mine');
      for (const [i, props] of relays.entries()) new RocketChatRelay(stack, `Relay${i}`, { ...valid, ...props });
      return Template.fromStack(stack);
    });

  it('stands more than once in a stack, each with its own code and names', () => {
    const two = stackOf({}, { routes: [{ room: '#b' }] });
    const functions = Object.values(
      two.findResources('AWS::Lambda::Function', { Properties: { Runtime: 'nodejs24.x' } }),
    );
    expect(new Set(functions.map(({ Properties }) => Properties.Code.S3Key)).size).toBe(2);
    const services = functions.map(({ Properties }) => Properties.Environment.Variables.POWERTOOLS_SERVICE_NAME);
    expect(new Set(services).size).toBe(2);
    const queues = Object.values(two.findResources('AWS::SQS::Queue', { Properties: { VisibilityTimeout: 960 } }));
    expect(new Set(queues.map(({ Properties }) => Properties.QueueName)).size).toBe(2);
  });

  it('takes a URL that CloudFormation fills in, but settings only as they are', () => {
    stackOf({ rocketChatUrl: `https://${Aws.REGION}.acme.test` }).resourceCountIs('AWS::S3::Bucket', 1);
    expect(() => stackOf({ routes: [{ room: Aws.STACK_NAME }] })).toThrow(
      'routes[0].room: must be a value known on synth',
    );
  });

  it('gives its data up only where told to', () => {
    const given = stackOf({ removalPolicy: RemovalPolicy.DESTROY });
    given.hasResource('AWS::S3::Bucket', { DeletionPolicy: 'Delete' });
    given.hasResource('AWS::DynamoDB::Table', {
      DeletionPolicy: 'Delete',
      Properties: { DeletionProtectionEnabled: false },
    });
  });

  it('names every setting that is wrong', () => {
    expect(() => stackOf({ filesAtOnce: 0, retryForHours: -1 })).toThrow(
      /RocketChatRelay\.retryForHours is -1: .*\n.*RocketChatRelay\.filesAtOnce is 0: /,
    );
    expect(() => stackOf({ rocketChatUrl: 'http://acme.test' })).toThrow(
      'RocketChatRelay.rocketChatUrl is "http://acme.test": must start with "https://"',
    );
  });
});

/** Without what changes with every build of the function or with CDK's own handler. */
const normalised = (json: unknown): unknown =>
  JSON.parse(
    JSON.stringify(json, (key, value) => (key === 'ZipFile' ? "CDK's own handler" : value)).replaceAll(
      /[0-9a-f]{64}/g,
      'ASSET-HASH',
    ),
  );
