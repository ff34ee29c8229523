import http from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ChatServer, startChatServer } from '../../../lib/local/chat-server/index.ts';
import {
  type FrontProxy,
  type FrontProxyOptions,
  startFrontProxy,
} from '../../../lib/local/front-proxy/front-proxy.ts';
import { call, confirm, form, upload, uploadedFileId } from './chat-server/api-client.ts';

let chat: ChatServer;
let proxy: FrontProxy;
/** The chat server as it is reached through the proxy. */
let front: ChatServer;
const start = async (options?: FrontProxyOptions) => {
  await proxy?.close();
  proxy = await startFrontProxy(chat.url, options);
  front = { ...chat, url: proxy.url };
};
beforeEach(async () => {
  chat = await startChatServer({ rateLimit: { calls: 10, windowMs: 60_000 } });
  await start();
});
afterEach(async () => {
  await proxy.close();
  await chat.close();
});

describe('a proxy', () => {
  it('passes calls and answers on', async () => {
    const fileId = await uploadedFileId(front, form({ content: Buffer.alloc(3_000_000, 'a') }));
    expect((await confirm(front, fileId, { msg: 'hello' })).json).toMatchObject({ message: { msg: 'hello' } });
    expect(chat.files()).toMatchObject([{ sizeBytes: 3_000_000 }]);
  });

  it.each([403, 404, 302, 202, 499, 502])('answers %i before or after the server has acted', async (status) => {
    const fileId = await uploadedFileId(chat);
    proxy.next({ kind: 'answer', when: 'before', status }, { path: 'mediaConfirm' });
    proxy.next({ kind: 'answer', when: 'after', status }, { path: 'mediaConfirm' });
    expect((await call(front, '/api/v1/me')).status).toBe(200);
    const before = await confirm(front, fileId);
    expect([before.status, before.headers['content-type'], chat.messages('general').length]).toEqual([
      status,
      'text/html',
      0,
    ]);
    const after = await confirm(front, fileId);
    expect([after.status, after.text.slice(0, 6), chat.messages('general').length]).toEqual([status, '<html>', 1]);
  });

  it('answers 204 without a body, or in JSON with headers of its own', async () => {
    proxy.next({ kind: 'answer', when: 'before', status: 204 });
    const empty = await call(front, '/api/v1/me');
    expect([empty.status, empty.text]).toEqual([204, '']);
    const headers = { Location: 'http://elsewhere.invalid/' };
    const answer = { status: 302, contentType: 'application/json', body: '{"message":"login"}', headers };
    proxy.next({ kind: 'answer', when: 'before', ...answer });
    const redirect = await call(front, '/api/v1/me');
    expect(redirect).toMatchObject({
      status: 302,
      json: { message: 'login' },
      headers: { location: headers.Location },
    });
  });

  it('closes the connection in the middle of an answer, or in place of it', async () => {
    const fileId = await uploadedFileId(chat);
    for (const kind of ['cut-answer', 'drop-answer'] as const) {
      proxy.next({ kind });
      await expect(confirm(front, fileId)).rejects.toMatchObject({ code: 'ECONNRESET' });
    }
    expect(chat.messages('general')).toHaveLength(2);
  });

  it('writes the Date header by its own clock', async () => {
    await start({ clock: { now: () => Date.UTC(2001, 1, 3) } });
    proxy.next({ kind: 'answer', when: 'before', status: 502 });
    for (let i = 0; i < 2; i += 1) {
      const { headers } = await call(front, '/api/v1/me');
      expect(headers.date).toBe('Sat, 03 Feb 2001 00:00:00 GMT');
    }
  });

  it('adds a second rate limit header', async () => {
    await start({ rateLimit: 3000 });
    const { headers } = await call(front, '/api/v1/me');
    expect(headers['x-ratelimit-limit']).toBe('10, 3000');
  });

  it('refuses a large body before it is sent', async () => {
    await start({ maxBodyBytes: 1_000 });
    const status = await new Promise((resolve, reject) => {
      const request = http.request(`${proxy.url}/api/v1/rooms.media/GENERAL`, {
        method: 'POST',
        headers: { 'Content-Length': 5_000_000, Expect: '100-continue' },
      });
      request.on('continue', () => reject(new Error('The proxy asked for the body.')));
      request.on('response', (response) => {
        resolve([response.statusCode, response.headers.connection]);
        request.destroy();
      });
      request.on('error', reject);
      request.flushHeaders();
    });
    expect(status).toEqual([413, 'close']);
    expect(chat.calls).toEqual([]);
    expect((await upload(front)).status).toBe(200);
  });

  it('asks for the body that it passes on', async () => {
    const headers = { Expect: '100-continue' };
    expect((await upload(front, form({}), { headers })).status).toBe(200);
  });

  it('refuses a file with filename*', async () => {
    await start({ refusesExtendedFileName: true });
    const extended = form({ disposition: `; filename="a.pdf"; filename*=UTF-8''%C3%A4.pdf` });
    expect((await upload(front, extended)).status).toBe(400);
    expect(chat.calls).toEqual([]);
    expect((await upload(front, form({ disposition: '; filename="ä.pdf"' }))).status).toBe(200);
    expect(chat.files()).toMatchObject([{ name: 'ä.pdf' }]);
  });

  it.each(['; filename="a virus.exe"', `; filename="a.pdf"; filename*=UTF-8''a%20virus.exe`])(
    'rejects a file by its name in %s',
    async (disposition) => {
      await start({ rejectsFile: (name) => name === 'a virus.exe' });
      const rejected = await upload(front, form({ disposition }));
      expect([rejected.status, rejected.headers['content-type']]).toEqual([403, 'text/html']);
      expect(chat.calls).toEqual([]);
      expect((await upload(front)).status).toBe(200);
      expect(chat.files()).toMatchObject([{ name: 'report.pdf', sizeBytes: 7 }]);
    },
  );

  it('accepts no connection while it restarts', async () => {
    proxy.restart(50);
    await expect(call(front, '/api/v1/me')).rejects.toMatchObject({ code: 'ECONNRESET' });
    await expect
      .poll(() =>
        call(front, '/api/v1/me').then(
          ({ status }) => status,
          () => 0,
        ),
      )
      .toBe(200);
  });
});
