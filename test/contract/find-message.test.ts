import { afterEach, describe, expect, it } from 'vitest';
import type { Upload } from '../../lambdas/relay/domain/delivery.ts';
import { type ChatServer, type ChatServerOptions, startChatServer } from '../../lib/local/chat-server/index.ts';
import { type ChatUnderTest, chatUnderTest, fileOf } from '../helpers/chat-client.ts';
import { createHandClock, type HandClock } from '../helpers/hand-clock.ts';
import { type ApiAnswer, apiScript, type ScriptedServer, startScriptedServer } from '../helpers/scripted-server.ts';

const ROOM = 'GENERAL';
const { signal } = new AbortController();

let server: ChatServer;
let under: ChatUnderTest;
let clock: HandClock;
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const start = async (options: ChatServerOptions = {}) => {
  clock = createHandClock(Date.now());
  server = await startChatServer({ clock, ...options });
  closers.push(server.close);
  under = chatUnderTest(server, { clock });
};
const upload = () => under.chat.uploadMedia(ROOM, fileOf('content'), { signal });
const confirm = ({ fileId }: Upload, roomId = ROOM) =>
  under.chat.confirmMedia({ roomId, fileId }, { text: '' }, { signal });
const find = (file: Upload, roomId = ROOM) => under.chat.findMessage({ roomId, upload: file }, { signal });
const namesOfCalls = () => server.calls.map(({ name, status }) => `${name} ${status}`);
/** Posts other files, `stepMs` apart. */
const chatter = async (count: number, stepMs = 1) => {
  for (let index = 0; index < count; index += 1) {
    await confirm(await upload());
    clock.advance(stepMs);
  }
};
/** Makes the server answer that these endpoints do not exist. */
const withoutEndpoints = (...names: string[]) =>
  server.faults.use(({ name }) =>
    names.includes(name)
      ? { kind: 'answer', status: 404, body: '404 Not Found', contentType: 'text/plain' }
      : undefined,
  );

describe.each<[string, ChatServerOptions]>([
  ['by chat.getMessageByFileId', { features: { messageByFileId: true } }],
  ['by chat.syncMessages with a cursor', {}],
  ['by chat.syncMessages with lastUpdate', { version: '7.x', features: { syncMessagesByCursor: false } }],
])('findMessage %s', (_, options) => {
  it('finds the message of a file', async () => {
    await start(options);
    const file = await upload();
    const { messageId } = await confirm(file);
    expect(await find(file)).toEqual({ messageId });
  });

  it('returns undefined if the file was not confirmed', async () => {
    await start(options);
    const file = await upload();
    await confirm(await upload());
    expect(await find(file)).toBeUndefined();
  });

  it('finds the message of a confirm that was executed but not answered', async () => {
    await start(options);
    const file = await upload();
    server.faults.next('mediaConfirm', { kind: 'reset-after' });
    await expect(confirm(file)).rejects.toMatchObject({ mayHaveActed: true });
    expect(await find(file)).toEqual({ messageId: server.messages(ROOM)[0]?._id });
  });

  it('finds the message 20 hours later', async () => {
    await start(options);
    const file = await upload();
    const { messageId } = await confirm(file);
    clock.advance(20 * 3_600_000);
    await chatter(3);
    expect(await find(file)).toEqual({ messageId });
  });

  it('finds the message in a thread of a private room', async () => {
    await start({ ...options, rooms: [{ id: ROOM, name: 'private', type: 'p' }] });
    const parent = await confirm(await upload());
    const file = await upload();
    const target = { roomId: ROOM, fileId: file.fileId };
    const { messageId } = await under.chat.confirmMedia(target, { text: '', threadId: parent.messageId }, { signal });
    expect(await find(file)).toEqual({ messageId });
  });

  it('finds the message that another user has posted before the credentials were rotated', async () => {
    await start(options);
    const file = await upload();
    const { messageId } = await confirm(file);
    const successor = server.addUser({ username: 'successor' });
    under = chatUnderTest({ url: server.url, userId: successor.id, authToken: successor.authToken }, { clock });
    expect(await find(file)).toEqual({ messageId });
  });

  it.each<[string, Pick<Upload, 'uploadedAt' | 'sentAt'>]>([
    ['a Date header 14 minutes ahead of the application server', { uploadedAt: 14 * 60_000, sentAt: 14 * 60_000 }],
    ['a Date header hours ahead of ours', { uploadedAt: 5 * 3_600_000, sentAt: 0 }],
    ['a clock of ours hours ahead of the Date header', { uploadedAt: 0, sentAt: 5 * 3_600_000 }],
    ['a ledger item without our time', { uploadedAt: 14 * 60_000 }],
  ])('finds the message with %s', async (_, { uploadedAt, sentAt }) => {
    await start(options);
    const { fileId } = await upload();
    const now = clock.now();
    const { messageId } = await confirm({ fileId, uploadedAt: now });
    const times = { uploadedAt: now + uploadedAt, sentAt: sentAt === undefined ? undefined : now + sentAt };
    expect(await find({ fileId, ...times })).toEqual({ messageId });
  });

  it('rejects if the server fails', async () => {
    await start(options);
    const file = await upload();
    for (const fault of [{ kind: 'failure' }, { kind: 'answer', status: 503 }, { kind: 'forbidden' }] as const) {
      server.faults.use(({ name }) => (name === 'getMessageByFileId' || name === 'syncMessages' ? fault : undefined));
      await expect(find(file)).rejects.toThrow();
      server.faults.clear();
    }
    await confirm(file);
    expect(await find(file)).toBeDefined();
  });
});

describe('findMessage with several pages of chat.syncMessages', () => {
  it('reads all pages', async () => {
    await start();
    const file = await upload();
    await chatter(150);
    const { messageId } = await confirm(file);
    expect(await find(file)).toEqual({ messageId });
    expect(server.calls.filter(({ name }) => name === 'syncMessages')).toHaveLength(2);
  });

  it('finds a message of the same millisecond as the end of a page', async () => {
    await start();
    const file = await upload();
    await chatter(98);
    await chatter(3, 0);
    const { messageId } = await confirm(file);
    expect(await find(file)).toEqual({ messageId });
  });

  it('returns undefined if all remaining messages have the same millisecond', async () => {
    await start();
    const file = await upload();
    clock.advance(1);
    await chatter(101, 0);
    expect(await find(file)).toBeUndefined();
  });

  it('finds a message of a millisecond that has more messages than a page', async () => {
    await start();
    const file = await upload();
    clock.advance(1);
    await chatter(101, 0);
    const { messageId } = await confirm(file);
    expect(await find(file)).toEqual({ messageId });
  });
});

describe('findMessage', () => {
  it('remembers that the server does not have chat.getMessageByFileId', async () => {
    await start();
    const file = await upload();
    for (let look = 0; look < 3; look += 1) await find(file);
    expect(namesOfCalls()).toEqual([
      'media 200',
      'unknown 404',
      'syncMessages 200',
      'syncMessages 200',
      'syncMessages 200',
    ]);
  });

  it('remembers that an old server does not have the cursor', async () => {
    await start({ version: '7.x', features: { syncMessagesByCursor: false } });
    const file = await upload();
    for (let look = 0; look < 2; look += 1) await find(file);
    expect(namesOfCalls()).toEqual([
      'media 200',
      'unknown 404',
      'syncMessages 400',
      'syncMessages 200',
      'syncMessages 200',
    ]);
  });

  it('remembers nothing if a proxy answers 404 to every call', async () => {
    await start();
    const file = await upload();
    const stop = server.faults.use(() => ({ kind: 'answer', status: 404, body: 'default backend - 404' }));
    await expect(find(file)).rejects.toMatchObject({ status: 404 });
    stop();
    const { messageId } = await confirm(file);
    expect(await find(file)).toEqual({ messageId });
  });

  it('calls chat.getMessageByFileId again after it has found no message', async () => {
    await start({ features: { messageByFileId: true } });
    const file = await upload();
    expect(await find(file)).toBeUndefined();
    expect(namesOfCalls()).toEqual(['media 200', 'getMessageByFileId 404', 'syncMessages 200']);
    const { messageId } = await confirm(file);
    expect(await find(file)).toEqual({ messageId });
    expect(namesOfCalls().slice(-1)).toEqual(['getMessageByFileId 200']);
  });
});

describe('findMessage with more pages than it reads', () => {
  const FILE: Upload = { fileId: 'wanted', uploadedAt: Date.now() };
  const endless = async (calls: Record<string, (url: URL) => ApiAnswer>): Promise<ScriptedServer> => {
    const scripted = await startScriptedServer();
    closers.push(scripted.close);
    scripted.answer(apiScript(calls));
    under = chatUnderTest({ url: scripted.url, userId: 'bot', authToken: 'token' });
    return scripted;
  };

  it('rejects instead of returning "not found" for messages', async () => {
    const scripted = await endless({
      'chat.syncMessages': (url) => {
        const next = String(Number(url.searchParams.get('next')) + 1_000);
        return { body: { success: true, result: { updated: [{ _id: next }], cursor: { next } } } };
      },
    });
    await expect(find(FILE)).rejects.toMatchObject({ code: 'BAD_ANSWER' });
    expect(scripted.requests.length).toBeGreaterThan(200);
  });
});

describe('findMessage after a confirm that was answered with "message": null', () => {
  it('rejects if a proxy answers 404 to chat.syncMessages, although the list of files shows the file as confirmed', async () => {
    await start();
    withoutEndpoints('syncMessages');
    const file = await upload();
    server.faults.next('mediaConfirm', { kind: 'message-null' });
    await expect(confirm(file)).rejects.toMatchObject({ errorType: 'message-null' });
    for (let look = 0; look < 2; look += 1) await expect(find(file)).rejects.toMatchObject({ status: 404 });
    expect(server.calls.map(({ name }) => name)).not.toContain('files');
  });

  it.each<[string, ChatServerOptions]>([
    ['chat.syncMessages', {}],
    ['chat.getMessageByFileId', { features: { messageByFileId: true } }],
  ])('returns what %s shows', async (_, options) => {
    await start(options);
    const file = await upload();
    expect(await find(file)).toBeUndefined();
    server.faults.next('mediaConfirm', { kind: 'message-null' });
    await expect(confirm(file)).rejects.toThrow();
    expect(await find(file)).toBeUndefined();
    const { messageId } = await confirm(file);
    expect(await find(file)).toEqual({ messageId });
    expect(server.calls.map(({ name }) => name)).not.toContain('files');
  });
});

describe('findMessage among other messages', () => {
  it('ignores messages of other files', async () => {
    await start();
    const file = await upload();
    await confirm(await upload());
    expect(await find(file)).toBeUndefined();
  });

  it('ignores messages of other rooms', async () => {
    await start({
      rooms: [
        { id: ROOM, name: 'general' },
        { id: 'OTHER', name: 'other' },
      ],
    });
    const file = await upload();
    await confirm(file);
    expect(await find(file, 'OTHER')).toBeUndefined();
  });
});
