import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Output, SETTINGS_METADATA } from '../../../lib/infra/output-names.ts';
import { type OperatorWorld, runCommand, startOperatorWorld } from '../../helpers/operator.ts';
import { type ScriptedAws, type ScriptedStack, startScriptedAws } from '../../helpers/scripted-aws.ts';

let world: OperatorWorld;
const servers: ScriptedAws[] = [];
beforeAll(async () => {
  world = await startOperatorWorld();
});
afterAll(async () => {
  for (const { close } of servers) await close();
  await world.close();
});

/** A stack whose resources are those of the embedded relay. */
const outputs = (): Record<string, string> => {
  const { relay } = world;
  return {
    [Output.RocketChatUrl]: relay.rocketChatUrl,
    [Output.BucketName]: relay.bucket,
    [Output.QueueUrl]: relay.queueUrl,
    [Output.DeadLetterQueueUrl]: relay.deadLetterQueueUrl,
    [Output.TableName]: relay.ledgerTable,
    [Output.SecretArn]: relay.secretId,
    [Output.FunctionName]: 'relay-function',
    [Output.EventSourceMappingId]: '3f1c8c1e-0000-4000-8000-000000000001',
    [Output.LogGroupName]: 'relay-log',
    [Output.AlarmTopicArn]: 'arn:aws:sns:eu-central-1:111122223333:alarms',
    [Output.ServiceName]: 'RocketChatRelay-Relay-1',
  };
};

/** The environment in which the SDK finds the stack and its resources; other services refuse. */
const environment = async (stack: Partial<ScriptedStack> = {}): Promise<Record<string, string>> => {
  const { endpoints, settings } = world.relay;
  const metadata = { [SETTINGS_METADATA]: settings };
  const aws = await startScriptedAws({ name: 'MyRelay', outputs: outputs(), metadata, ...stack });
  servers.push(aws);
  return {
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL: aws.endpoint,
    AWS_ENDPOINT_URL_S3: endpoints.s3,
    AWS_ENDPOINT_URL_SQS: endpoints.sqs,
    AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoints.secretsManager,
  };
};

describe('a command with --stack', () => {
  it('finds the relay by the outputs and the metadata of its stack', async () => {
    const env = await environment();
    const { exitCode, stdout, stderr } = await runCommand(
      ['send', 'README.md', '--room', '#general', '--stack', 'MyRelay'],
      { env },
    );
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toMatch(/^posted {2}README\.md .* to #general as message /);
  });

  it.each([
    ['the stack does not exist', {}, 'Other', 'There is no stack Other in eu-central-1 in this account'],
    [
      'the stack is not a relay',
      { outputs: { Url: 'https://a.org' } },
      'MyRelay',
      'has no output RocketChatUrl, BucketName',
    ],
    ['the template has no settings', { metadata: {} }, 'MyRelay', 'has no settings that this version can read'],
  ])('exits with 1 and says so if %s', async (_, stack, name, message) => {
    const env = await environment(stack);
    const args = ['send', 'README.md', '--room', '#general', '--stack', name];
    const { exitCode, stdout, stderr } = await runCommand(args, { env });
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toContain(message);
  });

  it.each([
    ['credentials', { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' }, 'No AWS credentials were found'],
    ['a region', { AWS_REGION: '' }, 'No AWS region is configured: give --region'],
  ])('exits with 1 and says what to set if there are %s', async (_, changes, message) => {
    const env = { ...(await environment()), ...changes };
    const { exitCode, stderr } = await runCommand(['send', 'README.md', '--room', '#general', '--stack', 'MyRelay'], {
      env,
    });
    expect(exitCode).toBe(1);
    expect(stderr).toContain(message);
  });
});

describe('relay doctor --stack', () => {
  it('runs the checks that it may, and says of the others which permission is missing', async () => {
    const env = await environment();
    const { exitCode, records, stderr } = await runCommand(['doctor', '--stack', 'MyRelay', '--json'], { env });
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: '' });
    const statuses = Object.fromEntries(records().map(({ check, status }) => [check, status]));
    expect(statuses).toMatchObject({
      ...{ server: 'ok', version: 'ok', token: 'ok', rooms: 'ok', outputs: 'ok', secret: 'ok', loop: 'ok' },
      ...{ 'event-source-mapping': 'unknown', function: 'unknown', notifications: 'unknown' },
      ...{ alarms: 'unknown', 'alarm-subscribers': 'unknown', 'dead-letters': 'ok' },
    });
    for (const { status, note } of records().filter((record) => record['status'] === 'unknown')) {
      expect([status, note]).toEqual(['unknown', expect.stringContaining('AccessDenied')]);
    }
    expect(records().at(-1)).toMatchObject({ verdict: 'not healthy', problem: 1, unknown: 5 });
  });

  it('reports a stack that does not exist as its first finding', async () => {
    const env = await environment();
    const { exitCode, stdout } = await runCommand(['doctor', '--stack', 'Other'], { env });
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^problem {2}outputs +the relay was not found\n +There is no stack Other in eu-central-1/);
    expect(stdout).toMatch(/\nNot healthy: 1 check has problems/);
  });
});
