import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { crc32 } from 'node:zlib';
import { CreateBucketCommand, DeleteObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createCrc32c, createCrc64Nvme } from '../../lambdas/relay/adapters/s3/crc.ts';
import type { CreatedObject } from '../../lambdas/relay/domain/s3-event.ts';
import type { ObjectStore } from '../../lambdas/relay/ports.ts';
import { createS3AndSqs, type EmulatorApp, listenS3AndSqs } from '../../lib/local/aws/s3-sqs.ts';
import { s3ObjectsAt } from '../helpers/aws.ts';
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

describe('objects in S3 (fauxqs)', () => {
  let app: EmulatorApp;
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
    app = createS3AndSqs('eu-central-1');
    const endpoint = await listenS3AndSqs(app);
    client = clientOf(endpoint);
    store = s3ObjectsAt(endpoint);
    await client.send(new CreateBucketCommand({ Bucket: 'uploads' }));
  });
  afterAll(async () => {
    client.destroy();
    await app.close();
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

  it('brings megabytes across unharmed', async () => {
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

  it('finds that it was overwritten', async () => {
    const object = await put('overwritten', 'first');
    await put('overwritten', 'second');
    await expect(store.open(object, { signal })).rejects.toEqual(source('OBJECT_GONE'));
  });

  it('opens what was overwritten by the same content', async () => {
    const object = await put('same', 'first');
    await put('same', 'first');
    const opened = await store.open(object, { signal });
    expect((await readAll(opened.body)).toString()).toBe('first');
    opened.close();
  });

  it('finds that it was deleted', async () => {
    const object = await put('deleted', 'x');
    await client.send(new DeleteObjectCommand({ Bucket: 'uploads', Key: 'deleted' }));
    await expect(store.open(object, { signal })).rejects.toEqual(source('OBJECT_GONE'));
    await expect(store.contentType(object, { signal })).rejects.toEqual(source('OBJECT_GONE'));
  });

  it('finds that the bucket is not there', async () => {
    const object = createdObject({ bucket: 'nowhere' });
    await expect(store.open(object, { signal })).rejects.toEqual(source('BUCKET_GONE'));
  });

  it('tells the content type without the body', async () => {
    const object = await put('picture', 'x', 'image/png');
    expect(await store.contentType(object, { signal })).toBe('image/png');
  });

  it('may be closed unread, half read, or twice', async () => {
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

describe('objects in S3 (scripted)', () => {
  let server: ScriptedServer;
  let store: ObjectStore;
  beforeEach(async () => {
    server = await startScriptedServer();
    store = s3ObjectsAt(server.url);
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
  const crcOf = (crc: ReturnType<typeof createCrc32c>) => {
    crc.update(CONTENT);
    return crc.digest().toString('base64');
  };
  const CHECKSUMS: [string, string, string][] = [
    ['CRC32', 'x-amz-checksum-crc32', crc32Of()],
    ['CRC32C', 'x-amz-checksum-crc32c', crcOf(createCrc32c())],
    ['CRC64NVME', 'x-amz-checksum-crc64nvme', crcOf(createCrc64Nvme())],
    ['SHA1', 'x-amz-checksum-sha1', digest('sha1', 'base64')],
    ['SHA256', 'x-amz-checksum-sha256', digest('sha256', 'base64')],
  ];

  describe.each(CHECKSUMS)('%s', (algorithm, header, value) => {
    it('that matches', async () => {
      give({ [header]: value, 'x-amz-checksum-type': 'FULL_OBJECT' });
      expect(await read()).toEqual(CONTENT);
    });

    it('that does not match', async () => {
      const other = Buffer.from(value, 'base64').map((byte) => byte ^ 1);
      give({ [header]: Buffer.from(other).toString('base64') });
      const failure = expect.objectContaining({
        code: 'CHECKSUM_MISMATCH',
        message: expect.stringContaining(algorithm),
      });
      await expect(read()).rejects.toEqual(failure);
    });

    it('of parts, which says nothing of the whole', async () => {
      give({ [header]: 'AAAAAA==', 'x-amz-checksum-type': 'COMPOSITE' });
      expect(await read()).toEqual(CONTENT);
      give({ [header]: `${value}-3` });
      expect(await read()).toEqual(CONTENT);
    });

    it('finds one flipped bit', async () => {
      const flipped = Buffer.from(CONTENT);
      flipped.writeUInt8(flipped.readUInt8(17) ^ 4, 17);
      give({ [header]: value }, flipped);
      await expect(read()).rejects.toEqual(source('CHECKSUM_MISMATCH'));
    });
  });

  describe('MD5 as the ETag', () => {
    const MD5 = digest('md5', 'hex');
    const OTHER = 'd41d8cd98f00b204e9800998ecf8427e';

    it('matches', async () => {
      give({ etag: `"${MD5}"`, 'x-amz-server-side-encryption': 'AES256' });
      expect(await read()).toEqual(CONTENT);
    });

    it('does not match', async () => {
      give({ etag: `"${OTHER}"`, 'x-amz-server-side-encryption': 'AES256' });
      await expect(read()).rejects.toMatchObject({
        code: 'CHECKSUM_MISMATCH',
        message: expect.stringContaining('MD5'),
      });
    });

    it('is left alone where CRC64NVME is stored, which costs less', async () => {
      const crc64nvme = crcOf(createCrc64Nvme());
      give({ etag: `"${OTHER}"`, 'x-amz-server-side-encryption': 'AES256', 'x-amz-checksum-crc64nvme': crc64nvme });
      expect(await read()).toEqual(CONTENT);
    });

    it.each<[string, Record<string, string>]>([
      ['with KMS', { etag: `"${OTHER}"`, 'x-amz-server-side-encryption': 'aws:kms' }],
      ['with a customer key', { etag: `"${OTHER}"`, 'x-amz-server-side-encryption-customer-algorithm': 'AES256' }],
      ['of parts', { etag: `"${OTHER}-2"`, 'x-amz-server-side-encryption': 'AES256' }],
      ['of an unknown kind', { etag: `"${OTHER}"` }],
    ])('is none %s', async (_, headers) => {
      give(headers);
      expect(await read()).toEqual(CONTENT);
    });
  });

  it('asks for the stored checksum', async () => {
    give({});
    await read();
    expect(server.requests[0]?.headers['x-amz-checksum-mode']).toBe('ENABLED');
  });

  describe('what is pinned', () => {
    it.each<[string, Partial<CreatedObject>, string | null, string | undefined]>([
      ['a version', { versionId: 'v1' }, 'v1', undefined],
      ['the version "null", by its eTag', { versionId: 'null' }, null, '"abc"'],
      ['no version, by the eTag', { versionId: undefined }, null, '"abc"'],
      ['the eTag of parts', { eTag: 'abc-9' }, null, '"abc-9"'],
      ['nothing, where nothing is known', { eTag: undefined }, null, undefined],
    ])('%s', async (_, overrides, versionId, ifMatch) => {
      give({});
      await read(createdObject({ eTag: 'abc', ...overrides }));
      const [request] = server.requests;
      expect(new URL(request?.url ?? '', server.url).searchParams.get('versionId')).toBe(versionId);
      expect(request?.headers['if-match']).toBe(ifMatch);
    });
  });

  describe('a body that does not come whole', () => {
    it('ends short', async () => {
      server.answer((_, response) => {
        response.writeHead(200, { 'content-length': CONTENT.length + 10 });
        response.write(CONTENT, () => response.destroy());
      });
      await expect(read()).rejects.toEqual(source('SOURCE_UNAVAILABLE'));
    });

    it('is reset', async () => {
      server.answer((request, response) => {
        response.writeHead(200, { 'content-length': 1_000_000 });
        response.write(Buffer.alloc(100_000), () => setImmediate(() => request.socket.resetAndDestroy()));
      });
      await expect(read()).rejects.toEqual(source('SOURCE_UNAVAILABLE'));
    });

    it('has no length', async () => {
      server.answer((_, response: ServerResponse) => {
        response.writeHead(200, { 'transfer-encoding': 'chunked' });
        response.end(CONTENT);
      });
      await expect(open()).rejects.toEqual(source('SOURCE_UNAVAILABLE'));
    });

    it('is stopped for lack of time', async () => {
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
  ])('%i %s is %s', async (status, code, expected) => {
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
  ])('a HEAD with %i, which has no body, is %s', async (status, expected) => {
    refuse(status, 'unseen');
    const asked = store.contentType(createdObject(), { signal });
    await expect(asked).rejects.toEqual(source(expected));
  });

  it('says that S3 can not be reached', async () => {
    const nobody = s3ObjectsAt('http://127.0.0.1:9');
    await expect(nobody.open(createdObject(), { signal })).rejects.toEqual(source('SOURCE_UNAVAILABLE'));
  });
});
