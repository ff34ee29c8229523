import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { Xxh3_64, Xxh3_128, Xxh64 } from '@aws-sdk/checksums/xxh';
import { CreateBucketCommand, DeleteObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Crc32c, Crc64Nvme } from '../../lambdas/relay/adapters/s3/crc.ts';
import { createS3Objects } from '../../lambdas/relay/adapters/s3/objects.ts';
import type { CreatedObject } from '../../lambdas/relay/domain/s3-event.ts';
import type { ObjectStore } from '../../lambdas/relay/ports.ts';
import { createS3 } from '../../lib/local/aws/s3/s3.ts';
import { listenOnLoopback } from '../../lib/local/loopback.ts';
import { awsClientsAt } from '../helpers/aws.ts';
import { createdObject } from '../helpers/factories.ts';
import { readAll } from '../helpers/read-stream.ts';
import { type ScriptedServer, startScriptedServer } from '../helpers/scripted-server.ts';

const signal = new AbortController().signal;
const clientOf = (endpoint: string) =>
  new S3Client({
    endpoint,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    forcePathStyle: true,
    maxAttempts: 1,
  });
const source = (code: string) => expect.objectContaining({ name: 'SourceError', code });

describe('the S3 object store, on the embedded S3', () => {
  const folder = mkdtempSync(join(tmpdir(), 'objects-'));
  let s3: Awaited<ReturnType<typeof listenOnLoopback>>;
  let client: S3Client;
  let store: ObjectStore;
  const put = async (key: string, Body: string | Buffer, ContentType = 'text/plain'): Promise<CreatedObject> => {
    const { ETag } = await client.send(new PutObjectCommand({ Bucket: 'uploads', Key: key, Body, ContentType }));
    return createdObject({
      bucket: 'uploads',
      key,
      eTag: ETag?.replaceAll('"', ''),
      sizeBytes: Buffer.byteLength(Body),
    });
  };
  beforeAll(async () => {
    s3 = await listenOnLoopback(createServer(createS3({ folder, region: 'eu-central-1' })));
    const { endpoint } = s3;
    client = clientOf(endpoint);
    store = createS3Objects(awsClientsAt(endpoint).s3);
    await client.send(new CreateBucketCommand({ Bucket: 'uploads' }));
  });
  afterAll(async () => {
    client.destroy();
    await s3.close();
    rmSync(folder, { recursive: true });
  });

  it.each(['plain.txt', 'with space + plus.txt', '100%.txt', 'Umsätze/照片 🏔️.txt', "it's (1)!*.txt"])(
    'opens %s',
    async (key) => {
      const object = await put(key, `content of ${key}`);
      const opened = await store.open(object, { signal });
      expect(opened).toMatchObject({ sizeBytes: object.sizeBytes, contentType: 'text/plain' });
      expect((await readAll(opened.body)).toString()).toBe(`content of ${key}`);
      opened.close();
    },
  );

  it('reads megabytes unchanged', async () => {
    const content = Buffer.alloc(3_000_001, 'relay');
    const opened = await store.open(await put('large', content), { signal });
    expect((await readAll(opened.body)).equals(content)).toBe(true);
    opened.close();
  });

  it('opens an empty object', async () => {
    const opened = await store.open(await put('empty', Buffer.alloc(0)), { signal });
    expect(opened.sizeBytes).toBe(0);
    expect(await readAll(opened.body)).toHaveLength(0);
    opened.close();
  });

  it('reports an overwritten object as gone', async () => {
    const object = await put('overwritten', 'first');
    await put('overwritten', 'second');
    await expect(store.open(object, { signal })).rejects.toEqual(source('OBJECT_GONE'));
  });

  it('opens an object that was overwritten with the same content', async () => {
    const object = await put('same', 'first');
    await put('same', 'first');
    const opened = await store.open(object, { signal });
    expect((await readAll(opened.body)).toString()).toBe('first');
    opened.close();
  });

  it('reports a deleted object as gone', async () => {
    const object = await put('deleted', 'x');
    await client.send(new DeleteObjectCommand({ Bucket: 'uploads', Key: 'deleted' }));
    await expect(store.open(object, { signal })).rejects.toEqual(source('OBJECT_GONE'));
    await expect(store.describe(object, { signal })).rejects.toEqual(source('OBJECT_GONE'));
  });

  it('reports a missing bucket', async () => {
    const object = createdObject({ bucket: 'nowhere' });
    await expect(store.open(object, { signal })).rejects.toEqual(source('BUCKET_GONE'));
  });

  it('reads the content type without the body', async () => {
    const object = await put('picture', 'x', 'image/png');
    expect((await store.describe(object, { signal })).contentType).toBe('image/png');
  });

  it('closes an object that was read partly or not at all, also twice', async () => {
    const object = await put('unread', Buffer.alloc(1_000_000));
    const unread = await store.open(object, { signal });
    unread.close();
    unread.close();
    const half = await store.open(object, { signal });
    for await (const _ of half.body) break;
    half.close();
    expect(half.body.destroyed && unread.body.destroyed).toBe(true);
  });
});

describe('the S3 object store, on a scripted server', async () => {
  let server: ScriptedServer;
  let store: ObjectStore;
  beforeEach(async () => {
    server = await startScriptedServer();
    store = createS3Objects(awsClientsAt(server.url).s3);
  });
  afterEach(async () => {
    await server.close();
  });

  const CONTENT = Buffer.from('the bytes of an object, a few more than eight');
  const give = (headers: Record<string, string>, body: Buffer = CONTENT) =>
    server.answer((_, response) =>
      response.writeHead(200, { 'content-length': CONTENT.length, 'content-type': 'text/plain', ...headers }).end(body),
    );
  const refuse = (status: number, code: string) =>
    server.answer((request, response) => {
      response.writeHead(status, { 'content-type': 'application/xml' });
      response.end(
        request.method === 'HEAD'
          ? undefined
          : `<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`,
      );
    });
  const open = (object = createdObject()) => store.open(object, { signal });
  const read = async (object?: CreatedObject) => {
    const opened = await open(object);
    try {
      return await readAll(opened.body);
    } finally {
      opened.close();
    }
  };

  const digest = (algorithm: string, encoding: 'base64' | 'hex') =>
    createHash(algorithm).update(CONTENT).digest(encoding);
  const crc32Of = () => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(crc32(CONTENT));
    return bytes.toString('base64');
  };
  const computed = async (checksum: { update(chunk: Uint8Array): void; digest(): Promise<Uint8Array> }) => {
    checksum.update(CONTENT);
    return Buffer.from(await checksum.digest()).toString('base64');
  };
  const CHECKSUMS: [string, string][] = [
    ['crc32', crc32Of()],
    ['crc32c', await computed(new Crc32c())],
    ['crc64nvme', await computed(new Crc64Nvme())],
    ['sha1', digest('sha1', 'base64')],
    ['sha256', digest('sha256', 'base64')],
    ['sha512', digest('sha512', 'base64')],
    ['md5', digest('md5', 'base64')],
    ['xxhash64', await computed(new Xxh64())],
    ['xxhash3', await computed(new Xxh3_64())],
    ['xxhash128', await computed(new Xxh3_128())],
  ];

  describe.each(CHECKSUMS)('a stored checksum of type %s', (algorithm, value) => {
    const header = `x-amz-checksum-${algorithm}`;

    it('is accepted when it matches the bytes', async () => {
      give({ [header]: value, 'x-amz-checksum-type': 'FULL_OBJECT' });
      expect(await read()).toEqual(CONTENT);
    });

    it('fails the body when another value is stored', async () => {
      const other = Buffer.from(value, 'base64').map((byte) => byte ^ 1);
      give({ [header]: Buffer.from(other).toString('base64') });
      const failure = expect.objectContaining({
        code: 'CHECKSUM_MISMATCH',
        message: expect.stringMatching(new RegExp(algorithm, 'i')),
      });
      await expect(read()).rejects.toEqual(failure);
    });

    it("is not compared when it was computed from the parts' checksums", async () => {
      const ofParts = `${Buffer.from(value, 'base64').fill(0).toString('base64')}-3`;
      give({ [header]: ofParts, 'x-amz-checksum-type': 'COMPOSITE' });
      expect(await read()).toEqual(CONTENT);
    });

    it('fails the body when one bit has changed', async () => {
      const flipped = Buffer.from(CONTENT);
      flipped.writeUInt8(flipped.readUInt8(17) ^ 4, 17);
      give({ [header]: value }, flipped);
      await expect(read()).rejects.toEqual(source('CHECKSUM_MISMATCH'));
    });
  });

  describe('an ETag', () => {
    const MD5 = digest('md5', 'hex');
    const OTHER = 'd41d8cd98f00b204e9800998ecf8427e';

    it('is accepted as MD5 when it matches the bytes', async () => {
      give({ etag: `"${MD5}"`, 'x-amz-server-side-encryption': 'AES256' });
      expect(await read()).toEqual(CONTENT);
    });

    it('fails the body when it is the MD5 of other bytes', async () => {
      give({ etag: `"${OTHER}"`, 'x-amz-server-side-encryption': 'AES256' });
      await expect(read()).rejects.toMatchObject({
        code: 'CHECKSUM_MISMATCH',
        message: expect.stringContaining('MD5'),
      });
    });

    it('is not compared when S3 has stored a checksum', async () => {
      const crc64nvme = await computed(new Crc64Nvme());
      give({ etag: `"${OTHER}"`, 'x-amz-server-side-encryption': 'AES256', 'x-amz-checksum-crc64nvme': crc64nvme });
      expect(await read()).toEqual(CONTENT);
    });

    it.each<[string, Record<string, string>]>([
      ['of an object encrypted with KMS', { etag: `"${OTHER}"`, 'x-amz-server-side-encryption': 'aws:kms' }],
      [
        'of an object encrypted with a customer key',
        { etag: `"${OTHER}"`, 'x-amz-server-side-encryption-customer-algorithm': 'AES256' },
      ],
      ['of an object uploaded in parts', { etag: `"${OTHER}-2"`, 'x-amz-server-side-encryption': 'AES256' }],
      ['without an encryption header', { etag: `"${OTHER}"` }],
    ])('%s is not treated as an MD5', async (_, headers) => {
      give(headers);
      expect(await read()).toEqual(CONTENT);
    });
  });

  it('requests the stored checksum from S3', async () => {
    give({});
    await read();
    expect(server.requests[0]?.headers['x-amz-checksum-mode']).toBe('ENABLED');
  });

  describe('the request', () => {
    it.each<[string, Partial<CreatedObject>, string | null, string | undefined]>([
      ['the version id', { versionId: 'v1' }, 'v1', undefined],
      ['the eTag when the version id is "null"', { versionId: 'null' }, null, '"abc"'],
      ['the eTag when there is no version id', { versionId: undefined }, null, '"abc"'],
      ['the eTag of an object uploaded in parts', { eTag: 'abc-9' }, null, '"abc-9"'],
      ['neither the version id nor the eTag when the event has none', { eTag: undefined }, null, undefined],
    ])('contains %s', async (_, overrides, versionId, ifMatch) => {
      give({});
      await read(createdObject({ eTag: 'abc', ...overrides }));
      const [request] = server.requests;
      expect(new URL(request?.url ?? '', server.url).searchParams.get('versionId')).toBe(versionId);
      expect(request?.headers['if-match']).toBe(ifMatch);
    });
  });

  describe('a body', () => {
    it('fails when the connection ends before its last byte', async () => {
      server.answer((_, response) => {
        response.writeHead(200, { 'content-length': CONTENT.length + 10 });
        response.write(CONTENT, () => response.destroy());
      });
      await expect(read()).rejects.toEqual(source('SOURCE_UNAVAILABLE'));
    });

    it('fails when the connection is reset', async () => {
      server.answer((request, response) => {
        response.writeHead(200, { 'content-length': 1_000_000 });
        response.write(Buffer.alloc(100_000), () => setImmediate(() => request.socket.resetAndDestroy()));
      });
      await expect(read()).rejects.toEqual(source('SOURCE_UNAVAILABLE'));
    });

    it('is rejected without a content length', async () => {
      server.answer((_, response: ServerResponse) => {
        response.writeHead(200, { 'transfer-encoding': 'chunked' });
        response.end(CONTENT);
      });
      await expect(open()).rejects.toEqual(source('SOURCE_UNAVAILABLE'));
    });

    it('fails when the delivery is aborted', async () => {
      const stop = new AbortController();
      server.answer((_, response) => {
        response.writeHead(200, { 'content-length': CONTENT.length });
        response.write(CONTENT.subarray(0, 5));
      });
      const opened = await store.open(createdObject(), { signal: stop.signal });
      const reading = readAll(opened.body);
      stop.abort();
      opened.close();
      await expect(reading).rejects.toThrow();
    });
  });

  it.each<[number, string, string]>([
    [404, 'NoSuchKey', 'OBJECT_GONE'],
    [404, 'NoSuchVersion', 'OBJECT_GONE'],
    [405, 'MethodNotAllowed', 'OBJECT_GONE'],
    [412, 'PreconditionFailed', 'OBJECT_GONE'],
    [404, 'NoSuchBucket', 'BUCKET_GONE'],
    [403, 'InvalidObjectState', 'OBJECT_ARCHIVED'],
    [403, 'AccessDenied', 'ACCESS_DENIED'],
    [400, 'KMS.DisabledException', 'ACCESS_DENIED'],
    [503, 'SlowDown', 'SOURCE_UNAVAILABLE'],
    [500, 'InternalError', 'SOURCE_UNAVAILABLE'],
    [400, 'RequestTimeout', 'SOURCE_UNAVAILABLE'],
  ])('reports the answer %i %s as %s', async (status, code, expected) => {
    refuse(status, code);
    await expect(open()).rejects.toEqual(source(expected));
    await expect(open()).rejects.toMatchObject({
      message: expect.stringContaining('example-uploads/reports/weekly.pdf'),
    });
  });

  it.each<[number, string]>([
    [404, 'OBJECT_GONE'],
    [412, 'OBJECT_GONE'],
    [403, 'ACCESS_DENIED'],
    [503, 'SOURCE_UNAVAILABLE'],
  ])('reports the status %i of a HEAD response, which has no body, as %s', async (status, expected) => {
    refuse(status, 'unseen');
    const asked = store.describe(createdObject(), { signal });
    await expect(asked).rejects.toEqual(source(expected));
  });

  it('reports that S3 can not be reached', async () => {
    const nobody = createS3Objects(awsClientsAt('http://127.0.0.1:9').s3);
    await expect(nobody.open(createdObject(), { signal })).rejects.toEqual(source('SOURCE_UNAVAILABLE'));
  });
});
