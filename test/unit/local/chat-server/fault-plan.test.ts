import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ChatServer, startChatServer } from '../../../../lib/local/chat-server/index.ts';
import { call } from './api-client.ts';

let chat: ChatServer;
beforeEach(async () => {
  chat = await startChatServer();
});
afterEach(() => chat.close());

describe('the fault plan', () => {
  it('applies queued faults in order, per route, as many times as given', async () => {
    chat.faults.next('me', { kind: 'forbidden' }, { times: 2 });
    chat.faults.next('me', { kind: 'unauthorized' });
    const statuses = [];
    for (let i = 0; i < 4; i++) statuses.push((await call(chat, '/api/v1/me')).status);
    expect(statuses).toEqual([403, 403, 401, 200]);
    expect(chat.faults.pending()).toBe(0);
    expect((await call(chat, '/api/info')).status).toBe(200);
  });

  it('calls a rule for every call until the rule is removed', async () => {
    const stop = chat.faults.use(({ name, index }) =>
      name === 'me' && index % 2 === 0 ? { kind: 'forbidden' } : undefined,
    );
    const statuses = [];
    for (let i = 0; i < 3; i++) statuses.push((await call(chat, '/api/v1/me')).status);
    stop();
    statuses.push((await call(chat, '/api/v1/me')).status);
    expect(statuses).toEqual([403, 200, 403, 200]);
  });

  it('applies a fault with a given probability, by the caller’s random numbers', async () => {
    const numbers = [0.9, 0.1];
    chat.faults.sometimes('me', 0.5, { kind: 'forbidden' }, () => numbers.shift() ?? 1);
    const statuses = [];
    for (let i = 0; i < 3; i++) statuses.push((await call(chat, '/api/v1/me')).status);
    expect(statuses).toEqual([200, 403, 200]);
  });

  it('applies no fault after it was cleared', async () => {
    chat.faults.next('me', { kind: 'forbidden' });
    chat.faults.use(() => ({ kind: 'forbidden' }));
    chat.faults.clear();
    expect((await call(chat, '/api/v1/me')).status).toBe(200);
  });

  it('delays a call that then succeeds', async () => {
    chat.faults.next('me', { kind: 'delay', delayMs: 40 });
    const startedAt = performance.now();
    expect((await call(chat, '/api/v1/me')).status).toBe(200);
    expect(performance.now() - startedAt).toBeGreaterThan(35);
  });
});
