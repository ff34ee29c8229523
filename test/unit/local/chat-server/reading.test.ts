import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ChatServer, startChatServer } from '../../../../lib/local/chat-server/index.ts';
import { createHandClock, type HandClock } from '../../../helpers/hand-clock.ts';
import { call, confirm, form, PNG, upload, uploadedFileId } from './api-client.ts';

let chat: ChatServer;
let clock: HandClock;
const start = async (...[options]: Parameters<typeof startChatServer>) => {
  await chat?.close();
  clock = createHandClock();
  chat = await startChatServer({ clock, ...options });
};
beforeEach(() => start());
afterEach(() => chat.close());

const post = async (msg: string) => {
  clock.advance(10);
  const fileId = await uploadedFileId(chat);
  await confirm(chat, fileId, { msg });
  return fileId;
};

describe('the list of a room’s files', () => {
  it('shows expiresAt only for temporary uploads', async () => {
    const temporary = await uploadedFileId(chat);
    const confirmed = await post('x');
    const { json } = await call(chat, '/api/v1/channels.files?roomId=GENERAL&sort={"uploadedAt":-1}&count=50');
    expect(json).toMatchObject({ count: 2, offset: 0, total: 2, success: true });
    expect(json['files']).toMatchObject([{ _id: confirmed }, { _id: temporary, expiresAt: expect.any(String) }]);
    expect((json['files'] as object[])[0]).not.toHaveProperty('expiresAt');
  });

  it('is filtered by a regular expression and returned in pages', async () => {
    for (const name of ['a.pdf', 'aXpdf', 'b.pdf']) await upload(chat, form({ disposition: `; filename="${name}"` }));
    const names = async (query: string) => {
      const { json } = await call(chat, `/api/v1/channels.files?roomId=GENERAL&${query}`);
      return (json['files'] as { name: string }[]).map(({ name }) => name);
    };
    expect(await names('name=a.pdf')).toEqual(['a.pdf', 'aXpdf']);
    expect(await names(String.raw`name=a\.pdf`)).toEqual(['a.pdf']);
    expect(await names('count=1&offset=1')).toEqual(['aXpdf']);
  });

  it('omits thumbnails', async () => {
    const fileId = await uploadedFileId(chat, form({ type: 'image/png', content: PNG }));
    await confirm(chat, fileId);
    const { json } = await call(chat, '/api/v1/channels.files?roomId=GENERAL');
    expect(json['files']).toMatchObject([{ _id: fileId }]);
    expect(chat.thumbnails()).toHaveLength(1);
  });

  it('has one endpoint per room type', async () => {
    chat.addRoom({ id: 'G', name: 'g', type: 'p' });
    chat.addRoom({ id: 'D', type: 'd' });
    const status = async (path: string) => (await call(chat, `/api/v1/${path}`)).status;
    expect(await Promise.all(['groups.files?roomId=G', 'im.files?roomId=D'].map(status))).toEqual([200, 200]);
    expect(await call(chat, '/api/v1/channels.files?roomId=G')).toMatchObject({
      status: 400,
      json: { errorType: 'error-room-not-found' },
    });
  });
});

describe('chat.getMessageByFileId', () => {
  const get = (fileId: string) => call(chat, `/api/v1/chat.getMessageByFileId?fileId=${fileId}`);

  it('does not exist by default: it answers 404 in plain text, even without a login', async () => {
    const { status, text } = await call(chat, '/api/v1/chat.getMessageByFileId?fileId=x', { anonymous: true });
    expect([status, text]).toEqual([404, '404 Not Found']);
  });

  it('finds the first message of a file, and answers 404 in JSON if there is none', async () => {
    await start({ features: { messageByFileId: true } });
    const fileId = await post('x');
    await confirm(chat, fileId);
    expect((await get(fileId)).json).toMatchObject({ message: { msg: 'x' }, success: true });
    expect(await get('nope')).toMatchObject({ status: 404, json: { success: false, error: 'Resource not found' } });
    chat.room('general').members = [];
    expect(await get(fileId)).toMatchObject({ status: 403 });
  });
});

describe('rooms.info', () => {
  const info = (query: string) => call(chat, `/api/v1/rooms.info?${query}`);

  it('finds rooms by id and by name, but direct messages by id only', async () => {
    chat.addRoom({ id: 'D', type: 'd', members: [chat.userId] });
    expect((await info('roomName=general')).json).toMatchObject({ room: { _id: 'GENERAL', t: 'c' }, success: true });
    expect((await info('roomId=GENERAL')).json).toMatchObject({ room: { name: 'general' } });
    expect((await info('roomId=D')).json).toMatchObject({ room: { _id: 'D', t: 'd' } });
    expect((await info('roomName=D')).json).toMatchObject({ errorType: 'error-room-not-found' });
  });

  it('has different errors for no access, an archived room and a missing parameter', async () => {
    chat.features.archivedRoomsResolve = false;
    chat.addRoom({ id: 'S', name: 's', type: 'p', members: [] });
    chat.addRoom({ id: 'A', name: 'a', archived: true });
    expect(await info('roomId=S')).toMatchObject({
      status: 400,
      json: { success: false, error: 'not-allowed', errorType: 'Not Allowed' },
    });
    expect((await info('roomId=A')).json).toMatchObject({ errorType: 'error-room-archived' });
    expect((await info('')).json).toMatchObject({ errorType: 'error-roomid-param-not-provided' });
  });

  it('shows the state of a room, with usernames in place of ids', async () => {
    const ann = chat.addUser({ username: 'ann' });
    chat.addRoom({ id: 'R', name: 'r', readOnly: true, encrypted: true, muted: [ann.id], unmuted: [chat.userId] });
    const state = ['ro', 'muted', 'unmuted', 'encrypted', 'archived'] as const;
    const stateOf = async (query: string) => {
      const room = (await info(query)).json['room'] as Record<(typeof state)[number], unknown>;
      return Object.fromEntries(state.filter((key) => key in room).map((key) => [key, room[key]]));
    };
    expect(await stateOf('roomId=R')).toEqual({ ro: true, muted: ['ann'], unmuted: ['relay.bot'], encrypted: true });
    expect(await stateOf('roomId=GENERAL')).toEqual({ ro: false });
    chat.room('general').archived = true;
    expect(await stateOf('roomName=general')).toEqual({ ro: false, archived: true });
  });

  it.each([
    ['7.x', { errorType: 'error-room-archived' }],
    ['8.x', { room: { archived: true } }],
    ['9.x', { room: { archived: true } }],
  ] as const)('of %s answers for an archived room by default with %j', async (version, answer) => {
    await start({ version });
    chat.room('general').archived = true;
    expect((await info('roomId=GENERAL')).json).toMatchObject(answer);
  });
});

describe('the chat server', () => {
  it.each([
    [{ version: '8.x' }, '8.6'],
    [{ version: '8.x', features: { messageByFileId: true } }, '8.9'],
    [{ version: '9.x' }, '9.0'],
    [{ version: '7.x' }, '7.10'],
    [{ version: '7.x', features: { syncMessagesByCursor: false } }, '7.8'],
  ] as const)('with %j has the version %s', async (options, version) => {
    await start(options);
    expect((await call(chat, '/api/info', { anonymous: true })).json).toEqual({ version, success: true });
  });

  it('shows public settings without a login', async () => {
    chat.settings.FileUpload_MaxFileSize = 5;
    const path = '/api/v1/settings.public?_id=FileUpload_MaxFileSize,Message_MaxAllowedSize&count=50';
    expect((await call(chat, path, { anonymous: true })).json).toEqual({
      settings: [
        { _id: 'FileUpload_MaxFileSize', value: 5 },
        { _id: 'Message_MaxAllowedSize', value: 5000 },
      ],
      count: 2,
      offset: 0,
      total: 2,
      success: true,
    });
  });

  it('returns the user of a token until the token is revoked', async () => {
    expect((await call(chat, '/api/v1/me')).json).toMatchObject({ _id: chat.userId, roles: ['bot'], success: true });
    const [bot] = chat.users();
    if (bot) bot.authToken = 'another';
    expect((await call(chat, '/api/v1/me')).status).toBe(401);
  });

  it('answers an unknown path with 404 in plain text', async () => {
    const { status, text } = await call(chat, '/api/v1/rooms.upload/GENERAL', { body: '{}' });
    expect([status, text]).toEqual([404, '404 Not Found']);
    expect(chat.calls).toMatchObject([{ name: 'unknown', route: '/api/v1/rooms.upload/GENERAL', status: 404 }]);
  });
});
