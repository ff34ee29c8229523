import { PutObjectCommand, PutObjectTaggingCommand } from '@aws-sdk/client-s3';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterEach, describe, expect, it } from 'vitest';
import { type ChatServer, startChatServer } from '../../lib/local/chat-server/index.ts';
import { startFrontProxy } from '../../lib/local/front-proxy/front-proxy.ts';
import { type LocalRelay, type LocalRelayOptions, startLocalRelay } from '../../lib/local/index.ts';

// The function's real bundle runs in its own process and reaches all services over HTTP.

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

let relay: LocalRelay;
let chat: ChatServer;
let lines: string[];
let events: string[];
const start = async (options: LocalRelayOptions = {}): Promise<void> => {
  lines = [];
  events = [];
  relay = await startLocalRelay({
    ...options,
    onLine: (line) => lines.push(line),
    onUpload: (_object, eventBody) => events.push(eventBody),
  });
  closers.push(() => relay.close());
  if (relay.chat !== undefined) chat = relay.chat;
};
const put = (Key: string, Body: string | Buffer = 'content', more: { ContentType?: string; Tagging?: string } = {}) =>
  relay.clients.s3.send(new PutObjectCommand({ Bucket: relay.bucket, Key, Body, ...more }));
const calls = (name: string) => chat.calls.filter((call) => call.name === name);
const letters = async () => {
  const peeked = await relay.peekDeadLetters();
  return peeked.map(({ body, messageAttributes }) => ({
    body,
    reason: messageAttributes['reason']?.StringValue,
    detail: messageAttributes['detail']?.StringValue,
    failedAt: messageAttributes['failedAt']?.StringValue ?? '',
  }));
};
const SMALL = { settings: { FileUpload_MaxFileSize: 10 } };
const LINK = { routes: [{ room: '#general', link: { baseUrl: 'https://files.example.com' } }] };
const PRESIGNED = { routes: [{ room: '#general', link: { presignForHours: 1 } }] };

describe("a file over the server's limit", () => {
  it('is not uploaded, and the settings are read once for a hundred files', async () => {
    await start({ chatServer: SMALL });
    await put('large.txt', 'eleven char');
    await Promise.all(Array.from({ length: 99 }, (_, i) => put(`small-${i}.txt`)));
    await relay.settled();
    expect(calls('media')).toHaveLength(99);
    expect(calls('settings')).toHaveLength(1);
    expect(await letters()).toMatchObject([
      { reason: 'FILE_TOO_LARGE', detail: "the file has 11 B; the server's limit is 10 B (FileUpload_MaxFileSize)" },
    ]);
  });

  it('is uploaded when it is sent back right after the limit was raised', async () => {
    await start({ chatServer: SMALL });
    await put('large.txt', 'eleven char');
    await relay.settled();
    const [letter] = await letters();
    chat.settings.FileUpload_MaxFileSize = 100;
    const failedAt = { DataType: 'String', StringValue: letter?.failedAt };
    await relay.clients.sqs.send(
      new SendMessageCommand({
        QueueUrl: relay.queueUrl,
        MessageBody: letter?.body,
        MessageAttributes: { failedAt },
      }),
    );
    await relay.settled();
    expect(chat.messages('general')).toMatchObject([{ file: { name: 'large.txt', size: 11 } }]);
  });

  it('of a refused type is not uploaded either', async () => {
    await start({ chatServer: { settings: { FileUpload_MediaTypeWhiteList: 'image/*' } } });
    const ContentType = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';
    await put('sheet.xlsx', 'content', { ContentType });
    await relay.settled();
    expect(calls('media')).toEqual([]);
    expect(await letters()).toMatchObject([{ reason: 'MEDIA_TYPE_REFUSED' }]);
  });

  it('is left to the server while its settings cannot be read', async () => {
    await start({ chatServer: SMALL });
    chat.faults.next('settings', { kind: 'answer', status: 503 }, { times: 5 });
    await put('large.txt', 'eleven char');
    await relay.settled();
    expect(calls('media')).toHaveLength(1);
    expect(await letters()).toMatchObject([{ reason: 'FILE_TOO_LARGE' }]);
  });
});

it("a proxy's limit is learnt from its 413: files of that size are not sent to it again, and smaller ones are", async () => {
  chat = await startChatServer();
  closers.push(() => chat.close());
  let medias = 0;
  const proxy = await startFrontProxy(chat.url, {
    maxBodyBytes: 50_000,
    decide: ({ url }) => {
      if (url?.includes('rooms.media/')) medias += 1;
      return undefined;
    },
  });
  closers.push(() => proxy.close());
  await start({ rocketChat: { url: proxy.url, userId: chat.userId, authToken: chat.authToken } });
  await put('first.txt', Buffer.alloc(60_000, 'x'));
  await relay.settled();
  // More than one if a connection ended before the answer to an earlier one was read.
  const before = medias;
  expect(before).toBeGreaterThanOrEqual(1);
  await put('second.txt', Buffer.alloc(61_000, 'x'));
  await put('small.txt', Buffer.alloc(49_000, 'x'));
  await relay.settled();
  // The small one; the second large one was not sent.
  expect(medias).toBe(before + 1);
  expect(chat.messages('general')).toMatchObject([{ file: { name: 'small.txt' } }]);
  expect((await letters()).map(({ reason }) => reason)).toEqual(['FILE_TOO_LARGE', 'FILE_TOO_LARGE']);
  expect((await letters())[1]?.detail).toContain('a proxy before the server has just refused');
});

describe('a link in place of a file', () => {
  it('is posted once although its event is received seven times, by two processes', async () => {
    await start({ chatServer: SMALL, settings: LINK, processes: 2 });
    await put('in box/large & more.txt', 'eleven char');
    await relay.settled();
    for (let copy = 0; copy < 6; copy += 1) {
      await relay.clients.sqs.send(new SendMessageCommand({ QueueUrl: relay.queueUrl, MessageBody: events[0] }));
    }
    await relay.settled();
    const [message, ...others] = chat.messages('general');
    expect(others).toEqual([]);
    expect(message?.msg).toContain('it is too large for this server: 11 B, limit 10 B.');
    expect(message?.msg).toContain('(https://files.example.com/in%20box/large%20%26%20more.txt)');
    expect(calls('media')).toEqual([]);
    expect(relay.deliveries.filter(({ outcome }) => outcome === 'posted')).toMatchObject([{ link: 'FILE_TOO_LARGE' }]);
  });

  it('is posted once if the answer to its message is lost', async () => {
    await start({ chatServer: SMALL, settings: LINK });
    chat.faults.next('sendMessage', { kind: 'reset-after' });
    await put('large.txt', 'eleven char');
    await relay.settled();
    expect(chat.messages('general')).toHaveLength(1);
    expect(await letters()).toEqual([]);
  });

  it('that is presigned opens the file, and is in no log line, even if the server quotes it in an error', async () => {
    await start({ chatServer: SMALL, settings: PRESIGNED });
    const quoted =
      'an app does not like https://s3.example.com/x?X-Amz-Credential=abc&X-Amz-Signature=0123456789abcdef';
    chat.faults.next('sendMessage', { kind: 'failure', error: quoted });
    await put('large.txt', 'eleven char');
    await relay.settled();
    const [message] = chat.messages('general');
    const url = /\]\((.+)\)/.exec(message?.msg ?? '')?.[1] ?? '';
    const answer = await fetch(url);
    expect([answer.status, await answer.text()]).toEqual([200, 'eleven char']);
    expect(message?.msg).toMatch(/The link works until \d{4}-\d\d-\d\d \d\d:\d\d UTC at the latest/);
    const log = lines.join('\n');
    expect(log).toContain('an app does not like (presigned link)');
    expect(log).not.toMatch(/X-Amz-|Signature/);
  });

  it('obeys the rules of the room: in an encrypted room nothing is posted until an operator corrects it', async () => {
    await start({ chatServer: { ...SMALL, rooms: [{ id: 'E', name: 'general', encrypted: true }] }, settings: LINK });
    await put('large.txt', 'eleven char');
    await expect.poll(() => relay.deliveries, { timeout: 10_000 }).toHaveLength(1);
    expect(relay.deliveries).toMatchObject([{ outcome: 'retrying', reason: 'ROOM_UNAVAILABLE' }]);
    expect(calls('sendMessage')).toEqual([]);
  });
});

describe('with a required malware scan', () => {
  const TAG = 'GuardDutyMalwareScanStatus';
  const SCAN = { routes: [{ room: '#general' }], requireMalwareScan: true };
  const tag = (Key: string, Value: string) =>
    relay.clients.s3.send(
      new PutObjectTaggingCommand({ Bucket: relay.bucket, Key, Tagging: { TagSet: [{ Key: TAG, Value }] } }),
    );

  it('a file is posted after it was found clean, and one with malware is a dead letter', async () => {
    await start({ settings: SCAN });
    await put('clean.txt');
    await put('infected.txt');
    await put('scanned-before.txt', 'content', { Tagging: `${TAG}=NO_THREATS_FOUND` });
    await expect.poll(() => chat.messages('general').length, { timeout: 10_000 }).toBe(1);
    await expect
      .poll(() => relay.deliveries.filter(({ reason }) => reason === 'NOT_SCANNED').length)
      .toBeGreaterThanOrEqual(2);
    await tag('clean.txt', 'NO_THREATS_FOUND');
    await tag('infected.txt', 'THREATS_FOUND');
    await relay.settled();
    const names = chat.messages('general').map(({ file }) => file?.name);
    expect(names.sort()).toEqual(['clean.txt', 'scanned-before.txt']);
    expect(await letters()).toMatchObject([{ reason: 'MALWARE_FOUND' }]);
    const metrics = lines.filter((line) => line.includes('"_aws"')).join('\n');
    expect(metrics).toContain('MalwareFound');
    expect(metrics).not.toContain('Retried');
  });
});
