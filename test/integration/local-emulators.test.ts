import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectTaggingCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  PutObjectAclCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parseEvent } from '../../lambdas/relay/domain/s3-event.ts';
import { DUMMY_CREDENTIALS } from '../../lib/local/aws/clients.ts';
import { type Emulators, startEmulators } from '../../lib/local/aws/emulators.ts';

const BUCKET = 'uploads';
const folder = mkdtempSync(join(tmpdir(), 'emulators-'));
let emulators: Emulators;
beforeAll(async () => {
  emulators = await startEmulators({
    region: 'eu-west-1',
    bucket: BUCKET,
    ledgerTable: 'ledger',
    secretId: 'credentials',
    secret: 'first',
    visibilityTimeoutSeconds: 30,
    maxReceiveCount: 10,
    folder,
    now: Date.now,
  });
});
afterAll(async () => {
  await emulators.close();
  rmSync(folder, { recursive: true });
});
// Empties the queue for the next test.
afterEach(() => received());

const received = async (): Promise<string[]> => {
  const bodies: string[] = [];
  for (;;) {
    if ((await emulators.countMessages('uploads')).ready === 0) return bodies;
    const { Messages = [] } = await emulators.clients.sqs.send(
      new ReceiveMessageCommand({ QueueUrl: emulators.queueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 600 }),
    );
    bodies.push(...Messages.map(({ Body }) => Body ?? ''));
  }
};

const receivedObjects = async () =>
  (await received()).flatMap((body) => {
    const event = parseEvent(body);
    return event.kind === 'objects' ? event.objects : [];
  });

const put = (key: string, body: Uint8Array | string) =>
  emulators.clients.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: body }));
const unquoted = (eTag: string | undefined) => eTag?.replaceAll('"', '');

describe('an upload', () => {
  it.each(['plain.txt', 'Größe + 100%/a b~(1)*.txt', '日本語/😀.bin', "it's & <b>.txt", '%2B literal'])(
    'is notified with exactly the key %j',
    async (key) => {
      const { ETag } = await put(key, 'hello');
      expect(await receivedObjects()).toMatchObject([{ bucket: BUCKET, key, eTag: unquoted(ETag), sizeBytes: 5 }]);
    },
  );

  it('of zero bytes is notified', async () => {
    await put('empty.txt', '');
    expect(await receivedObjects()).toMatchObject([{ key: 'empty.txt', sizeBytes: 0 }]);
  });

  it('of a second version is notified with its own eTag and a greater sequencer', async () => {
    const first = await put('again.txt', 'one');
    const second = await put('again.txt', 'three');
    const objects = await receivedObjects();
    expect(objects.map(({ eTag }) => eTag)).toEqual([unquoted(first.ETag), unquoted(second.ETag)]);
    const [a, b] = objects.map(({ sequencer }) => sequencer ?? '');
    expect(a && b && a < b).toBe(true);
  });

  it('of 40 MB in a single PUT keeps its bytes', async () => {
    const content = randomBytes(40_000_000);
    await put('large.bin', content);
    expect(await receivedObjects()).toMatchObject([{ key: 'large.bin', sizeBytes: 40_000_000 }]);
    const { Body } = await emulators.clients.s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: 'large.bin' }));
    expect(Buffer.from((await Body?.transformToByteArray()) ?? []).equals(content)).toBe(true);
  });

  it('in parts is notified once, when it is complete', async () => {
    const { s3 } = emulators.clients;
    const target = { Bucket: BUCKET, Key: 'parts.bin' };
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand(target));
    const part = Buffer.alloc(5 * 1024 ** 2, 'a');
    const Parts = [];
    for (const PartNumber of [1, 2]) {
      const { ETag } = await s3.send(new UploadPartCommand({ ...target, UploadId, PartNumber, Body: part }));
      Parts.push({ PartNumber, ETag });
    }
    expect(await received()).toEqual([]);
    const { ETag } = await s3.send(
      new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts } }),
    );
    expect(await received()).toEqual([expect.stringContaining('"eventName":"ObjectCreated:CompleteMultipartUpload"')]);
    expect(ETag).toMatch(/-2"$/);
  });

  it('by copy is notified as ObjectCreated:Copy', async () => {
    await put('source.txt', 'copied');
    await received();
    await emulators.clients.s3.send(
      new CopyObjectCommand({ Bucket: BUCKET, Key: 'target.txt', CopySource: `${BUCKET}/source.txt` }),
    );
    const bodies = await received();
    expect(bodies).toEqual([expect.stringContaining('"eventName":"ObjectCreated:Copy"')]);
    expect(parseEvent(bodies[0] ?? '')).toMatchObject({ objects: [{ key: 'target.txt', sizeBytes: 6 }] });
  });

  it.each(['application/x-www-form-urlencoded', 'application/json', 'text/plain', 'application/xml'])(
    'with the content type %s keeps its bytes',
    async (type) => {
      const url = `${emulators.endpoints.s3}/${BUCKET}/typed`;
      const answer = await fetch(url, { method: 'PUT', body: 'a=1&b=%zz{', headers: { 'content-type': type } });
      expect(answer.status).toBe(200);
      expect(await (await fetch(url)).text()).toBe('a=1&b=%zz{');
    },
  );

  it('is not changed by a request that the emulator does not support', async () => {
    await put('tagged.txt', 'content');
    await received();
    const acl = new PutObjectAclCommand({ Bucket: BUCKET, Key: 'tagged.txt', ACL: 'private' });
    await expect(emulators.clients.s3.send(acl)).rejects.toThrow('does not support "?acl"');
    expect(await (await fetch(`${emulators.endpoints.s3}/${BUCKET}/tagged.txt`)).text()).toBe('content');
    expect(await received()).toEqual([]);
  });

  it('keeps its content and its key when it is tagged, and has no tags after it is uploaded again', async () => {
    const { s3 } = emulators.clients;
    const object = { Bucket: BUCKET, Key: 'a b/<tag> & ü.txt' };
    const tags = async () => (await s3.send(new GetObjectTaggingCommand(object))).TagSet;
    await s3.send(new PutObjectCommand({ ...object, Body: 'content', Tagging: 'team=a%20%26%20b' }));
    expect(await tags()).toEqual([{ Key: 'team', Value: 'a & b' }]);
    const TagSet = [
      { Key: 'GuardDutyMalwareScanStatus', Value: 'NO_THREATS_FOUND' },
      { Key: '"x"', Value: "<'y'>" },
    ];
    await s3.send(new PutObjectTaggingCommand({ ...object, Tagging: { TagSet } }));
    expect(await tags()).toEqual(TagSet);
    expect(await (await s3.send(new GetObjectCommand(object))).Body?.transformToString()).toBe('content');
    await s3.send(new DeleteObjectTaggingCommand(object));
    expect(await tags()).toEqual([]);
    await s3.send(new PutObjectTaggingCommand({ ...object, Tagging: { TagSet } }));
    await s3.send(new PutObjectCommand({ ...object, Body: 'again' }));
    expect(await tags()).toEqual([]);
    await expect(s3.send(new GetObjectTaggingCommand({ ...object, Key: 'missing' }))).rejects.toThrow(
      'The specified key does not exist',
    );
    // The two uploads are notified, the tags are not.
    expect(await received()).toHaveLength(2);
  });

  it('takes one file on the disk, which is removed when the object is replaced or deleted', async () => {
    const before = readdirSync(folder).length;
    await put('one.txt', 'first');
    await put('one.txt', 'second');
    expect(readdirSync(folder)).toHaveLength(before + 1);
    await fetch(`${emulators.endpoints.s3}/${BUCKET}/one.txt`, { method: 'DELETE' });
    expect(readdirSync(folder)).toHaveLength(before);
    await received();
  });

  it('to another bucket, a failed upload and a deletion are not notified', async () => {
    const { s3 } = emulators.endpoints;
    await fetch(`${s3}/another-bucket`, { method: 'PUT' });
    expect((await fetch(`${s3}/another-bucket/a`, { method: 'PUT', body: 'a' })).status).toBe(200);
    expect((await fetch(`${s3}/missing-bucket/a`, { method: 'PUT', body: 'a' })).status).toBe(404);
    await fetch(`${s3}/${BUCKET}/plain.txt`, { method: 'DELETE' });
    expect(await received()).toEqual([]);
  });
});

describe('the endpoints', () => {
  it('are on the loopback interface', () => {
    for (const url of Object.values(emulators.endpoints)) expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  });
});

describe('the secret', () => {
  const get = async (SecretId: string, VersionStage?: string) => {
    const client = new SecretsManagerClient({
      endpoint: emulators.endpoints.secretsManager,
      region: 'eu-west-1',
      credentials: DUMMY_CREDENTIALS,
    });
    try {
      return (await client.send(new GetSecretValueCommand({ SecretId, VersionStage }))).SecretString;
    } finally {
      client.destroy();
    }
  };

  it('can have a pending version in addition to the current one', async () => {
    const pending = () => get('credentials', 'AWSPENDING');
    await expect(pending()).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    emulators.secretsManager.setSecret('next', 'AWSPENDING');
    expect([await get('credentials'), await get('credentials', 'AWSCURRENT'), await pending()]).toEqual([
      'first',
      'first',
      'next',
    ]);
    emulators.secretsManager.setSecret(undefined, 'AWSPENDING');
    await expect(pending()).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  it('can be read by name, replaced and deleted', async () => {
    expect(await get('credentials')).toBe('first');
    emulators.secretsManager.setSecret('second');
    expect(await get('credentials')).toBe('second');
    emulators.secretsManager.setSecret(undefined);
    await expect(get('credentials')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  it('is the only secret', async () => {
    await expect(get('another')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});
