import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ChatServer, startChatServer } from '../../../lib/local/chat-server/index.ts';
import { call } from './api-client.ts';

let chat: ChatServer;
beforeEach(async () => {
  chat = await startChatServer();
});
afterEach(() => chat.close());

describe('the plan', () => {
  it('takes queued faults in order, per route, as often as told', async () => {
    chat.faults.next('me', { kind: 'forbidden' }, { times: 2 });
    chat.faults.next('me', { kind: 'unauthorized' });
    const statuses = [];
    for (let i = 0; i < 4; i++) statuses.push((await call(chat, '/api/v1/me')).status);
    expect(statuses).toEqual([403, 403, 401, 200]);
    expect(chat.faults.pending()).toBe(0);
    expect((await call(chat, '/api/info')).status).toBe(200);
  });

  it('asks rules for every call until they are stopped', async () => {
    const stop = chat.faults.use(({ name, index }) =>
      name === 'me' && index % 2 === 0 ? { kind: 'forbidden' } : undefined,
    );
    const statuses = [];
    for (let i = 0; i < 3; i++) statuses.push((await call(chat, '/api/v1/me')).status);
    stop();
    statuses.push((await call(chat, '/api/v1/me')).status);
    expect(statuses).toEqual([403, 200, 403, 200]);
  });

  it('lets chance decide where the caller brings it', async () => {
    const numbers = [0.9, 0.1];
    chat.faults.sometimes('me', 0.5, { kind: 'forbidden' }, () => numbers.shift() ?? 1);
    const statuses = [];
    for (let i = 0; i < 3; i++) statuses.push((await call(chat, '/api/v1/me')).status);
    expect(statuses).toEqual([200, 403, 200]);
  });

  it('forgets everything when cleared', async () => {
    chat.faults.next('me', { kind: 'forbidden' });
    chat.faults.use(() => ({ kind: 'forbidden' }));
    chat.faults.clear();
    expect((await call(chat, '/api/v1/me')).status).toBe(200);
  });

  it('delays a call that is otherwise well', async () => {
    chat.faults.next('me', { kind: 'delay', delayMs: 40 });
    const startedAt = performance.now();
    expect((await call(chat, '/api/v1/me')).status).toBe(200);
    expect(performance.now() - startedAt).toBeGreaterThan(35);
  });
});
