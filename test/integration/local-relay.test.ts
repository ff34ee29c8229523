import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterEach, describe, expect, it } from 'vitest';
import { startChatServer } from '../../lib/local/chat-server/index.ts';
import { type LocalRelay, type LocalRelayOptions, startLocalRelay } from '../../lib/local/index.ts';

let relay: LocalRelay;
afterEach(() => relay.close());

const start = async (options?: LocalRelayOptions): Promise<LocalRelay> => {
  relay = await startLocalRelay(options);
  return relay;
};
const put = (key: string, body = 'content') =>
  relay.clients.s3.send(new PutObjectCommand({ Bucket: relay.bucket, Key: key, Body: body }));

/** Writes a function that replaces the bundle. */
const code = (text: string) => (outdir: string) => writeFileSync(join(outdir, 'index.js'), text);

describe('startLocalRelay', () => {
  it('posts an uploaded object with the deployed bundle', async () => {
    await start();
    await put('a b+c%ü.txt');
    await relay.settled();
    expect(relay.deliveries).toMatchObject([{ outcome: 'posted', key: 'a b+c%ü.txt', sizeBytes: 7 }]);
    expect(relay.chat?.messages('general')).toHaveLength(1);
    expect(await relay.peekDeadLetters()).toEqual([]);
  });

  it('distributes batches over several processes', async () => {
    await start({ processes: 3, batchSize: 1 });
    expect(new Set(relay.functions.map(({ pid }) => pid)).size).toBe(3);
    await Promise.all(Array.from({ length: 12 }, (_, i) => put(`${i}.txt`)));
    await relay.settled();
    expect(relay.chat?.messages('general')).toHaveLength(12);
  });

  it('gives the function its settings and its environment variables', async () => {
    const lines: string[] = [];
    await start({
      bundle: code(`const { readFileSync } = require('node:fs');
        const settings = JSON.parse(readFileSync(process.env.LAMBDA_TASK_ROOT + '/relay.json', 'utf8'));
        const { EXTRA, QUEUE_URL, BUCKET_NAMES, AWS_ENDPOINT_URL_S3 } = process.env;
        console.log(JSON.stringify({ settings, EXTRA, QUEUE_URL, BUCKET_NAMES, AWS_ENDPOINT_URL_S3 }));
        exports.handler = async () => {};`),
      settings: { routes: [{ room: '#general', prefix: 'in/' }], filesAtOnce: 2 },
      environment: { EXTRA: 'yes' },
      onLine: (line) => lines.push(line),
    });
    await expect
      .poll(() => lines.map((line) => JSON.parse(line)))
      .toMatchObject([
        {
          settings: { routes: [{ room: '#general', prefix: 'in/' }], filesAtOnce: 2, retryForHours: 24 },
          EXTRA: 'yes',
          QUEUE_URL: relay.queueUrl,
          BUCKET_NAMES: 'uploads',
          AWS_ENDPOINT_URL_S3: relay.endpoints.s3,
        },
      ]);
  });

  it('relays every upload although onUpload throws, and reports the error once', async () => {
    await start({
      onUpload() {
        throw new Error('no room for notes');
      },
    });
    await put('a.txt');
    await expect(relay.settled()).rejects.toThrow('no room for notes');
    await put('b.txt').catch(() => {});
    await expect(relay.settled()).rejects.toThrow('no room for notes');
    await relay.settled();
    expect(relay.deliveries.map(({ key, outcome }) => [key, outcome])).toEqual([
      ['a.txt', 'posted'],
      ['b.txt', 'posted'],
    ]);
  });

  it('lets only its own function read the credentials of a real server', async () => {
    const chat = await startChatServer();
    try {
      const { url, userId, authToken } = chat;
      await start({ rocketChat: { url, userId, authToken } });
      await put('a.txt');
      await relay.settled();
      expect(relay.deliveries).toMatchObject([{ outcome: 'posted' }]);
      for (const key of ['local', 'any']) {
        const client = new SecretsManagerClient({
          endpoint: relay.endpoints.secretsManager,
          region: relay.region,
          credentials: { accessKeyId: key, secretAccessKey: key },
        });
        const reading = client.send(new GetSecretValueCommand({ SecretId: 'rocket-chat-credentials' }));
        await expect(reading).rejects.toMatchObject({ name: 'UnrecognizedClientException' });
        client.destroy();
      }
      const unsigned = await fetch(relay.endpoints.secretsManager, {
        method: 'POST',
        headers: { 'x-amz-target': 'secretsmanager.GetSecretValue' },
        body: JSON.stringify({ SecretId: 'rocket-chat-credentials' }),
      });
      expect([unsigned.status, await unsigned.text()]).toEqual([400, expect.not.stringContaining(authToken)]);
    } finally {
      await chat.close();
    }
  });

  it('delivers the messages of a killed process again', async () => {
    let begun = () => {};
    const taken = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const receiveCounts: string[] = [];
    await start({
      visibilityTimeoutSeconds: 1,
      bundle: code(`exports.handler = async ({ Records: [{ attributes }] }) => {
        console.log(attributes.ApproximateReceiveCount);
        if (attributes.ApproximateReceiveCount === '1') await new Promise(() => {});
      };`),
      onLine(line) {
        receiveCounts.push(line);
        begun();
      },
    });
    await put('a.txt');
    await taken;
    await relay.functions[0]?.kill();
    await relay.settled();
    expect(receiveCounts).toEqual(['1', '2']);
  });

  it('counts the messages that are left when it does not settle', async () => {
    await start({ bundle: code("exports.handler = async () => { throw new Error('no'); };") });
    await put('a.txt');
    await expect(relay.settled({ timeoutMs: 100 })).rejects.toThrow(
      /not empty after 100 ms: \d messages visible, \d in flight/,
    );
  });

  it('rejects when the port is in use or the settings are invalid', async () => {
    await start();
    const { port } = new URL(relay.endpoints.s3);
    await expect(startLocalRelay({ port: Number(port) })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await expect(startLocalRelay({ settings: { routes: [] } })).rejects.toThrow('at least one route');
  });
});
