import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createS3Links } from '../../lambdas/relay/adapters/s3/links.ts';
import { type Emulators, startEmulators } from '../../lib/local/aws/emulators.ts';
import { awsClientsAt } from '../helpers/aws.ts';
import { createdObject, START } from '../helpers/factories.ts';

const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'the secret key', sessionToken: 'session==' };
const sign = async (overrides: Parameters<typeof createdObject>[0] = {}, endpoint?: string) => {
  const endpoints = { s3: endpoint, dynamodb: undefined, sqs: undefined, secretsManager: undefined };
  const { s3 } = awsClientsAt('', { credentials, endpoints });
  return new URL(await createS3Links(s3).presign(createdObject(overrides), { signedAt: START, seconds: 3_600 }));
};

describe('a presigned link', () => {
  it('is valid for the given time, is signed with the role, and makes S3 send a download of no type', async () => {
    const { host, searchParams } = await sign({ versionId: 'v1' });
    expect(host).toBe('example-uploads.s3.eu-central-1.amazonaws.com');
    expect(Object.fromEntries(searchParams)).toMatchObject({
      'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
      'X-Amz-Credential': expect.stringMatching(/^AKIDEXAMPLE\/20260305\/eu-central-1\/s3\//),
      'X-Amz-Date': '20260305T093000Z',
      'X-Amz-Expires': '3600',
      'X-Amz-Security-Token': 'session==',
      'X-Amz-SignedHeaders': 'host',
      'X-Amz-Signature': expect.stringMatching(/^[0-9a-f]{64}$/),
      'response-content-disposition': 'attachment',
      'response-content-type': 'application/octet-stream',
      versionId: 'v1',
    });
  });

  it.each([undefined, 'null'])('names no version if the event has the version id %s', async (versionId) => {
    expect((await sign({ versionId })).searchParams.has('versionId')).toBe(false);
  });

  it.each(['a b+c%20.pdf', 'a?x=1#top', '/a//b/', "it's (1)*~!.txt", 'a\r\n\u0000b', '日本/é.txt', 'a\\b'])(
    'names exactly the key %j, and no sign of it ends a link in Markdown',
    async (key) => {
      const { href, pathname } = await sign({ key });
      expect(decodeURIComponent(pathname)).toBe(`/${key}`);
      expect(href).not.toMatch(/[\s()<>[\]`]/);
    },
  );

  describe('opened with the embedded S3', () => {
    let emulators: Emulators;
    let folder: string;
    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), 'links-'));
      emulators = await startEmulators({
        region: 'eu-central-1',
        bucket: 'example-uploads',
        ledgerTable: 'ledger',
        secretId: 'credentials',
        secret: 'x',
        visibilityTimeoutSeconds: 30,
        maxReceiveCount: 10,
        now: Date.now,
        folder,
      });
    });
    afterEach(async () => {
      await emulators.close();
      rmSync(folder, { recursive: true });
    });

    it.each(['a b+c%20.pdf', 'a?x=1#top', "it's (1)*~!.txt", '日本/é.txt'])('returns the object %j', async (key) => {
      const { s3 } = emulators.clients;
      await s3.send(new PutObjectCommand({ Bucket: 'example-uploads', Key: key, Body: `content of ${key}` }));
      const answer = await fetch(await sign({ key }, emulators.endpoints.s3));
      expect([answer.status, await answer.text()]).toEqual([200, `content of ${key}`]);
    });
  });
});
