import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ChatServer, startChatServer } from '../../../../lib/local/chat-server/index.ts';
import { createHandClock, type HandClock } from '../../../helpers/hand-clock.ts';
import { call, confirm, uploadedFileId } from './api-client.ts';

let chat: ChatServer;
let clock: HandClock;
const start = async (...[options]: Parameters<typeof startChatServer>) => {
  await chat?.close();
  clock = createHandClock();
  chat = await startChatServer({ clock, ...options });
};
beforeEach(() => start());
afterEach(() => chat.close());

const post = async (msg: string) => {
  clock.advance(10);
  const fileId = await uploadedFileId(chat);
  await confirm(chat, fileId, { msg });
  return fileId;
};

describe('chat.syncMessages', () => {
  const sync = async (query: string) => {
    const { status, json } = await call(chat, `/api/v1/chat.syncMessages?${query}`);
    return { status, json, result: json['result'] as { updated: { msg: string }[]; cursor?: { next: string | null } } };
  };

  it('returns pages by its cursor, oldest change first', async () => {
    const from = clock.now();
    for (const msg of ['1', '2', '3', '4', '5']) await post(msg);
    const pages: string[][] = [];
    let next: string | null = String(from);
    while (next !== null) {
      const { result } = await sync(`roomId=GENERAL&type=UPDATED&next=${next}&count=2`);
      pages.push(result.updated.map(({ msg }) => msg));
      next = result.cursor?.next ?? null;
    }
    expect(pages).toEqual([['1', '2'], ['3', '4'], ['5']]);
  });

  it('returns only messages that changed after the cursor', async () => {
    await post('old');
    const { result } = await sync(`roomId=GENERAL&type=UPDATED&next=${clock.now()}&count=50`);
    expect(result).toEqual({ updated: [], deleted: [], cursor: { next: null, previous: null } });
  });

  it('returns a thread’s first message as changed after a reply', async () => {
    await post('parent');
    await post('between');
    const from = clock.now();
    clock.advance(5);
    await confirm(chat, await uploadedFileId(chat), { msg: 'reply', tmid: chat.messages('general')[0]?._id });
    const { result } = await sync(`roomId=GENERAL&type=UPDATED&next=${from}&count=50`);
    expect(result.updated.map(({ msg }) => msg).sort()).toEqual(['parent', 'reply']);
  });

  it('returns no message for a type without a cursor', async () => {
    await post('1');
    expect((await sync('roomId=GENERAL&type=UPDATED')).result.updated).toEqual([]);
  });

  it('returns all messages since lastUpdate, newest first', async () => {
    await post('1');
    const from = new Date(clock.now()).toISOString();
    await post('2');
    await post('3');
    const { result } = await sync(`roomId=GENERAL&lastUpdate=${from}`);
    expect(result.updated.map(({ msg }) => msg)).toEqual(['3', '2']);
    expect(result).not.toHaveProperty('cursor');
  });

  it('takes only lastUpdate before 7.9', async () => {
    await start({ version: '7.x', features: { syncMessagesByCursor: false } });
    const { status, json } = await sync('roomId=GENERAL&type=UPDATED&next=0&count=50');
    expect([status, json['errorType']]).toEqual([400, 'error-lastUpdate-param-not-provided']);
    expect((await sync(`roomId=GENERAL&lastUpdate=${new Date(0).toISOString()}`)).status).toBe(200);
  });

  it.each([
    ['', 'error-param-required'],
    ['roomId=GENERAL', 'error-param-required'],
    ['roomId=NOWHERE&type=UPDATED&next=0', 'error-not-allowed'],
    ['roomId=GENERAL&type=ALL&next=0', 'error-type-param-not-supported'],
    ['roomId=GENERAL&lastUpdate=yesterday', 'error-lastUpdate-param-invalid'],
    ['roomId=GENERAL&type=UPDATED&next=0&lastUpdate=2026-01-01', 'error-cursor-and-lastUpdate-conflict'],
  ])('refuses "%s" with %s', async (query, errorType) => {
    expect(await sync(query)).toMatchObject({ status: 400, json: { errorType } });
  });
});
