import { afterEach, describe, expect, it } from 'vitest';
import type { Upload } from '../../lambdas/relay/domain/delivery.ts';
import { type ChatServer, type ChatServerOptions, startChatServer } from '../../lib/local/chat-server/index.ts';
import { type ChatUnderTest, chatUnderTest, fileOf } from '../helpers/chat-client.ts';
import { createHandClock, type HandClock } from '../helpers/hand-clock.ts';

const ROOM = 'GENERAL';
const { signal } = new AbortController();

let server: ChatServer;
let under: ChatUnderTest;
let clock: HandClock;
afterEach(() => server.close());

const start = async (options: ChatServerOptions = {}) => {
  clock = createHandClock(Date.now());
  server = await startChatServer({ clock, ...options });
  under = chatUnderTest(server, { clock });
};
const upload = () => under.chat.uploadMedia(ROOM, fileOf('content'), { signal });
const confirm = ({ fileId }: Upload, roomId = ROOM) =>
  under.chat.confirmMedia({ roomId, fileId }, { text: '' }, { signal });
const find = (file: Upload, roomId = ROOM) =>
  under.chat.findMessage({ roomId, upload: file, isFileListProof: true }, { signal });
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

  it('ends if all remaining messages have the same millisecond', async () => {
    await start();
    const file = await upload();
    clock.advance(1);
    await chatter(101, 0);
    expect(await find(file)).toBeUndefined();
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

describe('findMessage with the lists of files only', () => {
  it.each(['c', 'p', 'd'] as const)(
    'finds the confirm in a room of type %s, without the id of the message',
    async (type) => {
      await start({ rooms: [{ id: ROOM, name: 'room', type }] });
      withoutEndpoints('syncMessages');
      const file = await upload();
      expect(await find(file)).toBeUndefined();
      await confirm(file);
      expect(await find(file)).toEqual({ messageId: undefined });
    },
  );

  it('reads all pages', async () => {
    await start();
    withoutEndpoints('syncMessages');
    const file = await upload();
    await confirm(file);
    clock.advance(1);
    await chatter(120);
    expect(await find(file)).toEqual({ messageId: undefined });
  });

  it('rejects if the list fails', async () => {
    await start();
    withoutEndpoints('syncMessages');
    const file = await upload();
    await confirm(file);
    server.faults.next('files', { kind: 'failure' });
    await expect(find(file)).rejects.toMatchObject({ status: 400 });
  });

  it('rejects if none of the lists knows the room', async () => {
    await start();
    withoutEndpoints('syncMessages');
    const file = await upload();
    await expect(find(file, 'NOWHERE')).rejects.toMatchObject({ status: 400 });
  });
});

describe('findMessage among other messages', () => {
  it('ignores messages of other users', async () => {
    await start();
    const file = await upload();
    const [bot] = server.users();
    const other = server.addUser({ username: 'someone' });
    if (bot === undefined) throw new Error('the server has no bot');
    const others = chatUnderTest({ url: server.url, userId: other.id, authToken: other.authToken }, { clock });
    const theirs = await others.chat.uploadMedia(ROOM, fileOf('x'), { signal });
    await others.chat.confirmMedia({ roomId: ROOM, fileId: theirs.fileId }, { text: '' }, { signal });
    expect(await find(file)).toBeUndefined();
    expect(await find(theirs)).toBeUndefined();
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
