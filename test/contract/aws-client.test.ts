import { createHash, createHmac } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AwsClient } from '../../lambdas/relay/adapters/aws/client.ts';
import { AwsError } from '../../lambdas/relay/adapters/aws/error.ts';
import { createS3Objects } from '../../lambdas/relay/adapters/s3/objects.ts';
import { awsJsonAt, s3ObjectsAt } from '../helpers/aws.ts';
import { createdObject } from '../helpers/factories.ts';
import { readAll } from '../helpers/read-stream.ts';
import { type ScriptedServer, startScriptedServer } from '../helpers/scripted-server.ts';

const { signal } = new AbortController();
const SECRET_KEY = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: SECRET_KEY, sessionToken: 'session==' };

let server: ScriptedServer;
beforeEach(async () => {
  server = await startScriptedServer();
});
afterEach(() => server.close());

const body = async (request: IncomingMessage): Promise<string> => (await readAll(request)).toString();
const error = (code: string, status?: number) => expect.objectContaining({ name: 'AwsError', code, status });
const json = (status: number, answer: object) =>
  server.answer((_, response) =>
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(answer)),
  );

/**
 * The signature that AWS would compute of a request as it came over the wire; written after the specification and not
 * with the signer's own code: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
const signatureOf = (request: IncomingMessage, payload: string): string => {
  const authorization = String(request.headers.authorization);
  const [, scope = '', signed = ''] = /Credential=[^/]+\/([^,]+), SignedHeaders=([^,]+),/.exec(authorization) ?? [];
  const [path = '', query = ''] = (request.url ?? '').split('?');
  const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
  const canonical = [
    request.method,
    path,
    query
      .split('&')
      .filter((pair) => pair !== '')
      .sort()
      .join('&'),
    ...signed.split(';').map((name) => `${name}:${String(request.headers[name]).trim().replace(/ +/g, ' ')}`),
    '',
    signed,
    sha256(payload),
  ].join('\n');
  const text = ['AWS4-HMAC-SHA256', request.headers['x-amz-date'], scope, sha256(canonical)].join('\n');
  const key = scope.split('/').reduce<string | Buffer>((secret, part) => hmac(secret, part), `AWS4${SECRET_KEY}`);
  return hmac(key, text).toString('hex');
};
const sentSignature = (request: IncomingMessage): string | undefined =>
  /Signature=(\w+)/.exec(String(request.headers.authorization))?.[1];

describe('a request to AWS', () => {
  it('is signed as it goes over the wire', async () => {
    const seen: { request: IncomingMessage; payload: string }[] = [];
    server.answer(async (request, response) => {
      seen.push({ request, payload: await body(request) });
      response.writeHead(200).end('{"Item":{}}');
    });
    const input = { TableName: 'Größe', Key: { pk: { S: '照片' } } };
    await awsJsonAt('dynamodb', server.url, { credentials })('GetItem', input);
    const [{ request, payload }] = seen as [(typeof seen)[0]];
    expect(JSON.parse(payload)).toEqual(input);
    expect(request.headers).toMatchObject({
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'DynamoDB_20120810.GetItem',
      'x-amz-security-token': 'session==',
    });
    expect(request.headers.authorization).toMatch(/\/eu-central-1\/dynamodb\/aws4_request, SignedHeaders=.*host;/);
    expect(sentSignature(request)).toBe(signatureOf(request, payload));
  });

  it.each([
    'plain.txt',
    'with space + plus.txt',
    '100%25.txt',
    'Umsätze/照片 🏔️.txt',
    "it's (1)!*~.txt",
    '../up/./here',
    '/leading//double/',
    'a?b=c&d#e;f:g@h,i|j\\k"l<m>',
    'line\nbreak\ttab',
  ])("of S3's is signed for the key %j, which it names as AWS's own client does", async (key) => {
    const seen: IncomingMessage[] = [];
    server.answer((request, response) => {
      seen.push(request);
      response.writeHead(200, { 'content-length': 1 }).end('x');
    });
    const object = createdObject({ key, versionId: 'a+b/c=' });
    const opened = await s3ObjectsAt(server.url, { credentials }).open(object, { signal });
    await readAll(opened.body);
    const sdk = new S3Client({ endpoint: server.url, region: 'eu-central-1', credentials, forcePathStyle: true });
    await sdk.send(new GetObjectCommand({ Bucket: object.bucket, Key: key, VersionId: 'a+b/c=' }));
    sdk.destroy();
    const [ours, theirs] = seen as [IncomingMessage, IncomingMessage];
    expect(ours.url?.split('?')[0]).toBe(theirs.url?.split('?')[0]);
    expect(ours.url).toContain('?versionId=a%2Bb%2Fc%3D');
    expect(sentSignature(ours)).toBe(signatureOf(ours, ''));
  });

  it('tells Lambda of the chain of events that it belongs to', async () => {
    json(200, {});
    const traceHeader = () => 'Root=1-5759e988-bd862e3fe1be46a994272793;Lineage=1:a87bd80c:1';
    await awsJsonAt('sqs', server.url, { traceHeader })('SendMessage', {});
    expect(server.requests[0]?.headers['x-amzn-trace-id']).toBe(traceHeader());
  });
});

describe('an error of AWS', () => {
  it.each([
    [{ __type: 'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException' }, 'ConditionalCheckFailedException'],
    [{ __type: 'ResourceNotFoundException', message: 'no' }, 'ResourceNotFoundException'],
    [{ message: 'no type' }, 'HTTP 400'],
    [{ __type: 7 }, '7'],
    [{ __type: '<script>' }, 'HTTP 400'],
  ])('%j has its code', async (answer, code) => {
    json(400, answer);
    await expect(awsJsonAt('dynamodb', server.url)('GetItem', {})).rejects.toEqual(error(code, 400));
  });

  it.each(['', '<html>bad gateway</html>', 'null', '[]'])('without JSON (%j) has its status', async (text) => {
    server.answer((_, response) => response.writeHead(403).end(text));
    await expect(awsJsonAt('sqs', server.url)('SendMessage', {})).rejects.toEqual(error('HTTP 403', 403));
  });

  it('may be as long as it likes, and no more is read than is needed', async () => {
    server.answer((_, response) => {
      response.writeHead(403);
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(64 * 1024)));
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    });
    await expect(awsJsonAt('sqs', server.url)('SendMessage', {})).rejects.toEqual(error('HTTP 403', 403));
  });

  it('is an answer that is no JSON, too', async () => {
    server.answer((_, response) => response.writeHead(200).end('OK'));
    await expect(awsJsonAt('sqs', server.url)('SendMessage', {})).rejects.toEqual(error('NotJson', 200));
  });
});

describe('a try that failed', () => {
  const waits: number[] = [];
  beforeEach(() => waits.splice(0));
  const call = (maxTries?: number) =>
    awsJsonAt('dynamodb', server.url, { maxTries: maxTries ?? 3, wait: async (ms) => void waits.push(ms) })(
      'Query',
      {},
    );
  const failTwice = (status: number, type: string) => {
    let tries = 0;
    server.answer((_, response) => {
      tries += 1;
      if (tries < 3) response.writeHead(status).end(JSON.stringify({ __type: type }));
      else response.writeHead(200).end('{"Count":0}');
    });
  };

  it.each([
    [500, 'InternalServerError', [100, 200]],
    [503, 'ServiceUnavailable', [100, 200]],
    [400, 'ThrottlingException', [500, 1_000]],
    [400, 'ProvisionedThroughputExceededException', [500, 1_000]],
    [429, 'Anything', [500, 1_000]],
  ])('with %i %s is repeated twice, after a while', async (status, type, expected) => {
    failTwice(status, type);
    expect(await call()).toEqual({ Count: 0 });
    expect(waits).toEqual(expected);
  });

  it('is not repeated a third time', async () => {
    json(500, { __type: 'InternalServerError' });
    await expect(call()).rejects.toEqual(error('InternalServerError', 500));
    expect(server.requests).toHaveLength(3);
  });

  it.each([
    [400, 'ConditionalCheckFailedException'],
    [400, 'ValidationException'],
    [403, 'AccessDeniedException'],
  ])('with %i %s is not repeated', async (status, type) => {
    json(status, { __type: type });
    await expect(call()).rejects.toEqual(error(type, status));
    expect(server.requests).toHaveLength(1);
  });

  it.each<[string, (request: IncomingMessage, response: ServerResponse) => void]>([
    ['before its answer', (request) => request.socket.destroy()],
    [
      'in the middle of its answer',
      (request, response) => {
        response.writeHead(200, { 'content-length': 100 }).write('{"Count":');
        setImmediate(() => request.socket.destroy());
      },
    ],
  ])('by a connection that broke %s is repeated', async (_, breakOff) => {
    let tries = 0;
    server.answer((request, response) => {
      tries += 1;
      if (tries === 1) breakOff(request, response);
      else response.writeHead(200).end('{"Count":0}');
    });
    expect(await call()).toEqual({ Count: 0 });
    expect(waits).toEqual([100]);
  });

  it('by a connection that never stood says so', async () => {
    const nobody = awsJsonAt('dynamodb', 'http://127.0.0.1:9', {
      maxTries: 2,
      wait: async (ms) => void waits.push(ms),
    });
    await expect(nobody('Query', {})).rejects.toEqual(error('ECONNREFUSED'));
    expect(waits).toEqual([100]);
  });

  it('for lack of time is not repeated', async () => {
    const stop = new AbortController();
    server.answer(() => stop.abort());
    const store = s3ObjectsAt(server.url, { maxTries: 3 });
    await expect(store.open(createdObject(), { signal: stop.signal })).rejects.toThrow('ABORT_ERR');
    expect(server.requests).toHaveLength(1);
  });
});

describe('the address of an object', () => {
  const addressOf = async (bucket: string, isPathStyle = false) => {
    let address = '';
    const client: AwsClient = async ({ endpoint, path }) => {
      address = `${endpoint.origin}${path}`;
      throw new AwsError('no', { code: 'NoSuchKey', status: 404 });
    };
    const store = createS3Objects({ client, endpoint: new URL('https://s3.eu-central-1.amazonaws.com'), isPathStyle });
    await expect(store.open(createdObject({ bucket, key: 'a b' }), { signal })).rejects.toThrow();
    return address;
  };

  it.each([
    ['uploads', false, 'https://uploads.s3.eu-central-1.amazonaws.com/a%20b'],
    ['files.acme.test', false, 'https://s3.eu-central-1.amazonaws.com/files.acme.test/a%20b'],
    ['uploads', true, 'https://s3.eu-central-1.amazonaws.com/uploads/a%20b'],
  ])('in %s (path style: %j) is %s', async (bucket, isPathStyle, address) => {
    expect(await addressOf(bucket, isPathStyle)).toBe(address);
  });
});
