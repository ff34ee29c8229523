import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ChatServer, startChatServer } from '../../../../lib/local/chat-server/index.ts';
import type { RoomInput } from '../../../../lib/local/chat-server/state/rooms.ts';
import { createHandClock } from '../../../helpers/hand-clock.ts';
import { call, confirm, form, PNG, upload, uploadedFileId } from './api-client.ts';

let chat: ChatServer;
const start = async (...[options]: Parameters<typeof startChatServer>) => {
  await chat?.close();
  chat = await startChatServer(options);
};
beforeEach(() => start());
afterEach(() => chat.close());

const uploadedImage = () =>
  uploadedFileId(chat, form({ disposition: '; filename="a.png"', type: 'image/png', content: PNG }));

const HOUR_MS = 3_600_000;

describe('a valid confirm', () => {
  it('posts the message and makes the file permanent', async () => {
    const clock = createHandClock();
    await start({ clock });
    const fileId = await uploadedFileId(chat);
    expect(chat.files()).toMatchObject([{ expiresAt: new Date(clock.now() + 24 * HOUR_MS) }]);

    const { status, json } = await confirm(chat, fileId, { msg: 'for you', description: 'a report' });

    expect(status).toBe(200);
    expect(json).toMatchObject({
      success: true,
      message: {
        rid: 'GENERAL',
        msg: 'for you',
        ts: new Date(clock.now()).toISOString(),
        u: { _id: chat.userId },
        file: { _id: fileId, name: 'report.pdf', type: 'application/pdf', size: 7 },
        files: [{ _id: fileId }],
        attachments: [{ title: 'report.pdf', description: 'a report', type: 'file', title_link_download: true }],
      },
    });
    expect(chat.messages('general')).toHaveLength(1);
    expect(chat.files()).toMatchObject([{ confirmed: true, expiresAt: undefined }]);
  });

  it('adds a thumbnail to the message of an image', async () => {
    const fileId = await uploadedImage();
    await confirm(chat, fileId);
    const [message] = chat.messages('general');
    expect(message?.files?.map(({ _id, name }) => [_id, name])).toEqual([
      [fileId, 'a.png'],
      [chat.thumbnails()[0]?.id, 'thumb-a.png'],
    ]);
  });

  it('gives the message an id of 24 hexadecimal digits', async () => {
    await confirm(chat, await uploadedFileId(chat));
    expect(chat.messages('general')).toMatchObject([{ _id: expect.stringMatching(/^[0-9a-f]{24}$/) }]);
  });

  it('posts another message when repeated, and answers with the first one', async () => {
    const fileId = await uploadedFileId(chat);
    const answers = await Promise.all([1, 2, 3].map((msg) => confirm(chat, fileId, { msg: String(msg) })));
    const posted = chat.messages('general');
    expect(posted).toHaveLength(3);
    for (const { json } of answers) expect(json['message']).toMatchObject({ _id: posted[0]?._id });
  });

  it.each([
    ['malformed JSON', '{"msg":"lost"', 'application/json'],
    ['an empty body', '', 'application/json'],
    ['a list', '["msg"]', 'application/json'],
    ['another content type', '{"msg":"lost"}', 'text/plain'],
  ])('reads %s as {}', async (_, body, type) => {
    const { status } = await confirm(chat, await uploadedFileId(chat), body, { headers: { 'Content-Type': type } });
    expect(status).toBe(200);
    expect(chat.messages('general')).toMatchObject([{ msg: '' }]);
  });

  it('posts a thread reply in the room of its parent', async () => {
    const other = chat.addRoom({ name: 'other' });
    const parent = await confirm(chat, await uploadedFileId(chat));
    const parentId = chat.messages('general')[0]?._id;
    const { json } = await upload(chat, form({}), { roomId: other.id });
    const fileId = (json['file'] as { _id: string })._id;
    const reply = await confirm(chat, fileId, { tmid: parentId }, { roomId: other.id });
    expect([parent.status, reply.status]).toEqual([200, 200]);
    expect(chat.messages('other')).toEqual([]);
    expect(chat.messages('general')).toMatchObject([{ tcount: 1 }, { tmid: parentId }]);
  });

  it('renames the file in 8.x, and refuses the key fileName in 7.x', async () => {
    const renamed = await confirm(chat, await uploadedFileId(chat), { fileName: 'new.pdf' });
    await start({ version: '7.x' });
    const refused = await confirm(chat, await uploadedFileId(chat), { fileName: 'new.pdf' });
    expect(renamed.json['message']).toMatchObject({ file: { name: 'new.pdf' } });
    expect(refused).toMatchObject({ status: 400, json: { error: 'Match error: Unknown key in field fileName' } });
  });
});

describe('the body of a confirm', () => {
  it.each([
    { surprise: 1 },
    { msg: null },
    { description: null },
    { tmid: 7 },
    { groupable: 'yes' },
    { customFields: { a: 1 } },
  ])('is refused with a match error without an errorType if it is %j', async (body) => {
    const { status, json } = await confirm(chat, await uploadedFileId(chat), body);
    expect(status).toBe(400);
    expect(json).toEqual({ success: false, error: expect.stringMatching(/^Match error: /) });
    expect(chat.messages('general')).toEqual([]);
  });

  it('has customFields as a JSON string', async () => {
    await confirm(chat, await uploadedFileId(chat), { customFields: '{"a":1}' });
    const broken = await confirm(chat, await uploadedFileId(chat), { customFields: '{' });
    expect(chat.messages('general')).toMatchObject([{ customFields: { a: 1 } }]);
    expect(broken.status).toBe(400);
    expect(broken.json).not.toHaveProperty('errorType');
  });

  it.each(['msg', 'description'])('is refused if %s is too long', async (field) => {
    chat.settings.Message_MaxAllowedSize = 10;
    const fileId = await uploadedFileId(chat);
    const tooLong = await confirm(chat, fileId, { [field]: 'x'.repeat(11) });
    const fits = await confirm(chat, fileId, { [field]: 'x'.repeat(10) });
    expect(tooLong.json).toMatchObject({ errorType: 'error-message-size-exceeded' });
    expect(fits.status).toBe(200);
  });

  it('may have an alias only if the user is a bot', async () => {
    const user = chat.addUser({ username: 'ann', roles: ['user'] });
    const headers = { 'X-User-Id': user.id, 'X-Auth-Token': user.authToken };
    const { json } = await upload(chat, form({}), { headers });
    const theirs = await confirm(chat, (json['file'] as { _id: string })._id, { alias: 'Bob' }, { headers });
    const bots = await confirm(chat, await uploadedFileId(chat), { alias: 'Bob' });
    expect(theirs.json).toEqual({ success: false, error: 'Not enough permission' });
    expect(bots.status).toBe(200);
  });
});

describe('an upload that cannot be confirmed', () => {
  const invalidFile = { success: false, error: '[invalid-file]', errorType: 'invalid-file' };

  it('is unknown, in another room, or of another user', async () => {
    chat.addRoom({ id: 'OTHER', name: 'other' });
    const user = chat.addUser({ username: 'ann' });
    const fileId = await uploadedFileId(chat);
    const answers = [
      await confirm(chat, 'nope'),
      await confirm(chat, fileId, {}, { roomId: 'OTHER' }),
      await confirm(chat, fileId, {}, { headers: { 'X-User-Id': user.id, 'X-Auth-Token': user.authToken } }),
    ];
    for (const { status, json } of answers) expect([status, json]).toEqual([400, invalidFile]);
  });

  it('was deleted by the hourly job, 24 to 25 hours after the upload', async () => {
    const clock = createHandClock();
    await start({ clock });
    clock.advance(HOUR_MS / 2);
    const fileId = await uploadedFileId(chat);
    const confirmed = await uploadedFileId(chat);
    await confirm(chat, confirmed);

    clock.advance(24.4 * HOUR_MS);
    expect(chat.files()).toHaveLength(2);
    clock.advance(0.2 * HOUR_MS);
    expect(chat.files()).toMatchObject([{ id: confirmed }]);
    expect((await confirm(chat, fileId)).json).toEqual(invalidFile);
  });

  it('is answered with 403 if the room is unknown too', async () => {
    expect(await confirm(chat, 'nope', {}, { roomId: 'NOWHERE' })).toMatchObject({ status: 403 });
  });
});

describe('a room that refuses messages', () => {
  it.each<[Omit<RoomInput, 'name'>, string, string?]>([
    [{ archived: true }, 'room_is_archived'],
    [{ readOnly: true }, "You can't send messages because the room is readonly."],
    [{ blocked: true, type: 'd' }, 'room_is_blocked'],
    [{ abacLocked: true }, 'error-abac-room-locked'],
    [{ federationInvalid: true }, 'Federation configuration is invalid: check the settings of the federation service'],
    [
      { encrypted: true },
      'Not allowed to send un-encrypted messages in an encrypted room [error-not-allowed]',
      'error-not-allowed',
    ],
  ])('because of %j refuses the confirm and accepts it after that has changed', async (state, error, errorType) => {
    const room = chat.addRoom({ name: 'special', ...state });
    const { json } = await upload(chat, form({}), { roomId: room.id });
    const fileId = (json['file'] as { _id: string })._id;
    const refused = await confirm(chat, fileId, {}, { roomId: room.id });
    expect(refused.status).toBe(400);
    expect(refused.json).toEqual({ success: false, error, ...(errorType && { errorType }) });

    Object.assign(room, { archived: false, readOnly: false, blocked: false, encrypted: false });
    Object.assign(room, { federationInvalid: false, abacLocked: false });
    expect((await confirm(chat, fileId, {}, { roomId: room.id })).status).toBe(200);
  });

  it('because the bot is muted refuses the confirm', async () => {
    chat.room('general').muted.push(chat.userId);
    const { json } = await confirm(chat, await uploadedFileId(chat));
    expect(json).toEqual({ success: false, error: 'You_have_been_muted' });
  });

  it('takes the confirm of a user who may post in a read-only room', async () => {
    const room = chat.addRoom({ id: 'RO', name: 'ro', readOnly: true });
    const confirmed = async () => {
      const { json } = await upload(chat, form({}), { roomId: 'RO' });
      return (await confirm(chat, (json['file'] as { _id: string })._id, {}, { roomId: 'RO' })).status;
    };
    const [bot] = chat.users();
    expect(await confirmed()).toBe(400);
    bot?.permissions.push('post-readonly');
    expect(await confirmed()).toBe(200);
    if (bot) bot.permissions = [];
    room.unmuted.push(chat.userId);
    expect(await confirmed()).toBe(200);
  });

  it.each([{ E2E_Enable: false }, { E2E_Allow_Unencrypted_Messages: true }])(
    'takes a plain message in an encrypted room with the setting %j',
    async (settings) => {
      chat.room('general').encrypted = true;
      Object.assign(chat.settings, settings);
      expect((await confirm(chat, await uploadedFileId(chat))).status).toBe(200);
    },
  );

  it('keeps a thumbnail of each refused confirm of an image, which never expires', async () => {
    const clock = createHandClock();
    await start({ clock });
    const fileId = await uploadedImage();
    chat.room('general').archived = true;
    for (let i = 0; i < 3; i += 1) expect((await confirm(chat, fileId)).status).toBe(400);
    clock.advance(48 * HOUR_MS);
    expect(chat.files()).toEqual([]);
    expect(chat.thumbnails().map(({ name, expiresAt }) => [name, expiresAt])).toEqual(
      Array.from({ length: 3 }, () => ['thumb-a.png', undefined]),
    );
  });

  it('keeps no thumbnail if the body of the confirm was refused', async () => {
    await confirm(chat, await uploadedImage(), { surprise: 1 });
    expect(chat.thumbnails()).toEqual([]);
  });
});

describe('the text of a message', () => {
  it.each(['@all', 'for @here please', 'x >@all', 'in `code @here`'])(
    'is refused if it mentions everybody, for which bots lack the permission: %j',
    async (msg) => {
      const { status, json } = await confirm(chat, await uploadedFileId(chat), { msg });
      expect([status, json['errorType']]).toEqual([400, 'error-action-not-allowed']);
      expect(chat.messages('general')).toEqual([]);
      chat.users()[0]?.permissions.push('mention-all', 'mention-here');
      expect((await confirm(chat, await uploadedFileId(chat), { msg })).status).toBe(200);
    },
  );

  it('is refused if the description of the file mentions everybody', async () => {
    const { json } = await confirm(chat, await uploadedFileId(chat), { description: '@all' });
    expect(json).toMatchObject({ errorType: 'error-action-not-allowed' });
  });

  it.each(['mail@all.example', '@allies', '@\u2060all'])(
    'is accepted if it only looks like a mention of everybody: %j',
    async (msg) => {
      expect((await confirm(chat, await uploadedFileId(chat), { msg })).status).toBe(200);
    },
  );

  it('is refused by a workspace that is restricted because of its air gap', async () => {
    const fileId = await uploadedImage();
    chat.features.airGapRestricted = true;
    const { status, json } = await confirm(chat, fileId);
    expect([status, json]).toEqual([400, { success: false, error: 'restricted-workspace' }]);
    expect(chat.thumbnails()).toEqual([]);
  });
});

it('calls a message listener until it is removed', async () => {
  const heard: string[] = [];
  const stop = chat.onMessage((message) => heard.push(message.msg));
  await confirm(chat, await uploadedFileId(chat), { msg: 'one' });
  stop();
  await confirm(chat, await uploadedFileId(chat), { msg: 'two' });
  expect(heard).toEqual(['one']);
});

it('sends the Date header by its own clock', async () => {
  await start({ clock: createHandClock(Date.UTC(2001, 1, 3)) });
  const { headers } = await call(chat, '/api/info');
  expect(headers.date).toBe('Sat, 03 Feb 2001 00:00:00 GMT');
});
