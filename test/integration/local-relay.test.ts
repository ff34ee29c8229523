import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, describe, expect, it } from 'vitest';
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
        const { EXTRA, QUEUE_URL, AWS_ENDPOINT_URL_S3 } = process.env;
        console.log(JSON.stringify({ settings, EXTRA, QUEUE_URL, AWS_ENDPOINT_URL_S3 }));
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
          AWS_ENDPOINT_URL_S3: relay.endpoints.s3,
        },
      ]);
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
