import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AwsClients, AwsOptions } from '../../lambdas/relay/adapters/aws-clients.ts';
import { awsCodeOf, awsStatusOf } from '../../lambdas/relay/adapters/aws-error.ts';
import { awsClientsAt } from '../helpers/aws.ts';
import { type ScriptedServer, startScriptedServer } from '../helpers/scripted-server.ts';

let server: ScriptedServer;
beforeEach(async () => {
  server = await startScriptedServer();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await server.close();
});

const json = (status: number, body: object) =>
  server.answer((_, response) =>
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(body)),
  );
const getItem = ({ dynamodb }: AwsClients) =>
  dynamodb.send(new GetItemCommand({ TableName: 'ledger', Key: { pk: { S: 'x' } } }));
const errorOf = async (call: Promise<unknown>): Promise<unknown> => call.catch((error: unknown) => error);
const callAll = async ({ s3, dynamodb, sqs, secretsManager }: AwsClients) =>
  Promise.allSettled([
    s3.send(new GetObjectCommand({ Bucket: 'uploads', Key: 'a' })),
    dynamodb.send(new GetItemCommand({ TableName: 'ledger', Key: { pk: { S: 'x' } } })),
    sqs.send(
      new SendMessageCommand({ QueueUrl: 'https://sqs.eu-central-1.amazonaws.com/1/uploads', MessageBody: 'x' }),
    ),
    secretsManager.send(new GetSecretValueCommand({ SecretId: 'relay/bot' })),
  ]);

describe('the clients', () => {
  it("send the function's name, the role's credentials and the region in each request", async () => {
    const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'key', sessionToken: 'session==' };
    await callAll(awsClientsAt(server.url, { credentials }));
    expect(server.requests).toHaveLength(4);
    for (const { headers } of server.requests) {
      expect(headers.authorization).toMatch(/Credential=AKIDEXAMPLE\/\d+\/eu-central-1\//);
      expect(headers['x-amz-security-token']).toBe('session==');
      expect(headers['user-agent']).toContain('app/s3-to-rocketchat');
    }
  });

  it("send Lambda's trace header, by which it detects recursive loops", async () => {
    vi.stubEnv('AWS_LAMBDA_FUNCTION_NAME', 'relay');
    vi.stubEnv('_X_AMZN_TRACE_ID', 'Root=1-5759e988-bd862e3fe1be46a994272793;Lineage=1:a87bd80c:1');
    await callAll(awsClientsAt(server.url));
    expect(server.requests.map(({ headers }) => headers['x-amzn-trace-id'])).toEqual(
      Array.from({ length: 4 }, () => 'Root=1-5759e988-bd862e3fe1be46a994272793;Lineage=1:a87bd80c:1'),
    );
  });

  it('open no file, while a client without these settings does', async () => {
    const program = join(import.meta.dirname, '../helpers/opened-files.ts');
    const { stdout } = await promisify(execFile)(process.execPath, [program, server.url]);
    const opened = JSON.parse(stdout);
    expect(server.requests.length).toBeGreaterThanOrEqual(opened.calls);
    expect(opened.function).toEqual([]);
    expect(opened.bare).toContainEqual(expect.stringContaining('.aws'));
  });
});

const NO_ENDPOINTS: AwsOptions['endpoints'] = {
  s3: undefined,
  dynamodb: undefined,
  sqs: undefined,
  secretsManager: undefined,
};

/** Hosts and paths of one request to each service, none of which is sent. */
const urlsOf = async (overrides: Partial<AwsOptions>, bucket = 'uploads') => {
  const clients = awsClientsAt('', { endpoints: NO_ENDPOINTS, ...overrides });
  const urls: string[] = [];
  for (const { middlewareStack } of Object.values(clients) as S3Client[]) {
    middlewareStack.add(
      () => async (args) => {
        const { hostname, path } = args.request as { hostname: string; path: string };
        urls.push(`${hostname}${path}`);
        throw new Error('not sent');
      },
      { step: 'finalizeRequest', priority: 'low' },
    );
  }
  await Promise.allSettled([
    clients.s3.send(new GetObjectCommand({ Bucket: bucket, Key: 'a b' })),
    getItem(clients),
    clients.sqs.send(
      new SendMessageCommand({ QueueUrl: 'https://sqs.eu-central-1.amazonaws.com/1/uploads', MessageBody: 'x' }),
    ),
    clients.secretsManager.send(new GetSecretValueCommand({ SecretId: 'relay/bot' })),
  ]);
  return urls.sort();
};

describe('the endpoint', () => {
  it.each<[string, Partial<AwsOptions>, string[]]>([
    [
      "is the region's own",
      {},
      [
        'dynamodb.eu-central-1.amazonaws.com/',
        'secretsmanager.eu-central-1.amazonaws.com/',
        'sqs.eu-central-1.amazonaws.com/',
        'uploads.s3.eu-central-1.amazonaws.com/a%20b',
      ],
    ],
    [
      "is the partition's own",
      { region: 'cn-north-1' },
      [
        'dynamodb.cn-north-1.amazonaws.com.cn/',
        'secretsmanager.cn-north-1.amazonaws.com.cn/',
        'sqs.cn-north-1.amazonaws.com.cn/',
        'uploads.s3.cn-north-1.amazonaws.com.cn/a%20b',
      ],
    ],
    [
      'is a FIPS endpoint when the environment requests it',
      { region: 'us-east-1', useFipsEndpoint: true },
      [
        'dynamodb-fips.us-east-1.amazonaws.com/',
        'secretsmanager-fips.us-east-1.amazonaws.com/',
        'sqs-fips.us-east-1.amazonaws.com/',
        'uploads.s3-fips.us-east-1.amazonaws.com/a%20b',
      ],
    ],
    [
      'is a dual-stack endpoint when the environment requests it',
      { useDualstackEndpoint: true },
      [
        'dynamodb.eu-central-1.api.aws/',
        // This endpoint of Secrets Manager supports both protocols.
        'secretsmanager.eu-central-1.amazonaws.com/',
        'sqs.eu-central-1.api.aws/',
        'uploads.s3.dualstack.eu-central-1.amazonaws.com/a%20b',
      ],
    ],
  ])('%s', async (_, overrides, urls) => {
    expect(await urlsOf(overrides)).toEqual(urls);
  });

  it("has the bucket in its path if the bucket's name contains a dot, because no certificate matches such a host name", async () => {
    expect(await urlsOf({}, 'files.acme.test')).toContain('s3.eu-central-1.amazonaws.com/files.acme.test/a%20b');
  });

  it('has the bucket in its path if it was set in the environment', async () => {
    const endpoints = { ...NO_ENDPOINTS, s3: 'http://localhost:4566' };
    expect(await urlsOf({ endpoints })).toContain('localhost/uploads/a%20b');
  });
});

describe('a failed call', () => {
  it.each([
    [400, { __type: 'com.amazonaws.dynamodb.v20120810#ResourceNotFoundException' }, 'ResourceNotFoundException'],
    [400, { __type: 'com.amazon.coral.service#AccessDeniedException' }, 'AccessDeniedException'],
    [500, { __type: 'InternalServerError' }, 'InternalServerError'],
  ])('with the status %i and the body %j has a code and a status', async (status, body, code) => {
    json(status, body);
    const error = await errorOf(getItem(awsClientsAt(server.url)));
    expect([awsCodeOf(error), awsStatusOf(error)]).toEqual([code, status]);
  });

  it("without a connection has Node's error code and no status", async () => {
    const error = await errorOf(getItem(awsClientsAt('http://127.0.0.1:9')));
    expect([awsCodeOf(error), awsStatusOf(error)]).toEqual(['ECONNREFUSED', undefined]);
  });

  it.each([
    [500, 'InternalServerError'],
    [400, 'ThrottlingException'],
  ])('is repeated after %i %s, up to the third attempt', async (status, type) => {
    json(status, { __type: type });
    await errorOf(getItem(awsClientsAt(server.url, { maxAttempts: 3 })));
    expect(server.requests).toHaveLength(3);
  });

  it.each([
    [400, 'ConditionalCheckFailedException'],
    [400, 'ValidationException'],
    [403, 'AccessDeniedException'],
  ])('is not repeated after %i %s', async (status, type) => {
    json(status, { __type: type });
    const { dynamodb } = awsClientsAt(server.url, { maxAttempts: 3 });
    await errorOf(dynamodb.send(new UpdateItemCommand({ TableName: 'ledger', Key: { pk: { S: 'x' } } })));
    expect(server.requests).toHaveLength(1);
  });

  it('is repeated after its connection was lost', async () => {
    server.answer((request, response) => {
      if (server.requests.length === 1) request.socket.destroy();
      else response.writeHead(200).end('{}');
    });
    await getItem(awsClientsAt(server.url, { maxAttempts: 3 }));
    expect(server.requests).toHaveLength(2);
  });

  it('is not repeated after it was aborted', async () => {
    const stop = new AbortController();
    server.answer(() => stop.abort());
    const { s3 } = awsClientsAt(server.url, { maxAttempts: 3 });
    const command = new GetObjectCommand({ Bucket: 'uploads', Key: 'a' });
    expect(awsCodeOf(await errorOf(s3.send(command, { abortSignal: stop.signal })))).toBe('AbortError');
    expect(server.requests).toHaveLength(1);
  });
});
