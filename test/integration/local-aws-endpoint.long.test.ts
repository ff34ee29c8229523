import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import {
  CopyObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import {
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListMessageMoveTasksCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Emulators, startEmulators } from '../../lib/local/aws/emulators.ts';
import { createAwsCli, hasAwsCli } from '../helpers/aws-cli.ts';

const BUCKET = 'uploads';
const AWKWARD_KEY = 'a/b \u0001\u001b[31m+%20 ü\n&<.txt';
let folder: string;
let emulators: Emulators;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'endpoint-'));
  emulators = await startEmulators({
    folder: join(folder, 's3'),
    region: 'us-east-1',
    bucket: BUCKET,
    ledgerTable: 'ledger',
    secretId: 'credentials',
    secret: 'first',
    visibilityTimeoutSeconds: 30,
    maxReceiveCount: 10,
    now: Date.now,
  });
});
afterEach(async () => {
  await emulators.close();
  rmSync(folder, { recursive: true });
});

const sendDeadLetter = (body: string) =>
  emulators.clients.sqs.send(
    new SendMessageCommand({
      QueueUrl: emulators.deadLetterQueueUrl,
      MessageBody: body,
      MessageAttributes: { reason: { DataType: 'String', StringValue: 'EMPTY_FILE' } },
    }),
  );
const arnOf = (url: string) => `arn:aws:sqs:us-east-1:000000000000:${url.split('/').at(-1)}`;

describe('the AWS endpoint', () => {
  it('answers S3, SQS, DynamoDB and Secrets Manager at one address', async () => {
    const { s3, sqs, dynamodb } = emulators.clients;
    expect(new Set(Object.values(emulators.endpoints)).size).toBe(1);
    await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'a', Body: 'b' }));
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: 'relay-uploads' }));
    expect(QueueUrl).toBe(emulators.queueUrl);
    const { Table } = await dynamodb.send(new DescribeTableCommand({ TableName: 'ledger' }));
    expect(Table?.TableStatus).toBe('ACTIVE');
    expect(await (await secretsCall('ListSecrets')).json()).toMatchObject({ SecretList: [{ Name: 'credentials' }] });
  });

  it('names its services when it is asked for another one', async () => {
    const answer = await fetch(emulators.endpoints.s3, {
      method: 'POST',
      headers: { 'x-amz-target': 'Logs_20140328.DescribeLogGroups' },
    });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain('has S3, SQS, DynamoDB and Secrets Manager, but not Logs_20140328');
  });

  it.each([
    ['Host', { host: 'attacker.example' }],
    ['Origin', { origin: 'https://attacker.example' }],
    ['Origin', { origin: 'null' }],
  ])('refuses a request with a foreign %s', async (_, headers) => {
    const status = await new Promise((resolve, reject) => {
      const sent = request(`${emulators.endpoints.s3}/${BUCKET}`, { headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      sent.on('error', reject).end();
    });
    expect(status).toBe(403);
  });

  it('takes the bucket from a host name under localhost', async () => {
    const { port } = new URL(emulators.endpoints.s3);
    const virtual = new S3Client({
      endpoint: `http://localhost:${port}`,
      region: 'us-east-1',
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
      // A machine need not resolve uploads.localhost.
      requestHandler: {
        httpAgent: {
          lookup: (_: string, __: object, done: (error: null, addresses: object[]) => void) =>
            done(null, [{ address: '127.0.0.1', family: 4 }]),
        },
      },
    });
    await virtual.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'in/host.txt', Body: 'x' }));
    virtual.destroy();
    const { Contents } = await emulators.clients.s3.send(new ListObjectsV2Command({ Bucket: BUCKET }));
    expect(Contents?.map(({ Key }) => Key)).toEqual(['in/host.txt']);
  });

  const secretsCall = (operation: string, input: object = {}) =>
    fetch(emulators.endpoints.secretsManager, {
      method: 'POST',
      headers: { 'x-amz-target': `secretsmanager.${operation}` },
      body: JSON.stringify(input),
    });

  it('replaces the secret and moves its stages', async () => {
    const put = await secretsCall('PutSecretValue', {
      SecretId: 'credentials',
      SecretString: 'second',
      VersionStages: ['AWSPENDING'],
    });
    const { VersionId: pending } = (await put.json()) as { VersionId: string };
    const read = async () =>
      (await (await secretsCall('GetSecretValue', { SecretId: 'credentials' })).json()) as Record<string, string>;
    const { SecretString: before, VersionId: current } = await read();
    await secretsCall('UpdateSecretVersionStage', {
      SecretId: 'credentials',
      VersionStage: 'AWSCURRENT',
      MoveToVersionId: pending,
      RemoveFromVersionId: current,
    });
    expect([before, (await read())['SecretString']]).toEqual(['first', 'second']);
    const described = await (await secretsCall('DescribeSecret', { SecretId: 'credentials' })).json();
    expect(described).toMatchObject({
      VersionIdsToStages: {
        [pending]: expect.arrayContaining(['AWSCURRENT', 'AWSPENDING']),
        [String(current)]: ['AWSPREVIOUS'],
      },
    });
  });
});

describe('the embedded S3', () => {
  const put = (Key: string, more: object = {}) =>
    emulators.clients.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: 'content', ...more }));

  it('pages through keys in the order of their bytes, with common prefixes', async () => {
    const keys = ['a/1', 'a/2', 'b', 'c/1', 'Z', 'ü', '\u{1f600}', '\uffee'];
    for (const key of keys) await put(key);
    const pages: (string | undefined)[][] = [];
    let ContinuationToken: string | undefined;
    do {
      const page = await emulators.clients.s3.send(
        new ListObjectsV2Command({ Bucket: BUCKET, Delimiter: '/', MaxKeys: 2, ContinuationToken }),
      );
      const { CommonPrefixes = [], Contents = [] } = page;
      pages.push([...Contents.map(({ Key }) => Key), ...CommonPrefixes.map(({ Prefix }) => Prefix)]);
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
    expect(pages).toEqual([['Z', 'a/'], ['b', 'c/'], ['ü', '\uffee'], ['\u{1f600}']]);
  });

  it('returns the metadata, a range and the declared checksum', async () => {
    await put('with.txt', { Metadata: { owner: 'sales' }, ContentType: 'text/plain', CacheControl: 'no-store' });
    const head = await emulators.clients.s3.send(
      new HeadObjectCommand({ Bucket: BUCKET, Key: 'with.txt', ChecksumMode: 'ENABLED' }),
    );
    expect(head).toMatchObject({
      Metadata: { owner: 'sales' },
      ContentType: 'text/plain',
      CacheControl: 'no-store',
      ContentLength: 7,
      ChecksumCRC32: expect.any(String),
    });
    const { Body } = await emulators.clients.s3.send(
      new GetObjectCommand({ Bucket: BUCKET, Key: 'with.txt', Range: 'bytes=2-4' }),
    );
    expect(await Body?.transformToString()).toBe('nte');
  });

  it.each([
    ['a wrong MD5', { ContentMD5: 'AAAAAAAAAAAAAAAAAAAAAA==' }, 'BadDigest'],
    ['a wrong checksum', { ChecksumCRC32: 'AAAAAA==' }, 'BadDigest'],
    ['the condition that the key is new', { IfNoneMatch: '*' }, 'PreconditionFailed'],
  ])('refuses an upload with %s and keeps the object as it was', async (_, more, code) => {
    await put('kept.txt', { Body: 'kept' });
    await expect(put('kept.txt', more)).rejects.toMatchObject({ name: code });
    const { Body } = await emulators.clients.s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: 'kept.txt' }));
    expect(await Body?.transformToString()).toBe('kept');
  });

  it('refuses to copy an object to itself unless its metadata are replaced', async () => {
    await put('self.txt');
    const copy = (more: object) =>
      emulators.clients.s3.send(
        new CopyObjectCommand({ Bucket: BUCKET, Key: 'self.txt', CopySource: `${BUCKET}/self.txt`, ...more }),
      );
    await expect(copy({})).rejects.toMatchObject({ name: 'InvalidRequest' });
    await copy({ MetadataDirective: 'REPLACE', ContentType: 'text/csv' });
    const head = await emulators.clients.s3.send(new HeadObjectCommand({ Bucket: BUCKET, Key: 'self.txt' }));
    expect(head.ContentType).toBe('text/csv');
  });

  it('refuses an interrupted upload, and keeps no file of it', async () => {
    const { hostname, port } = new URL(emulators.endpoints.s3);
    await new Promise<void>((resolve) => {
      const sent = request({
        hostname,
        port,
        method: 'PUT',
        path: `/${BUCKET}/half`,
        headers: { 'content-length': 10 },
      });
      sent.on('error', () => resolve());
      sent.write('half', () => setImmediate(() => sent.destroy()));
    });
    await expect(
      emulators.clients.s3.send(new HeadObjectCommand({ Bucket: BUCKET, Key: 'half' })),
    ).rejects.toMatchObject({ name: 'NotFound' });
    await expect.poll(() => readdirSync(join(folder, 's3'))).toEqual([]);
  });
});

describe('the embedded SQS', () => {
  it('moves dead letters to the uploads queue with their attributes, and reports the task', async () => {
    const { sqs } = emulators.clients;
    for (const body of ['one', 'two', 'three']) await sendDeadLetter(body);
    const SourceArn = arnOf(emulators.deadLetterQueueUrl);
    await sqs.send(new StartMessageMoveTaskCommand({ SourceArn, DestinationArn: arnOf(emulators.queueUrl) }));
    await expect
      .poll(async () => (await sqs.send(new ListMessageMoveTasksCommand({ SourceArn }))).Results)
      .toMatchObject([
        { Status: 'COMPLETED', ApproximateNumberOfMessagesMoved: 3, ApproximateNumberOfMessagesToMove: 3 },
      ]);
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: emulators.queueUrl,
        MaxNumberOfMessages: 10,
        MessageAttributeNames: ['All'],
      }),
    );
    expect(Messages.map(({ Body }) => Body).sort()).toEqual(['one', 'three', 'two']);
    expect(Messages.every(({ MessageAttributes }) => MessageAttributes?.['reason']?.StringValue === 'EMPTY_FILE')).toBe(
      true,
    );
    expect(await emulators.countMessages('dead-letters')).toEqual({ ready: 0, inFlight: 0, delayed: 0 });
  });

  it.each([
    ['an unknown queue', 'arn:aws:sqs:us-east-1:000000000000:nowhere', 'ResourceNotFoundException'],
    ['no destination', undefined, 'InvalidParameterValue'],
  ])('refuses a move to %s', async (_, DestinationArn, code) => {
    const start = new StartMessageMoveTaskCommand({ SourceArn: arnOf(emulators.deadLetterQueueUrl), DestinationArn });
    await expect(emulators.clients.sqs.send(start)).rejects.toMatchObject({
      name: expect.stringContaining(code),
    });
  });

  it('counts a message as visible again after a look with the visibility timeout 0', async () => {
    await sendDeadLetter('letter');
    const look = new ReceiveMessageCommand({ QueueUrl: emulators.deadLetterQueueUrl, VisibilityTimeout: 0 });
    for (let time = 0; time < 2; time += 1) {
      expect((await emulators.clients.sqs.send(look)).Messages).toHaveLength(1);
      expect(await emulators.peekDeadLetters()).toMatchObject([{ body: 'letter' }]);
      const { Attributes } = await emulators.clients.sqs.send(
        new GetQueueAttributesCommand({ QueueUrl: emulators.deadLetterQueueUrl, AttributeNames: ['All'] }),
      );
      expect(Attributes).toMatchObject({
        ApproximateNumberOfMessages: '1',
        ApproximateNumberOfMessagesNotVisible: '0',
        VisibilityTimeout: '30',
      });
    }
  });
});

describe.skipIf(!hasAwsCli)('the AWS CLI', () => {
  it('uploads, lists, copies, moves, downloads and deletes objects', { timeout: 240_000 }, async () => {
    const aws = createAwsCli(emulators.endpoints.s3);
    const content = randomBytes(20_000_000);
    const path = join(folder, 'twenty.bin');
    writeFileSync(path, content);
    await aws('s3', 'cp', path, `s3://${BUCKET}/in/twenty.bin`, '--no-progress');
    await aws('s3', 'cp', `s3://${BUCKET}/in/twenty.bin`, `s3://${BUCKET}/copy.bin`, '--no-progress');
    await aws('s3', 'mv', `s3://${BUCKET}/copy.bin`, `s3://${BUCKET}/moved.bin`, '--no-progress');
    await aws('s3', 'cp', `s3://${BUCKET}/moved.bin`, join(folder, 'back.bin'), '--no-progress');
    expect(readFileSync(join(folder, 'back.bin')).equals(content)).toBe(true);
    mkdirSync(join(folder, 'tree/deep'), { recursive: true });
    writeFileSync(join(folder, 'tree/deep/a.txt'), 'a');
    await aws('s3', 'sync', join(folder, 'tree'), `s3://${BUCKET}/tree`, '--no-progress');
    const listed = await aws('s3', 'ls', `s3://${BUCKET}`, '--recursive');
    expect(listed.match(/\S+$/gm)).toEqual(['in/twenty.bin', 'moved.bin', 'tree/deep/a.txt']);
    await aws('s3', 'rm', `s3://${BUCKET}`, '--recursive');
    expect(await aws('s3', 'ls', `s3://${BUCKET}`).catch(String)).toBe('');
    expect(await aws('s3', 'ls')).toMatch(/ uploads\n$/);
  });

  it('lists a key with control characters', { timeout: 60_000 }, async () => {
    await emulators.clients.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: AWKWARD_KEY, Body: 'x' }));
    const aws = createAwsCli(emulators.endpoints.s3);
    expect(await aws('s3', 'ls', `s3://${BUCKET}/a/`)).toContain('.txt');
    const { Contents } = JSON.parse(await aws('s3api', 'list-objects-v2', '--bucket', BUCKET)) as {
      Contents: { Key: string }[];
    };
    expect(Contents.map(({ Key }) => Key)).toEqual([AWKWARD_KEY]);
  });

  it('looks at dead letters, moves them and reports the task', { timeout: 60_000 }, async () => {
    const aws = createAwsCli(emulators.endpoints.sqs);
    await sendDeadLetter('letter');
    const url = emulators.deadLetterQueueUrl;
    const look = [
      'sqs',
      'receive-message',
      '--queue-url',
      url,
      '--visibility-timeout',
      '0',
      '--message-attribute-names',
      'All',
    ];
    for (let time = 0; time < 2; time += 1) expect(await aws(...look)).toContain('EMPTY_FILE');
    expect(await aws('sqs', 'list-queues')).toContain(`"${url}"`);
    const arn = (
      await aws(
        'sqs',
        'get-queue-attributes',
        '--queue-url',
        url,
        '--attribute-names',
        'QueueArn',
        '--query',
        'Attributes.QueueArn',
        '--output',
        'text',
      )
    ).trim();
    await aws('sqs', 'start-message-move-task', '--source-arn', arn, '--destination-arn', arnOf(emulators.queueUrl));
    await expect
      .poll(() => aws('sqs', 'list-message-move-tasks', '--source-arn', arn), { timeout: 20_000 })
      .toContain('COMPLETED');
    expect(await emulators.countMessages('uploads')).toMatchObject({ ready: 1 });
  });

  it('reads the ledger, the secret and its own identity', { timeout: 60_000 }, async () => {
    const aws = createAwsCli(emulators.endpoints.sqs);
    expect(await aws('dynamodb', 'scan', '--table-name', 'ledger')).toContain('"Count": 0');
    const secret = [
      'secretsmanager',
      'get-secret-value',
      '--secret-id',
      'credentials',
      '--query',
      'SecretString',
      '--output',
      'text',
    ];
    expect(await aws(...secret)).toBe('first\n');
    await aws('secretsmanager', 'put-secret-value', '--secret-id', 'credentials', '--secret-string', 'second');
    expect(await aws(...secret)).toBe('second\n');
    expect(await aws('sts', 'get-caller-identity')).toContain('000000000000');
  });
});
