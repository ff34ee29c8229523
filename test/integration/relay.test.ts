import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterEach, describe, expect, it } from 'vitest';
import { type LocalRelay, type LocalRelayOptions, startLocalRelay } from '../../lib/local/index.ts';

// The function's real bundle runs in its own process and reaches all services over HTTP.

let relay: LocalRelay;
let lines: string[];
let events: string[];
afterEach(() => relay.close());

const start = async (options: LocalRelayOptions = {}): Promise<LocalRelay> => {
  lines = [];
  events = [];
  relay = await startLocalRelay({
    ...options,
    onLine: (line) => lines.push(line),
    onUpload: (_object, eventBody) => events.push(eventBody),
  });
  return relay;
};
const put = (key: string, body = 'content', contentType?: string) =>
  relay.clients.s3.send(new PutObjectCommand({ Bucket: relay.bucket, Key: key, Body: body, ContentType: contentType }));
const send = (body: string, failedAt?: string) =>
  relay.clients.sqs.send(
    new SendMessageCommand({
      QueueUrl: relay.queueUrl,
      MessageBody: body,
      ...(failedAt === undefined
        ? {}
        : { MessageAttributes: { failedAt: { DataType: 'String', StringValue: failedAt } } }),
    }),
  );
const messages = () => relay.chat?.messages('general') ?? [];
const outcomes = () => relay.deliveries.map(({ outcome }) => outcome);

const EVENTS = path.join(import.meta.dirname, '../../events');

describe('each example event', () => {
  it('is accepted by the function unchanged', async () => {
    await start({ bucket: 'example-uploads' });
    const [host] = relay.functions;
    for (const file of readdirSync(EVENTS).filter((name) => name.endsWith('.json'))) {
      const before = relay.deliveries.length;
      const answer = await host?.invoke(JSON.parse(readFileSync(path.join(EVENTS, file), 'utf8')));
      expect(answer, file).toMatchObject({ kind: 'answered', payload: '{"batchItemFailures":[]}' });
      // The bucket is empty, so every delivery that reads its object ends as `gone`.
      const gone = relay.deliveries.slice(before).filter(({ outcome }) => outcome === 'gone').length;
      const isObjectRead = !['test-event.json', 'removed.json', 'directory-marker.json'].includes(file);
      expect(gone > 0, file).toBe(isObjectRead);
    }
  });
});

describe('an object', () => {
  it('is posted once although its event is received seven times', async () => {
    await start({ processes: 2 });
    await put('once.txt');
    await relay.settled();
    for (let copy = 0; copy < 6; copy += 1) await send(events[0] ?? '');
    await relay.settled();
    expect(messages()).toHaveLength(1);
    expect(outcomes().filter((outcome) => outcome === 'posted')).toHaveLength(1);
  });

  it('that was deleted before its delivery is acknowledged', async () => {
    await start();
    relay.chat?.faults.next('roomInfo', { kind: 'delay', delayMs: 300 });
    await put('gone.txt');
    await relay.clients.s3.send(new DeleteObjectCommand({ Bucket: relay.bucket, Key: 'gone.txt' }));
    await relay.settled();
    expect(outcomes()).toEqual(['gone']);
    expect(messages()).toHaveLength(0);
  });

  it('that is refused has a dead letter with the reason, which can be redriven unchanged', async () => {
    await start();
    await put('logo.svg', '<svg xmlns="http://www.w3.org/2000/svg"/>', 'image/svg+xml');
    await relay.settled();
    const [letter] = await relay.peekDeadLetters();
    const attribute = (name: string) => letter?.messageAttributes[name]?.StringValue;
    expect(attribute('reason')).toBe('MEDIA_TYPE_REFUSED');
    expect(attribute('detail')).toContain('image/svg+xml');
    expect(attribute('roomId')).toBe('GENERAL');
    expect(attribute('attempts')).toBe('1');

    // A repeat of the event is not a redrive, so it does not start another delivery.
    await send(events[0] ?? '');
    await relay.settled();
    expect(await relay.peekDeadLetters()).toHaveLength(1);

    if (relay.chat !== undefined) relay.chat.settings.FileUpload_MediaTypeBlackList = '';
    await send(letter?.body ?? '', attribute('failedAt'));
    await relay.settled();
    expect(messages()).toHaveLength(1);
    expect(outcomes()).toEqual(['dead-lettered', 'duplicate', 'posted']);
  });

  it('that was retried because of an unusable secret is posted after the secret is corrected', async () => {
    // If its delivery is killed, the message is received again ten seconds after the function's time-out.
    await start({ secret: 'not JSON, but a secret all the same', functionTimeoutMs: 5_000 });
    await put('waits.txt');
    await expect.poll(outcomes).toContain('retrying');
    expect(relay.deliveries[0]).toMatchObject({ reason: 'SECRET_UNUSABLE' });
    const { userId, authToken } = relay.chat ?? {};
    relay.secretsManager.setSecret(JSON.stringify({ userId, authToken }));
    // This process does not call the server for half a minute; a new process calls it at once.
    await relay.functions[0]?.kill();
    await relay.settled({ timeoutMs: 90_000 });
    expect(messages()).toHaveLength(1);
    expect(lines.join('\n')).not.toContain('a secret all the same');
  }, 120_000);

  it('is posted while the token is replaced', async () => {
    await start();
    await put('before.txt');
    await relay.settled();
    const user = relay.chat?.users()[0];
    if (user === undefined) throw new Error('the chat server has no user');
    user.authToken = 'a-token-that-is-new';
    relay.secretsManager.setSecret(JSON.stringify({ userId: user.id, authToken: user.authToken }));
    await put('after.txt');
    await relay.settled();
    expect(outcomes()).toEqual(['posted', 'posted']);
    expect(messages()).toHaveLength(2);
  });

  it('is delivered without a token or its content in the log', async () => {
    await start();
    await put('quiet.txt', 'the content of the file');
    await put('loud.svg', '<svg>the content of the file</svg>', 'image/svg+xml');
    await relay.settled();
    expect(lines.length).toBeGreaterThan(2);
    const log = lines.join('\n');
    expect(log).not.toContain(relay.chat?.authToken ?? '');
    expect(log).not.toContain('the content of the file');
  });
});

describe('an unreadable message', () => {
  it.each([
    ['broken JSON', '{"Records":['],
    [
      'a record without a key',
      '{"Records":[{"eventName":"ObjectCreated:Put","eventTime":"2026-01-01T00:00:00Z","s3":{}}]}',
    ],
    [
      'a key that does not decode',
      '{"Records":[{"eventName":"ObjectCreated:Put","eventTime":"2026-01-01T00:00:00Z","s3":{"bucket":{"name":"uploads"},"object":{"key":"%E0%A4%A","size":1}}}]}',
    ],
  ])('(%s) becomes a dead letter and does not delay other messages', async (_what, body) => {
    await start();
    await send(body);
    await put('fine.txt');
    await relay.settled();
    expect(messages()).toHaveLength(1);
    const [letter] = await relay.peekDeadLetters();
    expect(letter?.messageAttributes['reason']?.StringValue).toBe('UNREADABLE_EVENT');
    expect(letter?.body).toBe(body);
  });
});
