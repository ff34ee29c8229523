import http from 'node:http';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Fault } from '../../../../lib/local/chat-server/calls/fault.ts';
import { type ChatServer, startChatServer } from '../../../../lib/local/chat-server/index.ts';
import { call, confirm, form, upload, uploadedFileId } from './api-client.ts';

let chat: ChatServer;
beforeEach(async () => {
  chat = await startChatServer();
});
afterEach(() => chat.close());

const posted = () => chat.messages('general').length;
const RESET = expect.objectContaining({ code: 'ECONNRESET' });

describe('a reset connection', () => {
  it.each<[Fault, number]>([
    [{ kind: 'reset-before' }, 0],
    [{ kind: 'reset-in-body', afterBytes: 1 }, 0],
    [{ kind: 'reset-after' }, 1],
    [{ kind: 'reset-in-answer' }, 1],
  ])('by the fault %j leaves %i messages', async (fault, messages) => {
    const fileId = await uploadedFileId(chat);
    chat.faults.next('mediaConfirm', fault);
    await expect(confirm(chat, fileId)).rejects.toEqual(RESET);
    expect(posted()).toBe(messages);
    expect(chat.calls.at(-1)).toMatchObject({ fault: fault.kind, committed: messages === 1 });
    expect(chat.calls.at(-1)).not.toHaveProperty('status');
    expect((await confirm(chat, fileId)).status).toBe(200);
  });

  it('in the middle of a large body stores no file', async () => {
    chat.faults.next('media', { kind: 'reset-in-body', afterBytes: 100_000 });
    const body = form({ content: Buffer.alloc(5_000_000) });
    await expect(upload(chat, body)).rejects.toMatchObject({ code: expect.stringMatching(/ECONNRESET|EPIPE/) });
    expect(chat.files()).toEqual([]);
  });

  it('after an upload leaves the stored file', async () => {
    chat.faults.next('media', { kind: 'reset-after' });
    await expect(upload(chat)).rejects.toEqual(RESET);
    expect(chat.files()).toMatchObject([{ confirmed: false }]);
  });
});

describe('a call without an answer', () => {
  it.each([
    [{ kind: 'hang' } as const, 0],
    [{ kind: 'hang', unread: true } as const, 0],
    [{ kind: 'hang', commit: true } as const, 1],
  ])('by the fault %j lasts until the client gives up and leaves %i messages', async (fault, messages) => {
    const fileId = await uploadedFileId(chat);
    chat.faults.next('mediaConfirm', fault);
    const gaveUp = new AbortController();
    const answer = confirm(chat, fileId, {}, { signal: gaveUp.signal });
    await vi.waitFor(() => expect(chat.calls.at(-1)).toMatchObject({ fault: 'hang' }));
    await vi.waitFor(() => expect(posted()).toBe(messages));
    gaveUp.abort();
    await expect(answer).rejects.toThrow();
    await vi.waitFor(() => expect(chat.calls.at(-1)).toHaveProperty('endedAt'));
    expect(posted()).toBe(messages);
  });

  it('ends when the server is closed', async () => {
    chat.faults.next('me', { kind: 'hang' });
    const answer = call(chat, '/api/v1/me');
    const lost = expect(answer).rejects.toEqual(RESET);
    await vi.waitFor(() => expect(chat.calls).toHaveLength(1));
    await chat.close();
    await lost;
  });
});

describe('a late commit', () => {
  it('posts the message after the reset', async () => {
    const fileId = await uploadedFileId(chat);
    chat.faults.next('mediaConfirm', { kind: 'commit-late', delayMs: 30 });
    await expect(confirm(chat, fileId)).rejects.toEqual(RESET);
    expect(posted()).toBe(0);
    await vi.waitFor(() => expect(posted()).toBe(1));
    expect(chat.calls.at(-1)).toMatchObject({ committed: true });
  });

  it('posts the message only after the client has given up', async () => {
    const fileId = await uploadedFileId(chat);
    chat.faults.next('mediaConfirm', { kind: 'commit-late', delayMs: 0, hold: true });
    const gaveUp = new AbortController();
    const answer = confirm(chat, fileId, {}, { signal: gaveUp.signal });
    await vi.waitFor(() => expect(chat.calls.at(-1)).toMatchObject({ name: 'mediaConfirm' }));
    // The confirm arrived first, so the server has read it by the time it has answered these.
    for (let i = 0; i < 10; i += 1) await call(chat, '/api/v1/me');
    expect(posted()).toBe(0);
    gaveUp.abort();
    await expect(answer).rejects.toThrow();
    await vi.waitFor(() => expect(posted()).toBe(1));
  });

  it('posts no message after the server is closed', async () => {
    const fileId = await uploadedFileId(chat);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      chat.faults.next('mediaConfirm', { kind: 'commit-late', delayMs: 20 });
      await expect(confirm(chat, fileId)).rejects.toEqual(RESET);
      expect(vi.getTimerCount()).toBe(1);
      await chat.close();
      vi.advanceTimersByTime(20);
      expect(posted()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('a wrong answer', () => {
  it.each([
    [{ kind: 'answer', status: 502 } as const, 502, 0],
    [{ kind: 'answer', status: 502, commit: true } as const, 502, 1],
    [{ kind: 'answer', status: 204 } as const, 204, 0],
    [{ kind: 'answer', status: 204, commit: true } as const, 204, 1],
    [{ kind: 'answer', status: 304, body: 'text' } as const, 304, 0],
    [{ kind: 'failure' } as const, 400, 0],
    [{ kind: 'failure', commit: true } as const, 400, 1],
    [{ kind: 'failure', errorType: 'ufs: cannot upload file' } as const, 400, 0],
    [{ kind: 'message-null' } as const, 200, 0],
    [{ kind: 'message-null', commit: true } as const, 200, 1],
    [{ kind: 'unauthorized' } as const, 401, 0],
    [{ kind: 'forbidden' } as const, 403, 0],
    [{ kind: 'rate-limited' } as const, 429, 0],
    [{ kind: 'redirect' } as const, 302, 0],
    [{ kind: 'invalid-json' } as const, 200, 0],
    [{ kind: 'invalid-json', commit: true } as const, 200, 1],
  ])('by the fault %j has the status %i and leaves %i messages', async (fault, status, messages) => {
    const fileId = await uploadedFileId(chat);
    chat.faults.next('mediaConfirm', fault);
    const answer = await confirm(chat, fileId);
    expect(answer.status).toBe(status);
    expect(posted()).toBe(messages);
    expect(chat.calls.at(-1)).toMatchObject({ fault: fault.kind, status });
  });

  it.each([204, 205, 304])('with the status %i has no body', async (status) => {
    for (const body of [undefined, 'text']) {
      chat.faults.next('me', { kind: 'answer', status, ...(body !== undefined && { body }) });
      expect(await call(chat, '/api/v1/me')).toMatchObject({ status, text: '' });
    }
  });

  it('has the headers and the body of the real server or its proxy', async () => {
    const answerTo = async (fault: Fault) => {
      chat.faults.next('me', fault);
      return call(chat, '/api/v1/me');
    };
    const html = await answerTo({ kind: 'answer', status: 503 });
    expect([html.headers['content-type'], html.text.slice(0, 6)]).toEqual(['text/html', '<html>']);
    expect((await answerTo({ kind: 'failure' })).json).toEqual({ success: false, error: expect.any(String) });
    expect((await answerTo({ kind: 'failure', errorType: 'x' })).json).toMatchObject({ errorType: 'x' });
    expect((await answerTo({ kind: 'redirect' })).headers.location).toBe('http://elsewhere.invalid/');
    expect((await answerTo({ kind: 'invalid-json' })).json).toEqual({});
    const bare = await answerTo({ kind: 'rate-limited' });
    const limited = await answerTo({ kind: 'rate-limited', resetInMs: 5000 });
    expect(bare.headers).not.toHaveProperty('x-ratelimit-reset');
    expect(Number(limited.headers['x-ratelimit-reset'])).toBeGreaterThan(Date.now());
  });

  it.each([{}, { commit: true }])('with `message: null` (%j) makes the upload permanent', async (commit) => {
    const fileId = await uploadedFileId(chat);
    chat.faults.next('mediaConfirm', { kind: 'message-null', ...commit });
    expect((await confirm(chat, fileId)).json).toEqual({ message: null, success: true });
    expect(chat.files()).toMatchObject([{ expiresAt: undefined, confirmed: true }]);
    const { json } = await call(chat, '/api/v1/channels.files?roomId=GENERAL');
    expect(json['files']).toEqual([expect.not.objectContaining({ expiresAt: expect.anything() })]);
  });

  it.each([
    ['8.x', 'error-unauthorized', 403],
    ['9.x', 'error-unauthorized', 401],
    ['8.x', 'error-forbidden', 400],
    ['9.x', 'error-forbidden', 403],
    ['9.x', 'error-not-allowed', 400],
  ] as const)('of %s with the code %s has the status %i', async (version, errorType, status) => {
    await chat.close();
    chat = await startChatServer({ version });
    chat.faults.next('me', { kind: 'failure', errorType });
    const answer = await call(chat, '/api/v1/me');
    expect([answer.status, answer.json['error']]).toEqual([status, `[${errorType}]`]);
    expect('errorType' in answer.json).toBe(status === 400);
  });

  it('is [invalid-file] after the temporary uploads were deleted', async () => {
    const fileId = await uploadedFileId(chat);
    chat.faults.next('mediaConfirm', { kind: 'expire-uploads' });
    expect((await confirm(chat, fileId)).json).toMatchObject({ errorType: 'invalid-file' });
  });

  it('with 413 is sent while the client is still sending the body', async () => {
    chat.faults.next('media', { kind: 'answer', status: 413 });
    const answer = await upload(chat, form({ content: Buffer.alloc(10_000_000) }));
    expect(answer.status).toBe(413);
    expect(chat.files()).toEqual([]);
  });

  it('closes the connection if the fault says so', async () => {
    chat.faults.next('me', { kind: 'answer', status: 413, closes: true });
    expect((await call(chat, '/api/v1/me')).headers.connection).toBe('close');
  });

  it('goes on until the client closes the connection', async () => {
    chat.faults.next('me', { kind: 'endless-answer' });
    const seen = await new Promise<number>((resolve, reject) => {
      const headers = { 'X-User-Id': chat.userId, 'X-Auth-Token': chat.authToken };
      const request = http.get(`${chat.url}/api/v1/me`, { headers }, (response) => {
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > 3_000_000) {
            resolve(bytes);
            request.destroy();
          }
        });
      });
      request.on('error', reject);
    });
    expect(seen).toBeGreaterThan(3_000_000);
  });
});
