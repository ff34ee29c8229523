import { createServer } from 'node:http';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Output, SETTINGS_METADATA } from '../../../lib/infra/output-names.ts';
import { LOCAL_MAPPING_ID } from '../../../lib/local/lambda/operations-api.ts';
import { listenOnLoopback } from '../../../lib/local/loopback.ts';
import { type OperatorWorld, runCommand, startOperatorWorld } from '../../helpers/operator.ts';
import { startScriptedAws } from '../../helpers/scripted-aws.ts';

// A deployed relay, as the commands see one: a stack whose resources are those of an embedded relay, with CloudWatch.

interface Point {
  readonly secondsAgo: number;
  readonly value: number;
}

let world: OperatorWorld;
let env: Record<string, string>;
let points: Record<string, readonly Point[]> = {};
const closers: (() => Promise<void>)[] = [];

/** GetMetricStatistics in AWS JSON 1.0. */
const startCloudWatch = async (): Promise<string> => {
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text) => {
      body += text;
    });
    request.once('end', () => {
      const { MetricName, Statistics, StartTime } = JSON.parse(body);
      const now = Date.now() / 1_000;
      const Datapoints = (points[MetricName] ?? [])
        .map(({ secondsAgo, value }) => ({ Timestamp: now - secondsAgo, [Statistics[0]]: value }))
        .filter(({ Timestamp }) => Number(Timestamp) >= StartTime);
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(JSON.stringify({ Label: MetricName, Datapoints }));
    });
  });
  const { endpoint, close } = await listenOnLoopback(server);
  closers.push(close);
  return endpoint;
};

beforeAll(async () => {
  world = await startOperatorWorld();
  closers.push(() => world.close());
  const { relay } = world;
  const aws = await startScriptedAws({
    name: 'MyRelay',
    metadata: { [SETTINGS_METADATA]: relay.settings },
    outputs: {
      [Output.RocketChatUrl]: relay.rocketChatUrl,
      [Output.BucketName]: relay.bucket,
      [Output.QueueUrl]: relay.queueUrl,
      [Output.DeadLetterQueueUrl]: relay.deadLetterQueueUrl,
      [Output.TableName]: relay.ledgerTable,
      [Output.SecretArn]: relay.secretId,
      [Output.FunctionName]: 'relay-function',
      [Output.EventSourceMappingId]: LOCAL_MAPPING_ID,
      [Output.LogGroupName]: '/aws/lambda/relay',
      [Output.AlarmTopicArn]: 'arn:aws:sns:eu-central-1:111122223333:alarms',
      [Output.ServiceName]: 'MyService',
    },
  });
  closers.push(aws.close);
  env = {
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL: aws.endpoint,
    AWS_ENDPOINT_URL_S3: relay.endpoints.s3,
    AWS_ENDPOINT_URL_SQS: relay.endpoints.sqs,
    AWS_ENDPOINT_URL_DYNAMODB: relay.endpoints.dynamodb,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: relay.endpoints.secretsManager,
    AWS_ENDPOINT_URL_LAMBDA: relay.endpoints.lambda,
    AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: relay.endpoints.logs,
    AWS_ENDPOINT_URL_CLOUDWATCH: await startCloudWatch(),
  };
});
afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

const run = (...args: string[]) => runCommand([...args, '--stack', 'MyRelay'], { env });

describe('the commands with --stack', () => {
  it('status reads the age, the rate and what was posted from CloudWatch', async () => {
    points = {
      ObjectsPosted: [{ secondsAgo: 1, value: 450 }],
      ApproximateAgeOfOldestMessage: [
        { secondsAgo: 120, value: 9_000 },
        { secondsAgo: 60, value: 7_200 },
      ],
    };
    const { exitCode, records, stderr } = await run('status', '--json');
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(records()[0]).toMatchObject({
      relay: 'the stack MyRelay in eu-central-1',
      oldestAgeSeconds: 7_200,
      postedToday: 450,
      postedPerSecond: 0.5,
      unavailable: [],
    });
  });

  it('status shows the drain time under a rate limit, which the function measures', async () => {
    points = { ExpectedDrainTime: [{ secondsAgo: 30, value: 7_200 }] };
    expect((await run('pause')).exitCode).toBe(0);
    await world.relay.clients.s3.send(new PutObjectCommand({ Bucket: 'uploads', Key: 'waits.txt', Body: 'abc' }));
    await world.relay.countMessages('uploads');
    expect((await run('status', '--json')).records()[0]).toMatchObject({ waiting: 1, drainSeconds: 7_200 });
    expect((await run('resume')).exitCode).toBe(0);
  });

  it('pause warns if the oldest message is near the end of its retention', async () => {
    const day = 86_400;
    points = { ApproximateAgeOfOldestMessage: [{ secondsAgo: 60, value: 13 * day }] };
    const { exitCode, stdout, stderr } = await run('pause');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('The oldest is 13 d old.');
    expect(stdout).toMatch(/nothing is lost before \S+Z, in 1 d\./);
    expect(stderr).toContain('Resume soon');
    points = { ApproximateAgeOfOldestMessage: [{ secondsAgo: 60, value: day }] };
    const early = await run('pause', '--json');
    expect(early.records()[0]).toMatchObject({ event: 'paused', oldestAgeSeconds: day, isNear: false });
    expect(early.stderr).toBe('');
    expect((await run('resume')).exitCode).toBe(0);
  });

  it('open prints the URL where there is no display, and says that there is no dashboard', async () => {
    const logs = await run('open', 'logs');
    expect(logs).toMatchObject({
      exitCode: 0,
      stdout:
        'https://eu-central-1.console.aws.amazon.com/cloudwatch/home?region=eu-central-1#logsV2:log-groups/log-group/$252Faws$252Flambda$252Frelay\n',
    });
    const dashboard = await run('open', 'dashboard');
    expect(dashboard.exitCode).toBe(1);
    expect(dashboard.stderr).toContain('deployed without a dashboard');
  });

  it('logs passes on what AWS answers if the log may not be read', async () => {
    const { exitCode, stdout, stderr } = await runCommand(['logs', '--stack', 'MyRelay'], {
      env: { ...env, AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: env['AWS_ENDPOINT_URL'] ?? '' },
    });
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toContain('AccessDenied');
  });
});
