import { once } from 'node:events';
import http from 'node:http';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ChatServer, startChatServer } from '../../../../lib/local/chat-server/index.ts';
import type { MessageView, Update } from '../../../../lib/local/chat-server/room-page/protocol.ts';
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

/** The server-sent updates of a room, one after the other. */
const live = async (room: string) => {
  const ended = Promise.withResolvers<void>();
  const request = http.get(`${chat.url}/room-page/live?room=${room}`, { agent: false });
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  const lines = createInterface({ input: response })[Symbol.asyncIterator]();
  for (const emitter of [request, response]) emitter.on('error', () => ended.resolve());
  response.once('close', () => ended.resolve());
  return {
    ended: ended.promise,
    next: async (): Promise<Update> => {
      for (;;) {
        const { value, done } = await lines.next();
        if (done) throw new Error('the updates have ended');
        if (value.startsWith('data: ')) return JSON.parse(value.slice(6)) as Update;
      }
    },
    close: () => request.destroy(),
  };
};

const messages = async (query: Record<string, string> = {}) => {
  const parameters = new URLSearchParams({ room: 'GENERAL', before: '999', ...query });
  const { text } = await open(`/room-page/messages?${parameters}`);
  return JSON.parse(text) as MessageView[];
};
const say = (text: string, more: object = {}) =>
  call(chat, '/api/v1/chat.postMessage', {
    body: JSON.stringify({ roomId: 'GENERAL', text, ...more }),
    headers: { 'Content-Type': 'application/json' },
  });

describe('the room page', () => {
  it('is served without a login, and holds no content of messages', async () => {
    await post({}, { msg: 'secret plan' });
    const { status, headers, text } = await open('/channel/general');
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('text/html; charset=UTF-8');
    expect(text).toContain('data-room="GENERAL"');
    expect(text).not.toContain('secret plan');
  });

  it('escapes the name of a room', async () => {
    chat.addRoom({ id: 'H"><b>', name: '"><b>x' });
    expect((await open(chat.roomPageUrl('H"><b>').slice(chat.url.length))).text).not.toContain('<b>');
  });

  it('allows only its own script and style sheet, and no HTML from strings', async () => {
    const { headers, text } = await open('/channel/general');
    const policy = String(headers['content-security-policy']);
    for (const rule of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "trusted-types 'none'"]) {
      expect(policy.split('; ')).toContain(rule);
    }
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(text).not.toMatch(/<script(?! defer src="\/room-page\/page\.js")|<style| style=| on\w+=/);
    expect(text).not.toMatch(/https?:\/\//);
    expect(headers['x-content-type-options']).toBe('nosniff');
  });

  it('has a script and a style sheet that name no other host', async () => {
    const [script, style, icon] = await Promise.all(
      ['/room-page/page.js', '/room-page/page.css', '/room-page/icon.svg'].map((path) => open(path)),
    );
    expect(script?.headers['content-type']).toBe('text/javascript; charset=utf-8');
    expect(style?.headers['content-type']).toBe('text/css; charset=utf-8');
    expect(icon?.headers['content-type']).toBe('image/svg+xml');
    // The names of XML vocabularies are not addresses that are loaded.
    const vocabularies = /http:\/\/www\.w3\.org\/(2000\/svg|1998\/Math\/MathML|1999\/xhtml)/g;
    expect(script?.text.replace(vocabularies, '')).not.toMatch(/https?:\/\/[a-z]/);
    expect(style?.text).not.toMatch(/https?:\/\/|@import/);
  });

  it.each(['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example'])(
    'refuses requests with the Host "%s"',
    async (host) => {
      for (const path of ['/channel/general', '/room-page/live?room=GENERAL', '/room-page/messages?room=GENERAL']) {
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

describe('the messages on the page', () => {
  it('have the file with its link and size, the texts as syntax trees, and the names', async () => {
    const fileId = await post(
      { disposition: '; filename="grüße #1?.png"', type: 'image/png', content: 'x'.repeat(1500) },
      { msg: 'look at `a.png`', description: '*big*', alias: 'Reports' },
    );
    const link = `/channel/general/files/${fileId}/gr%C3%BC%C3%9Fe%20%231%3F.png`;
    expect(await messages()).toMatchObject([
      {
        index: 0,
        name: 'Reports',
        username: 'relay.bot',
        isBot: true,
        fileId,
        text: [{ type: 'PARAGRAPH', value: [{ value: 'look at ' }, { type: 'INLINE_CODE' }] }],
        attachments: [
          {
            text: [{ type: 'PARAGRAPH', value: [{ type: 'BOLD' }] }],
            file: { name: 'grüße #1?.png', sizeBytes: 1500, link, preview: { kind: 'image' } },
          },
        ],
      },
    ]);
    expect((await open(link)).text).toBe('x'.repeat(1500));
  });

  it('keep markup and HTML as text, and show characters that reorder a name', async () => {
    const name = 'invoice\u202egnp.exe';
    await post({ disposition: `; filename="${name}"`, type: 'image/png' }, { msg: HOSTILE, alias: 'a\u0007b' });
    const [message] = await messages();
    expect(JSON.stringify(message?.text)).toContain('<script>alert(1)</script>');
    expect(message?.name).toBe('a\ufffdb');
    expect(message?.attachments[0]?.file?.name).toBe('invoice\ufffdgnp.exe');
  });

  it('are given fifty at a time, or from one message on', async () => {
    for (let i = 0; i < 60; i++) await say(`message ${i}.`);
    const latest = await messages();
    expect(latest.map(({ index }) => index)).toEqual(Array.from({ length: 50 }, (_, i) => i + 10));
    expect((await messages({ before: '10' })).map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const third = chat.messages('general')[3]?._id ?? '';
    expect((await messages({ id: third }))[0]?.index).toBe(3);
    expect((await open('/room-page/messages?room=GENERAL&before=x')).status).toBe(400);
    expect((await open('/room-page/messages?room=NONE')).status).toBe(404);
  });

  it('name the thread that they belong to, and a thread has its first message and the replies', async () => {
    await post({ disposition: '; filename="plan.pdf"' });
    const tmid = chat.messages('general')[0]?._id ?? '';
    await say('between');
    await say('a reply', { tmid });
    expect((await messages()).map(({ thread, replies }) => ({ thread, replies }))).toEqual([
      { thread: undefined, replies: 1 },
      { thread: undefined, replies: 0 },
      { thread: { id: tmid, index: 0, title: 'plan.pdf' }, replies: 0 },
    ]);
    expect((await messages({ thread: tmid })).map(({ index }) => index)).toEqual([0, 2]);
  });

  it.each([
    ['text/plain', 'a\nb', { kind: 'text', lines: ['a', 'b'], isCut: false }],
    ['text/plain', `${'x\n'.repeat(9)}`, { kind: 'text', lines: Array(6).fill('x'), isCut: true }],
    [
      'text/csv',
      'month;sales\n"Jan; 1";2\n',
      {
        kind: 'table',
        rows: [
          ['month', 'sales'],
          ['Jan; 1', '2'],
        ],
        isCut: false,
      },
    ],
    ['text/plain', Buffer.from([0xff, 0xfe, 0x41]), undefined],
    ['text/plain', `${'x'.repeat(4095)}ü`, { kind: 'text', lines: [`${'x'.repeat(160)}…`], isCut: true }],
    ['text/html', '<b>', undefined],
    ['application/pdf', 'x', undefined],
  ])('preview a file of the type %s as it is expected: %j', async (type, content, preview) => {
    await post({ type, content });
    expect((await messages())[0]?.attachments[0]?.file?.preview).toEqual(preview);
  });

  it('are shown without markup if they are so long that the parser would hold up the server', async () => {
    await say(`*bold*\n${'*'.repeat(4000)}`);
    expect((await messages())[0]?.text).toEqual([
      { type: 'PARAGRAPH', value: [{ type: 'PLAIN_TEXT', value: '*bold*' }] },
      { type: 'PARAGRAPH', value: [{ type: 'PLAIN_TEXT', value: '*'.repeat(4000) }] },
    ]);
  });
});

describe('the live updates', () => {
  it('begin with everything and go on with what changes', async () => {
    await say('first');
    chat.addRoom({ id: 'O', name: 'other' });
    const updates = await live('GENERAL');
    expect(await updates.next()).toMatchObject({
      run: expect.stringMatching(/./),
      rooms: [
        { id: 'GENERAL', name: 'general', path: '/channel/general', count: 1 },
        { id: 'O', count: 0 },
      ],
      messages: { total: 1, list: [{ index: 0 }] },
      faults: [{ name: 'server-down', isOn: false }, {}, {}, {}],
    });
    await say('second');
    expect(await updates.next()).toEqual({
      rooms: [expect.objectContaining({ count: 2 }), expect.objectContaining({ count: 0 })],
      messages: { total: 2, list: [expect.objectContaining({ index: 1 })] },
    });
    await say('a reply', { tmid: chat.messages('general')[0]?._id });
    expect(await updates.next()).toMatchObject({ replies: { [chat.messages('general')[0]?._id ?? '']: 1 } });
    updates.close();
  });

  it('end when the server closes', async () => {
    const updates = await live('GENERAL');
    await updates.next();
    await chat.close();
    await updates.ended;
    chat = await startChatServer();
  });

  it('answer 404 for an unknown room', async () => {
    expect((await open('/room-page/live?room=NONE')).status).toBe(404);
  });
});

describe('the switches of the faults', () => {
  const set = (fault: unknown, headers: Record<string, string | undefined> = { Origin: chat.url }) =>
    call(chat, '/room-page/faults', {
      body: JSON.stringify(fault),
      headers: { 'Content-Type': 'application/json', ...headers },
      anonymous: true,
    });

  it.each([
    ['no Origin', {}],
    ['the Origin of another site', { Origin: 'https://evil.example' }],
    ['the Origin of another port', { Origin: 'http://127.0.0.1:1' }],
    ['an opaque Origin', { Origin: 'null' }],
    ['a foreign Host that is its own Origin', { Origin: 'http://evil.example', Host: 'evil.example' }],
  ])('are not changed by a request with %s', async (_, headers) => {
    expect((await set({ name: 'server-down', isOn: true, percent: 100 }, headers)).status).toBe(403);
    expect((await call(chat, '/api/info', { anonymous: true })).status).toBe(200);
  });

  it.each([
    [{ name: 'other', isOn: true, percent: 100 }],
    [{ name: 'server-down', isOn: true, percent: 0 }],
    [{ name: 'server-down', isOn: true, percent: 101 }],
    [{ name: 'server-down', isOn: 'yes' }],
    ['text'],
  ])('refuse %j and say why', async (input) => {
    const { status, text } = await set(input);
    expect(status).toBe(400);
    expect(text).toMatch(/^The fault was not changed: /);
  });

  it('reset all connections of the API, and none of the page', async () => {
    expect((await set({ name: 'server-down', isOn: true, percent: 100 })).status).toBe(204);
    await expect(call(chat, '/api/info', { anonymous: true })).rejects.toThrow();
    expect((await open('/channel/general')).status).toBe(200);
    expect((await set({ name: 'server-down', isOn: false, percent: 100 })).status).toBe(204);
    expect((await call(chat, '/api/info', { anonymous: true })).status).toBe(200);
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
    const [message] = await messages();
    expect(message?.attachments[0]?.file).toEqual({ name: 'report.pdf', type: 'application/pdf', sizeBytes: 7 });
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
