import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { classify } from '../../lambdas/relay/domain/failure.ts';
import { type ChatServer, startChatServer } from '../../lib/local/chat-server/index.ts';
import { type ChatUnderTest, chatUnderTest, fileOf } from '../helpers/chat-client.ts';
import { createHandClock, type HandClock } from '../helpers/hand-clock.ts';

const { signal } = new AbortController();
const DAY = { name: '["day","2026-03-05"]', text: 'Files of 2026-03-05' };

describe.each(['7.x', '8.x'] as const)('threads of Rocket.Chat %s', (version) => {
  let server: ChatServer;
  let clock: HandClock;
  let under: ChatUnderTest;
  beforeEach(async () => {
    clock = createHandClock();
    server = await startChatServer({ version });
    server.addRoom({ id: 'OTHER', name: 'other' });
    under = chatUnderTest(server, { clock });
  });
  afterEach(() => server.close());

  const root = (roomId = 'GENERAL', thread = DAY, by = under) => by.threads.root(roomId, thread, { signal });
  /** The caches of another process are empty. */
  const newProcess = () => chatUnderTest(server, { clock });
  const reply = async (threadId: string) => {
    const { fileId } = await under.chat.uploadMedia('GENERAL', fileOf('x'), { signal });
    await under.chat.confirmMedia({ roomId: 'GENERAL', fileId }, { text: '', threadId }, { signal });
  };
  const texts = (room = 'general') => server.messages(room).map(({ msg }) => msg);
  const calls = (name: string) => server.calls.filter((call) => call.name === name).length;

  it('begin with a message that is posted once, also by 200 processes at the same time', async () => {
    const ids = await Promise.all(Array.from({ length: 200 }, () => root('GENERAL', DAY, newProcess())));
    expect(new Set(ids).size).toBe(1);
    expect(server.messages('general')).toMatchObject([{ _id: ids[0], msg: 'Files of 2026-03-05' }]);
  });

  it('begin with one message although the insert fails in the race', async () => {
    server.features.repeatedIdError = 'E11000';
    const ids = await Promise.all(Array.from({ length: 20 }, () => root('GENERAL', DAY, newProcess())));
    expect(new Set(ids).size).toBe(1);
    expect(texts()).toHaveLength(1);
  });

  it('differ by name and room', async () => {
    const ids = [await root(), await root('OTHER'), await root('GENERAL', { ...DAY, name: 'x' })];
    expect(new Set(ids).size).toBe(3);
    expect([texts().length, texts('other').length]).toEqual([2, 1]);
  });

  it.each([
    ['the answer is lost', { kind: 'reset-after' }],
    ['a proxy answers after the server has posted', { kind: 'answer', status: 502, commit: true }],
  ] as const)('begin with one message although %s', async (_, fault) => {
    server.faults.next('sendMessage', fault);
    const id = await root();
    expect(server.messages('general').map(({ _id }) => _id)).toEqual([id]);
  });

  it('fail with the error of the post if the message is not there', async () => {
    server.room('general').archived = true;
    const error = await root().catch((thrown: unknown) => thrown);
    expect(classify(error, 'thread')).toMatchObject({
      kind: 'misconfigured',
      reason: 'ROOM_UNAVAILABLE',
      scope: 'room',
    });
    server.room('general').archived = false;
    await root();
    expect(texts()).toHaveLength(1);
  });

  it.each([
    ['a time-out of the server', { kind: 'answer', status: 502 }, { kind: 'transient' }],
    ['the rate limit', { kind: 'rate-limited', resetInMs: 9_000 }, { kind: 'throttled', retryAt: expect.any(Number) }],
  ] as const)('are not begun anew after %s', async (_, fault, failure) => {
    await root();
    server.faults.next('getMessage', fault);
    const error = await root('GENERAL', DAY, newProcess()).catch((thrown: unknown) => thrown);
    expect(classify(error, 'thread')).toMatchObject(failure);
    expect(calls('sendMessage')).toBe(1);
  });

  it('are looked up once a minute, also for concurrent calls', async () => {
    await Promise.all([root(), root(), root()]);
    clock.advance(59_999);
    await root();
    expect([calls('getMessage'), calls('sendMessage')]).toEqual([1, 1]);
    clock.advance(1);
    await root();
    expect([calls('getMessage'), calls('sendMessage')]).toEqual([2, 1]);
  });

  describe.each<[string, object]>([
    ['removes deleted messages', {}],
    ['shows that a message was deleted', { Message_ShowDeletedStatus: true }],
    ['hides deleted messages', { Message_KeepHistory: true }],
    [
      'hides deleted messages and shows that they were deleted',
      { Message_KeepHistory: true, Message_ShowDeletedStatus: true },
    ],
  ])('on a server that %s', (_, settings) => {
    beforeEach(() => void Object.assign(server.settings, settings));
    const open = () =>
      server.messages('general').filter(({ t, _hidden, msg }) => t !== 'rm' && _hidden !== true && msg === DAY.text);

    it.each([0, 1])('begin anew after the first message was deleted, with %i answers', async (answers) => {
      for (let deleted = 0; deleted < 3; deleted += 1) {
        const first = await root();
        if (answers > 0) await reply(first);
        server.deleteMessage(first);
        clock.advance(60_000);
        const [second, other] = [await root(), await root('GENERAL', DAY, newProcess())];
        expect(other, 'all processes find the same message').toBe(second);
        expect(open().map(({ _id }) => _id)).toEqual([second]);
      }
    });
  });

  it('are given up after the first message was deleted ten times, and only these', async () => {
    server.settings.Message_ShowDeletedStatus = true;
    for (let deleted = 0; deleted < 10; deleted += 1) {
      server.deleteMessage(await root());
      clock.advance(60_000);
    }
    const error = await root().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'RoomError', code: 'THREAD_DELETED' });
    expect(classify(error, 'thread')).toMatchObject({ kind: 'misconfigured', scope: 'object' });
    await root('GENERAL', { ...DAY, name: 'another' });
  });

  it('do not begin with a message that somebody has posted into another room under this id', async () => {
    const id = await root();
    for (const members of [undefined, []]) {
      const fresh = await startChatServer({
        version,
        rooms: [
          { id: 'GENERAL', name: 'general' },
          { id: 'X', name: 'x' },
        ],
      });
      try {
        const other = fresh.addUser({ username: 'mallory' });
        const client = chatUnderTest({ ...fresh, url: fresh.url, userId: other.id, authToken: other.authToken });
        await fetch(`${fresh.url}/api/v1/chat.sendMessage`, {
          method: 'POST',
          headers: { 'x-user-id': other.id, 'x-auth-token': other.authToken, 'content-type': 'application/json' },
          body: JSON.stringify({ message: { _id: id, rid: 'X', msg: 'gotcha' } }),
        });
        expect(await client.threads.find('X', id, { signal })).toBe(id);
        fresh.room('x').members = members;
        const found = await chatUnderTest(fresh, { clock }).threads.root('GENERAL', DAY, { signal });
        expect(found).not.toBe(id);
        expect(fresh.messages('general').map(({ _id }) => _id)).toEqual([found]);
      } finally {
        await fresh.close();
      }
    }
  });

  describe('of a message', () => {
    const find = (messageId: string, roomId = 'GENERAL') => under.threads.find(roomId, messageId, { signal });

    it('begin with the message itself', async () => {
      const id = await root();
      expect(await find(id)).toBe(id);
    });

    it('begin with the message that it answers', async () => {
      const id = await root();
      await reply(id);
      const answer = server.messages('general').at(-1)?._id ?? '';
      expect(await find(answer)).toBe(id);
      server.deleteMessage(id);
      expect(await find(answer)).toBeUndefined();
    });

    it('do not exist if it is unknown, deleted or in another room', async () => {
      const id = await root('OTHER');
      expect(await find('unknown')).toBeUndefined();
      expect(await find(id)).toBeUndefined();
      expect(await find(id, 'OTHER')).toBe(id);
      server.room('other').members = [];
      expect(await find(id, 'OTHER')).toBeUndefined();
      server.room('other').members = undefined;
      server.settings.Message_KeepHistory = true;
      server.deleteMessage(id);
      expect(await find(id, 'OTHER')).toBeUndefined();
    });

    it('are not taken for missing if the server fails', async () => {
      const id = await root();
      server.faults.next('getMessage', { kind: 'failure' });
      await expect(find(id)).rejects.toMatchObject({ status: 400 });
    });
  });
});
