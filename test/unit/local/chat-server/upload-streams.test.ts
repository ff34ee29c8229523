import http from 'node:http';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ChatServer, startChatServer } from '../../../../lib/local/chat-server/index.ts';
import { call, form, upload } from './api-client.ts';

let chat: ChatServer;
const start = async (...[options]: Parameters<typeof startChatServer>) => {
  await chat?.close();
  chat = await startChatServer(options);
};
beforeEach(() => start());
afterEach(() => chat.close());

describe('an incomplete body', () => {
  /** Starts an upload and sends half of its body. */
  const begin = (headers: Record<string, string>) => {
    const body = form({ content: Buffer.alloc(200_000) });
    const request = http.request(`${chat.url}/api/v1/rooms.media/GENERAL`, {
      method: 'POST',
      headers: {
        'Content-Type': 'multipart/form-data; boundary=x-test-boundary',
        'Content-Length': body.length,
        ...headers,
      },
    });
    const answer = new Promise<number | undefined>((resolve, reject) => {
      request.on('error', reject);
      request.on('response', (response) => resolve(response.resume().statusCode));
    });
    request.write(body.subarray(0, 100_000));
    return { answer, finish: () => request.end(body.subarray(100_000)), leave: () => request.destroy() };
  };

  it('is refused by 8.x before its end', async () => {
    const { answer, finish } = begin({});
    expect(await answer).toBe(401);
    finish();
  });

  it('is refused by 7.x only after its end', async () => {
    await start({ version: '7.x' });
    const { answer, finish } = begin({});
    await vi.waitFor(() => expect(chat.calls).toHaveLength(1));
    // 8.x refuses the upload before it answers these.
    for (let i = 0; i < 10; i += 1) await call(chat, '/api/info');
    expect(chat.calls[0]).not.toHaveProperty('status');
    finish();
    expect(await answer).toBe(401);
  });

  it('leaves no file when the client closes the connection', async () => {
    const { answer, leave } = begin({ 'X-User-Id': chat.userId, 'X-Auth-Token': chat.authToken });
    const lost = expect(answer).rejects.toThrow();
    await vi.waitFor(() => expect(chat.calls).toHaveLength(1));
    leave();
    await lost;
    await vi.waitFor(() => expect(chat.calls[0]).toHaveProperty('endedAt'));
    expect(chat.calls[0]).toMatchObject({ committed: false });
    expect(chat.files()).toEqual([]);
    expect((await upload(chat)).status).toBe(200);
  });
});
