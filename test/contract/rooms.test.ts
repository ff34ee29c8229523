import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { classify } from '../../lambdas/relay/domain/failure.ts';
import { type ChatServer, startChatServer } from '../../lib/local/chat-server/index.ts';
import type { Room } from '../../lib/local/chat-server/state/rooms.ts';
import { type ChatUnderTest, chatUnderTest, fileOf } from '../helpers/chat-client.ts';
import { createHandClock, type HandClock } from '../helpers/hand-clock.ts';
import { type ApiAnswer, apiScript, type ScriptedServer, startScriptedServer } from '../helpers/scripted-server.ts';

const { signal } = new AbortController();

describe.each(['7.x', '8.x'] as const)('rooms of Rocket.Chat %s', (version) => {
  let server: ChatServer;
  let clock: HandClock;
  let under: ChatUnderTest;
  beforeEach(async () => {
    clock = createHandClock();
    server = await startChatServer({ version });
    under = chatUnderTest(server, { clock });
    server.addRoom({ id: 'DM', type: 'd' });
    server.addRoom({ id: 'CLOSED', name: 'closed', type: 'p', members: [] });
    server.addRoom({ id: 'UMLAUT', name: 'größe & mehr' });
  });
  afterEach(() => server.close());

  const resolve = (room: string, threadId?: string) => under.rooms.resolve(room, threadId, { signal });
  const reasonOf = async (promise: Promise<unknown>) =>
    classify(await promise.catch((error: unknown) => error), 'room');
  const postIn = async (roomId: string) => {
    const { fileId } = await under.chat.uploadMedia(roomId, fileOf('x'), { signal });
    return (await under.chat.confirmMedia({ roomId, fileId }, { text: '' }, { signal })).messageId;
  };

  it.each([
    ['GENERAL', 'GENERAL'],
    ['#general', 'GENERAL'],
    ['general', 'GENERAL'],
    ['DM', 'DM'],
    ['#größe & mehr', 'UMLAUT'],
  ])('resolve %s to the id %s', async (room, roomId) => {
    expect(await resolve(room)).toBe(roomId);
  });

  it.each(['NOWHERE', '#nowhere', 'CLOSED', '#closed', '#DM', '#GENERAL'])('reject %s as not found', async (room) => {
    await expect(resolve(room)).rejects.toMatchObject({ name: 'RoomError', code: 'ROOM_NOT_FOUND' });
    expect(await reasonOf(resolve(room))).toMatchObject({
      kind: 'misconfigured',
      reason: 'ROOM_UNAVAILABLE',
      scope: 'room',
    });
  });

  it('reject an archived room', async () => {
    server.room('general').archived = true;
    expect(await reasonOf(resolve('#general'))).toMatchObject({ kind: 'misconfigured', reason: 'ROOM_UNAVAILABLE' });
  });

  it('are looked up once in ten minutes, also for concurrent calls', async () => {
    await Promise.all(Array.from({ length: 10 }, () => resolve('#general')));
    clock.advance(10 * 60_000 - 1);
    await resolve('#general');
    expect(server.calls).toHaveLength(1);
    clock.advance(1);
    await resolve('#general');
    expect(server.calls).toHaveLength(2);
  });

  it('are looked up again after a failure', async () => {
    server.faults.next('roomInfo', { kind: 'failure' });
    await expect(resolve('#general')).rejects.toMatchObject({ status: 400 });
    expect(await resolve('#general')).toBe('GENERAL');
  });

  it('are looked up again after a confirm was refused for the state of the room', async () => {
    expect(await resolve('#general')).toBe('GENERAL');
    const { fileId } = await under.chat.uploadMedia('GENERAL', fileOf('x'), { signal });
    server.room('general').archived = true;
    const confirming = under.chat.confirmMedia({ roomId: 'GENERAL', fileId }, { text: '' }, { signal });
    expect(await reasonOf(confirming)).toMatchObject({ httpStatus: 400 });
    expect(await reasonOf(resolve('#general'))).toMatchObject({ kind: 'misconfigured', reason: 'ROOM_UNAVAILABLE' });
    server.room('general').archived = false;
    expect(await resolve('#general')).toBe('GENERAL');
  });

  it('stay cached after another error of a call', async () => {
    expect(await resolve('#general')).toBe('GENERAL');
    for (const fault of [{ kind: 'failure' }, { kind: 'answer', status: 403 }, { kind: 'reset-before' }] as const) {
      server.faults.next('media', fault);
      await expect(under.chat.uploadMedia('GENERAL', fileOf('x'), { signal })).rejects.toThrow();
    }
    expect(await resolve('#general')).toBe('GENERAL');
    expect(server.calls.filter(({ name }) => name === 'roomInfo')).toHaveLength(1);
  });

  it('are not reported as not found if the server fails', async () => {
    server.faults.next('roomInfo', { kind: 'answer', status: 502 });
    expect(await reasonOf(resolve('#general'))).toMatchObject({ kind: 'transient' });
    server.faults.next('roomInfo', { kind: 'rate-limited', resetInMs: 9_000 });
    expect(await reasonOf(resolve('#general'))).toMatchObject({ kind: 'throttled', retryAt: expect.any(Number) });
  });

  describe('of direct messages', () => {
    beforeEach(() => void server.addUser({ id: 'alice-id', username: 'alice', roles: ['user'] }));
    const dm = () => [server.userId, 'alice-id'].sort().join('');

    it('are created once, also by several processes at the same time', async () => {
      const others = Array.from({ length: 10 }, () => chatUnderTest(server, { clock }));
      const ids = await Promise.all(others.map(({ rooms }) => rooms.resolve('@alice', undefined, { signal })));
      expect(new Set([...ids, await resolve('@alice')])).toEqual(new Set([dm()]));
      expect(server.rooms().filter(({ id }) => id === dm())).toHaveLength(1);
    });

    it('take files', async () => {
      await postIn(await resolve('@alice'));
      expect(server.messages(dm())).toHaveLength(1);
    });

    it('are asked for once in ten minutes', async () => {
      await resolve('@alice');
      await resolve('@alice');
      expect(server.calls.filter(({ name }) => name === 'imCreate')).toHaveLength(1);
    });

    it.each(['@nobody', '@alice2', '@al'])(
      'with the unknown user %s are rejected, and not sent to the bot',
      async (room) => {
        await expect(resolve(room)).rejects.toMatchObject({ name: 'RoomError', code: 'ROOM_NOT_FOUND' });
      },
    );

    it('with the bot itself are allowed', async () => {
      const [bot] = server.users();
      expect(await resolve(`@${bot?.username}`)).toBe(server.userId);
    });

    it.each<[string, Partial<Room>, string]>([
      ['who has blocked the bot', { blocked: true }, 'ROOM_BLOCKED'],
      ['who was deactivated', { readOnly: true }, 'ROOM_READ_ONLY'],
    ])('with a user %s are rejected before a file is uploaded', async (_, change, code) => {
      Object.assign(server.room(await resolve('@alice')), change);
      clock.advance(10 * 60_000);
      await expect(resolve('@alice')).rejects.toMatchObject({ name: 'RoomError', code });
      expect(await reasonOf(resolve('@alice'))).toMatchObject({ kind: 'misconfigured', scope: 'room' });
    });

    it('on a server that takes no files in direct messages stop only that room', async () => {
      server.settings.FileUpload_Enabled_Direct = false;
      const roomId = await resolve('@alice');
      expect(await reasonOf(under.chat.uploadMedia(roomId, fileOf('x'), { signal }))).toMatchObject({
        kind: 'misconfigured',
        reason: 'UPLOADS_DISABLED',
        scope: 'room',
      });
    });
  });

  it('accept a thread of the room and check it once', async () => {
    const threadId = await postIn('GENERAL');
    expect(await resolve('#general', threadId)).toBe('GENERAL');
    expect(await resolve('#general', threadId)).toBe('GENERAL');
    expect(server.calls.filter(({ name }) => name === 'getMessage')).toHaveLength(1);
  });

  it.each([{}, { Message_KeepHistory: true }, { Message_ShowDeletedStatus: true }])(
    'reject a thread whose first message was deleted, with the settings %o',
    async (settings) => {
      Object.assign(server.settings, settings);
      const threadId = await postIn('GENERAL');
      server.deleteMessage(threadId);
      await expect(resolve('#general', threadId)).rejects.toMatchObject({ code: 'THREAD_NOT_IN_ROOM' });
    },
  );

  it('reject a thread of another room and an unknown thread', async () => {
    const elsewhere = await postIn('DM');
    server.addRoom({ id: 'PRIVATE', name: 'private', type: 'p' });
    const hidden = await postIn('PRIVATE');
    server.room('private').members = [];
    for (const threadId of [elsewhere, hidden, 'nobody-knows-it']) {
      await expect(resolve('#general', threadId)).rejects.toMatchObject({ code: 'THREAD_NOT_IN_ROOM' });
    }
  });
});

describe('a room', () => {
  const BOT = { _id: 'bot', username: 'relay.bot', roles: ['bot'] };
  let server: ScriptedServer;
  let clock: HandClock;
  let under: ChatUnderTest;
  let room: Record<string, unknown>;
  let user: typeof BOT;
  let rolesInRoom: string[];
  let settings: Record<string, unknown>;
  let calls: Record<string, ApiAnswer | (() => ApiAnswer)>;
  const ok = (body: object): ApiAnswer => ({ body: { ...body, success: true } });

  beforeEach(async () => {
    server = await startScriptedServer();
    clock = createHandClock();
    room = {};
    user = BOT;
    rolesInRoom = [];
    settings = { E2E_Enable: true, E2E_Allow_Unencrypted_Messages: false };
    calls = {
      'rooms.info': () => ok({ room: { _id: 'GENERAL', ...room } }),
      me: () => ok(user),
      'permissions.listAll': () =>
        ok({
          update: [
            { _id: 'mention-all', roles: ['bot'] },
            { _id: 'post-readonly', roles: ['admin', 'owner', 'announcer'] },
          ],
          remove: [],
        }),
      'subscriptions.getOne': () => ok({ subscription: { rid: 'GENERAL', roles: rolesInRoom } }),
      'settings.public': () => ok({ settings: Object.entries(settings).map(([_id, value]) => ({ _id, value })) }),
    };
    server.answer(apiScript(calls));
    under = chatUnderTest({ url: server.url, userId: 'bot', authToken: 'token' }, { clock });
  });
  afterEach(() => server.close());

  const resolve = () => under.rooms.resolve('#general', undefined, { signal });
  const namesOfCalls = () => server.requests.map(({ url }) => url.split(/[/?]/)[3]);

  it.each<[string, () => void, string]>([
    ['is archived', () => Object.assign(room, { archived: true }), 'ROOM_ARCHIVED'],
    ['is read-only', () => Object.assign(room, { ro: true }), 'ROOM_READ_ONLY'],
    [
      'is read-only and has unmuted somebody else',
      () => Object.assign(room, { ro: true, unmuted: ['x'] }),
      'ROOM_READ_ONLY',
    ],
    ['has muted the user', () => Object.assign(room, { muted: ['x', 'relay.bot'] }), 'ROOM_MUTED'],
    [
      'is read-only and has muted a user with post-readonly',
      () => {
        Object.assign(room, { ro: true, muted: ['relay.bot'] });
        rolesInRoom = ['owner'];
      },
      'ROOM_MUTED',
    ],
    ['is encrypted', () => Object.assign(room, { encrypted: true }), 'ROOM_ENCRYPTED'],
  ])('is refused before an upload if it %s, until that is corrected', async (_, change, code) => {
    change();
    const error = await resolve().catch((caught: unknown) => caught);
    expect(error).toMatchObject({ name: 'RoomError', code });
    expect(classify(error, 'room')).toMatchObject({ kind: 'misconfigured', reason: 'ROOM_UNAVAILABLE', scope: 'room' });
    room = {};
    expect(await resolve()).toBe('GENERAL');
  });

  it.each<[string, () => void]>([
    ['has no state at all', () => {}],
    ['has none of the states', () => Object.assign(room, { archived: false, ro: false, encrypted: false, muted: [] })],
    ['has states that are null', () => Object.assign(room, { archived: null, ro: null, muted: null, encrypted: null })],
    ['has muted somebody else', () => Object.assign(room, { muted: ['x'] })],
    ['is read-only and has unmuted the user', () => Object.assign(room, { ro: true, unmuted: ['relay.bot'] })],
    [
      'is read-only and the user has post-readonly by a role in the room',
      () => {
        Object.assign(room, { ro: true });
        rolesInRoom = ['owner'];
      },
    ],
    [
      'is read-only and the user has post-readonly by a role of its own',
      () => {
        Object.assign(room, { ro: true });
        user = { ...BOT, roles: ['bot', 'announcer'] };
      },
    ],
    [
      'is encrypted and the server allows plain messages',
      () => {
        Object.assign(room, { encrypted: true });
        settings = { E2E_Enable: true, E2E_Allow_Unencrypted_Messages: true };
      },
    ],
    [
      'is encrypted and the server has switched encryption off',
      () => {
        Object.assign(room, { encrypted: true });
        settings = { E2E_Enable: false, E2E_Allow_Unencrypted_Messages: false };
      },
    ],
  ])('is accepted if it %s', async (_, change) => {
    change();
    expect(await resolve()).toBe('GENERAL');
  });

  it('without a special state needs one call', async () => {
    await resolve();
    expect(namesOfCalls()).toEqual(['rooms.info']);
  });

  it.each([
    ['admin', true],
    ['bot', false],
  ])(
    "that is read-only is judged by the server's defaults if it does not list permissions (%s)",
    async (role, isOpen) => {
      room = { ro: true };
      user = { ...BOT, roles: [role] };
      for (const name of ['permissions.listAll', 'subscriptions.getOne']) delete calls[name];
      if (isOpen) expect(await resolve()).toBe('GENERAL');
      else await expect(resolve()).rejects.toMatchObject({ code: 'ROOM_READ_ONLY' });
    },
  );

  it('is not judged if the server fails to tell the permissions', async () => {
    room = { ro: true };
    calls['permissions.listAll'] = { status: 502, body: 'bad gateway' };
    const error = await resolve().catch((caught: unknown) => caught);
    expect(classify(error, 'room')).toMatchObject({ kind: 'transient' });
  });

  it('is checked with the user of new credentials', async () => {
    room = { muted: ['relay.bot'] };
    for (let look = 0; look < 2; look += 1) await expect(resolve()).rejects.toMatchObject({ code: 'ROOM_MUTED' });
    expect(namesOfCalls().filter((name) => name === 'me')).toHaveLength(1);
    under.secret.current = async () => ({ userId: 'successor', authToken: 'token' });
    user = { ...BOT, _id: 'successor', username: 'successor' };
    expect(await resolve()).toBe('GENERAL');
  });
});
