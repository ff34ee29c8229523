import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ChatServer, startChatServer } from '../../../../lib/local/chat-server/index.ts';
import { call, form, PNG, truncatedForm, upload } from './api-client.ts';

let chat: ChatServer;
const start = async (...[options]: Parameters<typeof startChatServer>) => {
  await chat?.close();
  chat = await startChatServer(options);
};
beforeEach(() => start());
afterEach(() => chat.close());

describe('a valid upload', () => {
  it('stores the file, returns its id and posts no message', async () => {
    const { status, json } = await upload(chat, form({ field: 'msg', disposition: '' }, { content: 'hello' }));
    const [file] = chat.files();

    expect(status).toBe(200);
    expect(json).toEqual({ file: { _id: file?.id, url: `/file-upload/${file?.id}/report.pdf` }, success: true });
    expect(file).toMatchObject({ name: 'report.pdf', type: 'application/pdf', sizeBytes: 5, confirmed: false });
    expect(file?.sha256).toBe(createHash('sha256').update('hello').digest('hex'));
    expect(chat.messages('general')).toEqual([]);
  });

  it.each([
    ['; filename="a b+c%20.pdf"', 'a b+c%20.pdf'],
    ['; filename="grüße.pdf"', 'grüße.pdf'],
    [`; filename="plain.pdf"; filename*=UTF-8''%E6%97%A5%E6%9C%AC.pdf`, '日本.pdf'],
    ['; filename="../../etc/passwd"', 'passwd'],
    [String.raw`; filename="C:\\docs\\plan.pdf"`, 'plan.pdf'],
  ])('with the disposition %s stores the name %s', async (disposition, name) => {
    await upload(chat, form({ disposition }));
    expect(chat.files().map((file) => file.name)).toEqual([name]);
  });

  it('has # and ? unencoded in its url, as encodeURI leaves them', async () => {
    const { json } = await upload(chat, form({ disposition: '; filename="a#b?c d.pdf"' }));
    expect(json['file']).toMatchObject({ url: expect.stringMatching(/\/a#b\?c%20d\.pdf$/) });
  });

  it.each(['x.constructor', 'x.__proto__', 'x.toString'])('named %s keeps its declared type', async (name) => {
    await upload(chat, form({ disposition: `; filename="${name}"`, type: 'application/octet-stream' }));
    expect(chat.files()).toMatchObject([{ type: 'application/octet-stream' }]);
  });

  it.each([
    ['application/octet-stream', 'a.png', 'image/png'],
    ['binary/octet-stream', 'a.png', 'image/png'],
    ['foo/bar', 'a.csv', 'text/csv'],
    ['application/x-parquet', 'a.parquet', 'application/x-parquet'],
    ['application/octet-stream', 'a.unknown', 'application/octet-stream'],
    ['text/plain', 'a.png', 'text/plain'],
  ])('declared as %s and named %s gets the type %s', async (declared, name, type) => {
    await upload(chat, form({ disposition: `; filename="${name}"`, type: declared, content: PNG }));
    expect(chat.files().map((file) => file.type)).toEqual([type]);
  });

  it('has an id of 17 characters, or of 24 hexadecimal digits in another store', async () => {
    await upload(chat);
    chat.features.fileIds = '24 hex';
    await upload(chat);
    expect(chat.files().map(({ id }) => id)).toEqual([
      expect.stringMatching(/^\w{17}$/),
      expect.stringMatching(/^[0-9a-f]{24}$/),
    ]);
  });

  it('is accepted by a room that will refuse the message', async () => {
    chat.addRoom({ id: 'OLD', name: 'old', archived: true, readOnly: true, encrypted: true, muted: [chat.userId] });
    expect(await upload(chat, form({}), { roomId: 'OLD' })).toMatchObject({ status: 200 });
  });
});

describe('an upload without access', () => {
  it.each([
    ['no credentials', { 'X-User-Id': undefined, 'X-Auth-Token': undefined }],
    ['a wrong token', { 'X-Auth-Token': 'wrong' }],
    ['only the token', { 'X-User-Id': undefined }],
    ['only the user', { 'X-Auth-Token': undefined }],
  ])('is refused with 401 if it has %s', async (_, headers) => {
    const { status, json } = await upload(chat, form({}), { headers });
    expect(status).toBe(401);
    expect(json).toEqual({
      success: false,
      error: 'You must be logged in to do this.',
      status: 'error',
      message: 'You must be logged in to do this.',
    });
  });

  it.each([
    ['8.x', 'unauthorized'],
    ['9.x', 'forbidden'],
  ] as const)('is refused with the same 403 if the room is unknown or private (%s)', async (version, error) => {
    await start({ version });
    chat.addRoom({ id: 'SECRET', name: 'secret', type: 'p', members: [] });
    for (const roomId of ['NOWHERE', 'SECRET']) {
      const { status, json } = await upload(chat, form({}), { roomId });
      expect([status, json]).toEqual([403, { success: false, error }]);
    }
  });
});

const small = { settings: { FileUpload_MaxFileSize: 10 } };
const eight = { version: '8.x' } as const;
const seven = { version: '7.x' } as const;

describe('a form', () => {
  it.each([
    ['8.x, wrong field', eight, form({ field: 'document' }), '[invalid-field]', 'invalid-field'],
    ['7.x, wrong field', seven, form({ field: 'document' }), '[invalid-field]', 'invalid-field'],
    ['8.x, no name', eight, form({ disposition: '' }), 'No file uploaded [error-no-file]', 'error-no-file'],
    ['7.x, no name', seven, form({ disposition: '' }), '[No file uploaded]', 'No file uploaded'],
    ['8.x, empty form', eight, form(), 'No file uploaded [error-no-file]', 'error-no-file'],
    ['8.x, two files', eight, form({}, {}), 'Too many files in upload [error-too-many-files]', 'error-too-many-files'],
    ['7.x, two files', seven, form({}, {}), 'Just 1 file is allowed', undefined],
    [
      'zero bytes',
      eight,
      form({ content: '' }),
      'File size (size = 0) is too small (min = 1) [file-too-small]',
      'file-too-small',
    ],
    [
      '8.x, too large',
      { ...eight, ...small },
      form({ content: '12345678901' }),
      'File size exceeds the allowed limit [error-file-too-large]',
      'error-file-too-large',
    ],
    [
      '7.x, exactly the maximum',
      { ...seven, ...small },
      form({ content: '1234567890' }),
      '[error-file-too-large]',
      'error-file-too-large',
    ],
    ['7.x, cut short', seven, truncatedForm({}), 'Unexpected end of form', undefined],
    [
      'content is not JSON',
      eight,
      form({ field: 'content', disposition: '', content: '{' }, {}),
      '[invalid-field-content]',
      'invalid-field-content',
    ],
  ] as const)('is refused (%s)', async (_, options, body, error, errorType) => {
    await start(options);
    const { status, json } = await upload(chat, body);
    expect(status).toBe(400);
    expect(json).toEqual({ success: false, error, ...(errorType && { errorType }) });
    expect(chat.files()).toEqual([]);
  });

  it('that is cut short is refused by 8.x with one of two errorTypes', async () => {
    const { status, json } = await upload(chat, truncatedForm({}));
    expect(status).toBe(400);
    expect(['error-upload-failed', 'error-file-upload']).toContain(json['errorType']);
  });

  it('of exactly the maximum size is accepted by 8.x, and of any size with the maximum -1', async () => {
    await start({ ...eight, ...small });
    expect(await upload(chat, form({ content: '1234567890' }))).toMatchObject({ status: 200 });
    chat.settings.FileUpload_MaxFileSize = -1;
    expect(await upload(chat, form({ content: 'x'.repeat(1000) }))).toMatchObject({ status: 200 });
  });

  it.each([
    [{ FileUpload_MediaTypeBlackList: 'image/svg+xml' }, 'image/svg+xml', 400],
    [{ FileUpload_MediaTypeBlackList: 'image/*, text/html' }, 'image/png', 400],
    [{ FileUpload_MediaTypeWhiteList: 'image/*' }, 'application/pdf', 400],
    [{ FileUpload_MediaTypeWhiteList: 'image/*' }, 'image/png', 200],
    [{ FileUpload_MediaTypeWhiteList: 'image/*', FileUpload_MediaTypeBlackList: 'image/png' }, 'image/png', 400],
    [{ FileUpload_MediaTypeWhiteList: '*' }, 'application/pdf', 200],
    [{ FileUpload_MediaTypeBlackList: '*' }, 'application/pdf', 400],
  ])('with the settings %j and the type %s is answered with %i', async (settings, type, expected) => {
    await start({ settings });
    const { status, json } = await upload(chat, form({ type, content: PNG }));
    expect(status).toBe(expected);
    if (expected === 400) expect(json).toMatchObject({ errorType: 'error-invalid-file-type' });
  });

  it('is refused because of its extension if the declared type is unknown', async () => {
    const { json } = await upload(chat, form({ disposition: '; filename="x.svg"', type: 'foo/bar' }));
    expect(json).toMatchObject({ errorType: 'error-invalid-file-type' });
  });

  it.each([
    ['image/png', 'a.bin'],
    ['image/jpeg', 'a.bin'],
    ['image/gif', 'a.bin'],
    ['image/webp', 'a.bin'],
    ['image/bmp', 'a.bin'],
    ['application/octet-stream', 'a.jpg'],
  ])('is refused like a storage error if it is declared as %s, named %s and is no image', async (type, name) => {
    const refused = await upload(chat, form({ type, disposition: `; filename="${name}"` }));
    expect(refused).toMatchObject({ status: 400, json: { errorType: 'ufs: cannot upload file' } });
    expect(chat.files()).toEqual([]);
    chat.features.decodesImages = false;
    expect((await upload(chat, form({ type, disposition: `; filename="${name}"` }))).status).toBe(200);
  });

  it('is refused if uploads are disabled, everywhere or in direct messages', async () => {
    chat.addRoom({ id: 'DM', type: 'd' });
    chat.settings.FileUpload_Enabled_Direct = false;
    const direct = await upload(chat, form({}), { roomId: 'DM' });
    chat.settings.FileUpload_Enabled = false;
    const off = await upload(chat);
    expect(direct.json).toMatchObject({ errorType: 'error-direct-message-file-upload-not-allowed' });
    expect(off.json).toMatchObject({ errorType: 'error-file-upload-disabled' });
  });

  it('is refused without an errorType if it has another content type', async () => {
    const { status, json } = await call(chat, '/api/v1/rooms.media/GENERAL', {
      body: '{}',
      headers: { 'Content-Type': 'application/json' },
    });
    expect(status).toBe(400);
    expect(json).toEqual({ success: false, error: expect.stringContaining('Unsupported content type') });
  });
});
