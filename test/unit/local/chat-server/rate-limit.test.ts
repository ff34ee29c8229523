import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ChatServer, startChatServer } from '../../../../lib/local/chat-server/index.ts';
import { createRateLimiter } from '../../../../lib/local/chat-server/state/rate-limit.ts';
import { createHandClock, type HandClock } from '../../../helpers/hand-clock.ts';
import { call, confirm, form, upload } from './api-client.ts';

let chat: ChatServer;
let clock: HandClock;
beforeEach(async () => {
  clock = createHandClock();
  chat = await startChatServer({ clock, rateLimit: { calls: 2, windowMs: 60_000 } });
});
afterEach(() => chat.close());

describe('the rate limit', () => {
  it('counts down to 0 and then refuses calls until the window ends', async () => {
    const resetAt = clock.now() + 60_000;
    clock.advance(20_500);
    const answers = [await upload(chat), await upload(chat), await upload(chat)];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(answers.map(({ headers }) => headers['x-ratelimit-remaining'])).toEqual(['1', '0', '0']);
    for (const { headers } of answers) {
      expect(headers).toMatchObject({ 'x-ratelimit-limit': '2', 'x-ratelimit-reset': String(resetAt) });
      expect(headers).not.toHaveProperty('retry-after');
    }
    expect(answers[2]?.json).toEqual({
      success: false,
      error:
        'Error, too many requests. Please slow down. You must wait 40 seconds before trying this endpoint again. [error-too-many-requests]',
    });

    clock.advance(39_501);
    const next = await upload(chat);
    expect(next.status).toBe(200);
    expect(next.headers['x-ratelimit-reset']).toBe(String(clock.now() + 60_000));
  });

  it('counts the uploads of all rooms together, and confirms apart from uploads', async () => {
    chat.addRoom({ id: 'OTHER', name: 'other' });
    await upload(chat);
    await upload(chat, form({}), { roomId: 'OTHER' });
    expect(await upload(chat, form({}), { roomId: 'OTHER' })).toMatchObject({ status: 429 });
    expect(await confirm(chat, 'nope')).toMatchObject({ status: 400, headers: { 'x-ratelimit-remaining': '1' } });
  });

  it('does not count a 401 and adds no headers to it', async () => {
    for (let i = 0; i < 5; i++) {
      const { status, headers } = await call(chat, '/api/v1/me', { anonymous: true });
      expect(status).toBe(401);
      expect(headers).not.toHaveProperty('x-ratelimit-limit');
    }
    expect((await call(chat, '/api/v1/me')).headers['x-ratelimit-remaining']).toBe('1');
  });

  it('also applies to endpoints that need no login', async () => {
    const statuses = [];
    for (let i = 0; i < 3; i++) statuses.push((await call(chat, '/api/info', { anonymous: true })).status);
    expect(statuses).toEqual([200, 200, 429]);
  });

  it('adds no headers after it was removed', async () => {
    chat.setRateLimit(undefined);
    for (let i = 0; i < 4; i++) {
      const { status, headers } = await call(chat, '/api/v1/me');
      expect(status).toBe(200);
      expect(Object.keys(headers).filter((name) => name.startsWith('x-ratelimit'))).toEqual([]);
    }
  });
});

describe('the rate limit of chat.sendMessage', () => {
  const send = () =>
    call(chat, '/api/v1/chat.sendMessage', {
      body: JSON.stringify({ message: { rid: 'GENERAL', msg: 'x' } }),
      headers: { 'Content-Type': 'application/json' },
    });

  it('is 5 calls per second, whatever the general limit is', async () => {
    clock.advance(1_001);
    const answers = [];
    for (let i = 0; i < 6; i += 1) answers.push(await send());
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 429]);
    expect(answers[0]?.headers).toMatchObject({
      'x-ratelimit-limit': '5',
      'x-ratelimit-reset': String(clock.now() + 1_000),
    });
    clock.advance(1_001);
    expect((await send()).status).toBe(200);
  });

  it('is lifted by a permission of its own, and like every other by api-bypass-rate-limit', async () => {
    const [bot] = chat.users();
    bot?.permissions.push('send-many-messages');
    expect((await send()).headers).not.toHaveProperty('x-ratelimit-limit');
    expect((await call(chat, '/api/v1/me')).headers).toHaveProperty('x-ratelimit-limit');
    bot?.permissions.push('api-bypass-rate-limit');
    expect((await call(chat, '/api/v1/me')).headers).not.toHaveProperty('x-ratelimit-limit');
  });
});

it('counts each client address separately, in one window that all addresses share', () => {
  const limiter = createRateLimiter(clock, { calls: 1, windowMs: 1000 });
  const start = clock.now();
  clock.advance(400);
  const rulings = ['10.0.0.1', '10.0.0.2', '10.0.0.1'].map((ip) => limiter.count('route', ip));
  expect(rulings.map((ruling) => ruling?.isAllowed)).toEqual([true, true, false]);
  expect(rulings.map((ruling) => ruling?.resetAt)).toEqual([start + 1000, start + 1000, start + 1000]);
});
