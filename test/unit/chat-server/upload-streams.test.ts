import http from 'node:http';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ChatServer, startChatServer } from '../../../lib/local/chat-server/index.ts';
import { form, upload } from './api-client.ts';

let chat: ChatServer;
const start = async (...[options]: Parameters<typeof startChatServer>) => {
  await chat?.close();
  chat = await startChatServer(options);
};
beforeEach(() => start());
afterEach(() => chat.close());

describe('a body on its way', () => {
  /** Starts an upload, and tells when an answer has come. */
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

  it('is not waited for by 8.x when the answer is no', async () => {
    const { answer, finish } = begin({});
    expect(await answer).toBe(401);
    finish();
  });

  it('is read to its end by 7.x before the answer is no', async () => {
    await start({ version: '7.x' });
    const { answer, finish } = begin({});
    const first = await Promise.race([answer, new Promise((resolve) => setTimeout(resolve, 50, 'none yet'))]);
    expect(first).toBe('none yet');
    finish();
    expect(await answer).toBe(401);
  });

  it('leaves nothing behind when the client goes', async () => {
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
