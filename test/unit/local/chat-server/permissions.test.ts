import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ChatServer, startChatServer, type UserInput } from '../../../../lib/local/chat-server/index.ts';
import { call } from './api-client.ts';

let chat: ChatServer;
const start = async (user: UserInput = {}) => {
  await chat?.close();
  chat = await startChatServer({ users: [user] });
};
beforeEach(() => start());
afterEach(() => chat.close());

const get = async (path: string) => (await call(chat, `/api/v1/${path}`)).json;
const subscriptionTo = async (roomId: string) =>
  (await get(`subscriptions.getOne?roomId=${roomId}`))['subscription'] as { roles?: string[] } | null;
const rolesWith = async (permission: string) => {
  const { update } = (await get('permissions.listAll')) as { update: { _id: string; roles: string[] }[] };
  return update.find(({ _id }) => _id === permission)?.roles ?? [];
};

describe('permissions.listAll', () => {
  it('lists the roles of each permission', async () => {
    expect(await get('permissions.listAll')).toEqual({
      update: expect.arrayContaining([{ _id: 'post-readonly', roles: expect.any(Array) }]),
      remove: [],
      success: true,
    });
    expect(await rolesWith('post-readonly')).toEqual(expect.arrayContaining(['admin', 'owner', 'moderator']));
    expect(await rolesWith('post-readonly')).not.toContain('bot');
    expect(await rolesWith('message-impersonate')).toEqual(expect.arrayContaining(['app', 'bot']));
  });

  it('requires a login', async () => {
    expect((await call(chat, '/api/v1/permissions.listAll', { anonymous: true })).status).toBe(401);
  });
});

describe('subscriptions.getOne', () => {
  it('shows the membership of a room, with roles only if the user has some there', async () => {
    const common = { rid: 'GENERAL', t: 'c', name: 'general', u: { _id: chat.userId, username: 'relay.bot' } };
    expect(await get('subscriptions.getOne?roomId=GENERAL')).toMatchObject({ subscription: common, success: true });
    expect(await subscriptionTo('GENERAL')).not.toHaveProperty('roles');
    chat.users()[0]?.permissions.push('post-readonly');
    const { roles } = (await subscriptionTo('GENERAL')) ?? {};
    expect(roles).toHaveLength(1);
    expect(await rolesWith('post-readonly')).toContain(roles?.[0]);
    expect(await rolesWith('mention-all')).not.toContain(roles?.[0]);
  });

  it('is null without a membership, and for an unknown room', async () => {
    chat.addRoom({ id: 'CLOSED', name: 'closed', type: 'p', members: [] });
    for (const roomId of ['CLOSED', 'NOWHERE']) expect(await subscriptionTo(roomId)).toBeNull();
  });

  it('requires a login and a room id', async () => {
    const path = '/api/v1/subscriptions.getOne';
    expect((await call(chat, `${path}?roomId=GENERAL`, { anonymous: true })).status).toBe(401);
    expect(await call(chat, path)).toMatchObject({ status: 400, json: { errorType: 'error-invalid-params' } });
  });
});

describe('a read-only room', () => {
  it.each<[UserInput, boolean]>([
    [{}, false],
    [{ roles: ['user'] }, false],
    [{ roles: [] }, false],
    [{ roles: ['bot', 'admin'] }, true],
    [{ roles: ['owner'] }, true],
    [{ roles: ['moderator'] }, true],
    [{ permissions: ['post-readonly'] }, true],
    [{ permissions: ['mention-all'] }, false],
  ])('accepts a message of %j if the roles that the API shows have post-readonly (%s)', async (user, accepts) => {
    await start(user);
    chat.room('general').readOnly = true;
    const { roles } = (await get('me')) as { roles: string[] };
    const inRoom = (await subscriptionTo('GENERAL'))?.roles ?? [];
    const posters = await rolesWith('post-readonly');
    expect([...roles, ...inRoom].some((role) => posters.includes(role))).toBe(accepts);
    const answer = await call(chat, '/api/v1/chat.postMessage', {
      body: JSON.stringify({ roomId: 'GENERAL', text: 'hello' }),
      headers: { 'Content-Type': 'application/json' },
    });
    expect(answer.status).toBe(accepts ? 200 : 400);
  });
});
