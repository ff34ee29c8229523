import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ChatServer, startChatServer } from '../../../../lib/local/chat-server/index.ts';
import { call, confirm, form, upload, uploadedFileId } from './api-client.ts';

let chat: ChatServer;
beforeEach(async () => {
  chat = await startChatServer({ features: { decodesImages: false } });
});
afterEach(() => chat.close());

const HOSTILE = `<script>alert(1)</script><img src=x onerror="alert('2')">&`;

const post = async (part: Parameters<typeof form>[0], body: object = {}) => {
  const fileId = await uploadedFileId(chat, form(part));
  await confirm(chat, fileId, body);
  return fileId;
};
const open = (path: string, headers: Record<string, string> = {}) => call(chat, path, { anonymous: true, headers });

describe('the room page', () => {
  it('shows messages with their files, without a login', async () => {
    const fileId = await post(
      { disposition: '; filename="grüße #1?.png"', type: 'image/png', content: 'x'.repeat(1500) },
      { msg: 'look', description: 'a picture' },
    );
    const { status, headers, text } = await open('/channel/general');
    const link = `/channel/general/files/${fileId}/gr%C3%BC%C3%9Fe%20%231%3F.png`;
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('text/html; charset=UTF-8');
    for (const part of ['look', 'a picture', 'grüße #1?.png', '1.5 KB', 'Relay', `src="${link}"`]) {
      expect(text).toContain(part);
    }
    expect((await open(link)).text).toBe('x'.repeat(1500));
  });

  it('escapes all values of messages', async () => {
    chat.addRoom({ id: 'H', name: '"><b>x' });
    await post({ disposition: `; filename="<b>bold<i>.png"`, type: 'image/png' }, { msg: HOSTILE, alias: HOSTILE });
    const { text } = await open('/channel/general');
    expect(text).not.toMatch(/<script>alert|<img src=x|<b>|<i>/);
    expect(text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect((await open(chat.roomPageUrl('H').slice(chat.url.length))).text).not.toContain('<b>');
  });

  it('allows only its own script to run', async () => {
    const { headers, text } = await open('/channel/general');
    const policy = String(headers['content-security-policy']);
    const nonce = policy.match(/script-src 'nonce-([^']+)'/)?.[1];
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(text.match(/<script[^>]*>/g)).toEqual([`<script nonce="${nonce}">`]);
    expect(text).not.toMatch(/https?:\/\//);
    expect(headers['x-content-type-options']).toBe('nosniff');
    const again = await open('/channel/general');
    expect(again.headers['content-security-policy']).not.toBe(policy);
  });

  it('returns the messages after a given number', async () => {
    await post({}, { msg: 'first' });
    await post({}, { msg: 'second' });
    const { headers, text } = await open('/channel/general/messages?after=1');
    expect(headers['x-message-count']).toBe('2');
    expect(text).toContain('second');
    expect(text).not.toContain('first');
    expect(text).not.toContain('<html');
  });

  it('shows only the latest 200 messages', async () => {
    for (let i = 0; i < 205; i++) {
      await call(chat, '/api/v1/chat.postMessage', {
        body: JSON.stringify({ roomId: 'GENERAL', text: `message ${i}.` }),
        headers: { 'Content-Type': 'application/json' },
      });
    }
    const { text } = await open('/channel/general');
    expect(text).toContain('5 earlier messages are not shown');
    expect(text).not.toContain('message 4.');
    expect(text).toContain('message 5.');
  });

  it.each(['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example'])(
    'refuses requests with the Host "%s"',
    async (host) => {
      for (const path of ['/channel/general', '/channel/general/messages']) {
        expect((await open(path, { Host: host })).status).toBe(403);
      }
    },
  );

  it.each(['localhost', 'localhost:1234', '127.0.0.1', '[::1]:80'])(
    'answers requests with the Host "%s"',
    async (host) => {
      expect((await open('/channel/general', { Host: host })).status).toBe(200);
    },
  );

  it('has a different path for each room type', async () => {
    chat.addRoom({ id: 'G', name: 'team', type: 'p' });
    chat.addRoom({ id: 'D', type: 'd' });
    expect(['G', 'D'].map((id) => chat.roomPageUrl(id).slice(chat.url.length))).toEqual(['/group/team', '/direct/D']);
    const statuses = await Promise.all(
      ['/group/team', '/direct/D', '/channel/team', '/channel/none', '/'].map(
        async (path) => (await open(path)).status,
      ),
    );
    expect(statuses).toEqual([200, 200, 404, 404, 302]);
  });
});

describe('a file on the page', () => {
  it.each([
    ['image/png', 'inline', 'image/png'],
    ['application/pdf', 'inline', 'application/pdf'],
    ['text/plain', 'inline', 'text/plain; charset=utf-8'],
    ['text/html', 'attachment', 'text/html'],
    ['image/svg+xml', 'attachment', 'image/svg+xml'],
    ['application/xhtml+xml', 'attachment', 'application/xhtml+xml'],
    ['text/csv', 'attachment', 'text/csv'],
  ])('of type %s is served with the disposition %s', async (type, disposition, served) => {
    chat.settings.FileUpload_MediaTypeBlackList = '';
    const fileId = await post({ type, disposition: `; filename="a'b.x"` });
    const { headers } = await open(`/channel/general/files/${fileId}/name`);
    expect(headers).toMatchObject({
      'content-type': served,
      'content-disposition': `${disposition}; filename*=UTF-8''a%27b.x`,
      'x-content-type-options': 'nosniff',
      'content-length': '7',
    });
  });

  it('is served only after it is confirmed, and only in its room', async () => {
    chat.addRoom({ id: 'O', name: 'other' });
    const fileId = await uploadedFileId(chat);
    const statusAt = async (room: string) => (await open(`/channel/${room}/files/${fileId}/x`)).status;
    expect(await statusAt('general')).toBe(404);
    await confirm(chat, fileId);
    expect(await statusAt('general')).toBe(200);
    expect(await statusAt('other')).toBe(404);
  });

  it('is named but not linked if its bytes were not kept', async () => {
    await chat.close();
    chat = await startChatServer({ keepContent: false });
    const fileId = await post({});
    const { text } = await open('/channel/general');
    expect(text).toContain('report.pdf');
    expect(text).not.toContain(`files/${fileId}`);
    expect((await open(`/channel/general/files/${fileId}/x`)).status).toBe(404);
  });

  it('loses its bytes before newer files do when the limit is reached', async () => {
    await chat.close();
    chat = await startChatServer({ keepContentBytes: 100 });
    for (const size of [60, 30, 40, 101]) await upload(chat, form({ content: 'x'.repeat(size) }));
    expect(chat.files().map(({ content }) => content !== undefined)).toEqual([false, true, true, false]);
    expect(chat.files().map(({ sizeBytes }) => sizeBytes)).toEqual([60, 30, 40, 101]);
  });
});

describe('/file-upload', () => {
  it('serves files to users with access who log in by headers or by the query', async () => {
    const fileId = await post({ content: Buffer.from([0, 255, 7]) });
    const path = `/file-upload/${fileId}/report.pdf`;
    expect((await open(path)).status).toBe(403);
    expect((await open(`${path}?rc_uid=${chat.userId}&rc_token=wrong`)).status).toBe(403);
    expect((await open(`${path}?rc_uid=${chat.userId}&rc_token=${chat.authToken}`)).status).toBe(200);
    expect(await call(chat, path)).toMatchObject({ status: 200, headers: { 'content-length': '3' } });
    expect((await call(chat, '/file-upload/nope/x')).status).toBe(404);
    chat.room('general').members = [];
    expect((await call(chat, path)).status).toBe(403);
  });
});
