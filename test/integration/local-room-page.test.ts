import http from 'node:http';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChatServer } from '../../lib/local/chat-server/index.ts';
import { type LocalRelay, startLocalRelay } from '../../lib/local/index.ts';

let relay: LocalRelay;
let chat: ChatServer;
beforeAll(async () => {
  relay = await startLocalRelay();
  chat = relay.chat as ChatServer;
});
afterAll(() => relay.close());

const post = (path: string, body: string, headers: Record<string, string | number> = {}) =>
  new Promise<{ status: number; text: string }>((resolve, reject) => {
    const isChunked = 'Transfer-Encoding' in headers;
    const length = isChunked ? {} : { 'Content-Length': Buffer.byteLength(body) };
    const own = { Origin: chat.url, ...length, ...headers };
    const request = http.request(`${chat.url}/room-page/${path}`, { method: 'POST', headers: own, agent: false });
    request.on('error', reject);
    request.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part) => {
        text += part;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    request.end(body);
  });
const upload = (key: string, body = 'content', headers = {}) =>
  post(`upload?${new URLSearchParams({ key })}`, body, headers);
const posted = () => chat.messages('general').map(({ file }) => file?.name);

describe('the upload of the room page', () => {
  it('stores the object in S3 under its key and with its type, and the relay posts it', async () => {
    const key = 'Ordner/Grüße + 100%.csv';
    expect(await upload(key, 'a,b\n')).toEqual({ status: 201, text: `${key} is uploaded.` });
    await relay.settled();
    expect(posted()).toContain('Grüße + 100%.csv');
    const object = await relay.clients.s3.send(new GetObjectCommand({ Bucket: relay.bucket, Key: key }));
    expect(object.ContentType).toBe('text/csv');
    expect(await object.Body?.transformToString()).toBe('a,b\n');
  });

  it.each([
    ['', 'a key of S3 has 1 to 1,024 bytes'],
    ['x'.repeat(1025), 'a key of S3 has 1 to 1,024 bytes'],
    ['a/../../other-bucket/x.txt', 'a key cannot have the segment "." or ".."'],
    ['./x.txt', 'a key cannot have the segment "." or ".."'],
  ])('refuses the key %j and says what to do', async (key, why) => {
    const { status, text } = await upload(key);
    expect(status).toBe(400);
    expect(text).toContain(why);
    expect(text).toMatch(/Rename the (file|folder)\.$/);
  });

  it.each([
    ['another Origin', { Origin: 'https://evil.example' }],
    ['another Host', { Host: 'evil.example', Origin: 'http://evil.example' }],
  ])('refuses a request with %s, and uploads nothing', async (_, headers) => {
    expect((await upload('evil.txt', 'x', headers)).status).toBe(403);
    const command = new GetObjectCommand({ Bucket: relay.bucket, Key: 'evil.txt' });
    await expect(relay.clients.s3.send(command)).rejects.toMatchObject({ name: 'NoSuchKey' });
  });

  it('refuses a body of unknown length, which S3 does not take', async () => {
    const { status, text } = await upload('x.txt', 'x', { 'Transfer-Encoding': 'chunked' });
    expect([status, text]).toEqual([411, 'x.txt was not uploaded: S3 needs the header Content-Length.']);
  });
});

describe('the room page’s button for dead letters', () => {
  const live = async () => {
    const answer = await fetch(`${chat.url}/room-page/live?room=GENERAL`);
    const reader = (answer.body ?? new ReadableStream()).pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes('\n\n')) text += (await reader.read()).value ?? '';
    await reader.cancel();
    return (JSON.parse(text.slice('data: '.length)) as { lives: { id: number; key?: string; state: string }[] }).lives;
  };

  it('sends one letter back with its attributes and leaves the others, then all', async () => {
    for (const Key of ['one.svg', 'two.svg', 'three.svg']) {
      await relay.clients.s3.send(new PutObjectCommand({ Bucket: relay.bucket, Key, Body: '<svg/>' }));
    }
    await relay.settled();
    chat.settings.FileUpload_MediaTypeBlackList = '';
    const id = (await live()).find(({ key }) => key === 'two.svg')?.id;
    expect(await post('send-back', JSON.stringify({ id }))).toEqual({ status: 200, text: '{"moved":1}' });
    await relay.settled();
    expect(posted()).toContain('two.svg');
    await expect.poll(async () => (await relay.peekDeadLetters()).length).toBe(2);
    expect(await post('send-back', '{}')).toEqual({ status: 200, text: '{"moved":2}' });
    await relay.settled();
    expect(
      posted()
        .filter((name) => name?.endsWith('.svg'))
        .sort(),
    ).toEqual(['one.svg', 'three.svg', 'two.svg']);
    expect(await relay.peekDeadLetters()).toEqual([]);
  });

  it('shows a letter that the function did not write, and refuses an id that is no number', async () => {
    const { deadLetterQueueUrl: QueueUrl } = relay;
    await relay.clients.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'no event' }));
    await expect
      .poll(async () => (await live()).filter(({ state }) => state === 'dead-lettered'))
      .toMatchObject([{ advice: expect.stringContaining('Read the function’s log') }]);
    const { status, text } = await post('send-back', '{"id":"1"}');
    expect(status).toBe(400);
    expect(text).toMatch(/^Nothing was sent back: /);
  });
});
