import { PutObjectCommand } from '@aws-sdk/client-s3';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterEach, describe, expect, it } from 'vitest';
import type { ChatServer, Fault } from '../../lib/local/chat-server/index.ts';
import { type LocalRelay, type LocalRelayOptions, startLocalRelay } from '../../lib/local/index.ts';

// The function's real bundle in several processes. Their caches are empty at the start, so they race for the thread.

let relay: LocalRelay;
afterEach(() => relay.close());

const start = async (options: LocalRelayOptions): Promise<ChatServer> => {
  relay = await startLocalRelay(options);
  if (relay.chat === undefined) throw new Error('there is no chat server');
  return relay.chat;
};
const put = (key: string, body = key) =>
  relay.clients.s3.send(new PutObjectCommand({ Bucket: relay.bucket, Key: key, Body: body }));
const putMany = (count: number, keyOf: (index: number) => string) =>
  Promise.all(Array.from({ length: count }, (_, index) => put(keyOf(index))));
const outcomes = () => relay.deliveries.map(({ outcome }) => outcome);

/** The messages without a file and those with one, by the message that they answer. */
const threadsIn = (chat: ChatServer, room = 'general') => {
  const messages = chat.messages(room);
  const roots = messages.filter(({ file }) => file === undefined);
  const names = new Map<string | undefined, (string | undefined)[]>();
  for (const { file, tmid } of messages) {
    if (file !== undefined) names.set(tmid, [...(names.get(tmid) ?? []), file.name]);
  }
  return { roots, names };
};
const numbered = (count: number, nameOf: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => nameOf(i)).sort();

/** `npm run prove:threads` races 200. Each killed process costs a lease's time. */
const KILLED_RACE = Number(process.env['KILLED_RACE'] ?? 40);

describe('objects that start a thread at the same time', () => {
  it('have one first message (200 objects)', async () => {
    const chat = await start({ processes: 4, settings: { routes: [{ room: '#general', thread: 'day' }] } });
    await putMany(200, (index) => `reports/${index}.txt`);
    await relay.settled({ timeoutMs: 90_000 });
    const { roots, names } = threadsIn(chat);
    expect(roots).toHaveLength(1);
    expect(roots[0]?.msg).toMatch(/^Files of \d{4}-\d\d-\d\d$/);
    expect([...names.keys()]).toEqual([roots[0]?._id]);
    expect(names.get(roots[0]?._id)?.toSorted()).toEqual(numbered(200, (index) => `${index}.txt`));
  }, 120_000);

  it(`have one first message and one message each although processes are killed meanwhile (${KILLED_RACE} objects)`, async () => {
    const chat = await start({
      processes: 4,
      // A killed delivery's lease and message come back after these times.
      functionTimeoutMs: 5_000,
      visibilityTimeoutSeconds: 6,
      settings: { routes: [{ room: '#general', thread: 'prefix' }], confirmAgainAfterSeconds: 3 },
    });
    const killed: string[] = [];
    const counts = new Map<string, number>();
    chat.faults.use(({ name }): Fault | undefined => {
      const count = (counts.get(name) ?? 0) + 1;
      counts.set(name, count);
      const isFatal = (name === 'sendMessage' && count <= 2) || (name === 'mediaConfirm' && count === KILLED_RACE / 4);
      if (!isFatal) return undefined;
      killed.push(name);
      for (const host of relay.functions) void host.kill();
      // The first one dies before the server posts, the others after.
      return { kind: 'hang', commit: killed.length > 1 };
    });
    await putMany(KILLED_RACE, (index) => `reports/${index}.txt`);
    await relay.settled({ timeoutMs: 260_000 });
    expect(killed.toSorted()).toEqual(['mediaConfirm', 'sendMessage', 'sendMessage']);
    const { roots, names } = threadsIn(chat);
    expect(roots.map(({ msg }) => msg)).toEqual(['Files in `reports/`']);
    expect([...names.keys()]).toEqual([roots[0]?._id]);
    expect(names.get(roots[0]?._id)?.toSorted()).toEqual(numbered(KILLED_RACE, (index) => `${index}.txt`));
    expect(await relay.peekDeadLetters()).toEqual([]);
  }, 300_000);
});

describe('several rooms, direct messages and overwrites', () => {
  it('get one message each, in two processes', async () => {
    const chat = await start({
      processes: 2,
      settings: { routes: [{ rooms: ['#general', '@alice', '#private', 'GENERAL'] }] },
      chatServer: {
        rooms: [
          { id: 'GENERAL', name: 'general' },
          { id: 'PRIVATE', name: 'private', type: 'p' },
        ],
      },
    });
    chat.addUser({ id: 'alice-id', username: 'alice', roles: ['user'] });
    await putMany(20, (index) => `${index}.txt`);
    await relay.settled();
    const direct = chat.rooms().find(({ type }) => type === 'd');
    for (const room of ['general', 'private', direct?.id ?? '']) {
      expect(
        chat
          .messages(room)
          .map(({ file }) => file?.name)
          .toSorted(),
      ).toEqual(numbered(20, (index) => `${index}.txt`));
    }
    expect(outcomes().filter((outcome) => outcome === 'posted')).toHaveLength(60);
  });

  it('that fail in one room are posted once in the other, and the redrive posts only what is missing', async () => {
    const chat = await start({
      settings: { routes: [{ rooms: ['#general', '#second'] }] },
      chatServer: {
        rooms: [
          { id: 'GENERAL', name: 'general' },
          { id: 'SECOND', name: 'second' },
        ],
      },
    });
    const stop = chat.faults.use(({ name, roomId }) =>
      name === 'media' && roomId === 'SECOND' ? { kind: 'failure', errorType: 'error-invalid-file-type' } : undefined,
    );
    await put('a.txt');
    await relay.settled();
    expect(outcomes()).toEqual(['posted', 'dead-lettered']);
    stop();
    const [letter] = await relay.peekDeadLetters();
    const attributes = Object.entries(letter?.messageAttributes ?? {}).map(([name, { StringValue }]) => [
      name,
      { StringValue, DataType: 'String' },
    ]);
    await relay.clients.sqs.send(
      new SendMessageCommand({
        QueueUrl: relay.queueUrl,
        MessageBody: letter?.body,
        MessageAttributes: Object.fromEntries(attributes),
      }),
    );
    await relay.settled();
    expect(['general', 'second'].map((room) => chat.messages(room).length)).toEqual([1, 1]);
  });

  it.each([
    ['each', 3],
    ['changed', 2],
    ['first', 1],
  ] as const)('%s: three uploads of a key, the last two the same, make %i messages', async (overwrites, count) => {
    const chat = await start({ settings: { routes: [{ room: '#general', overwrites, thread: 'key' }] } });
    for (const body of ['one', 'two', 'two']) {
      await put('report.txt', body);
      await relay.settled();
    }
    const [first, ...later] = chat.messages('general');
    expect(1 + later.length).toBe(count);
    expect(later.every(({ tmid }) => tmid === first?._id)).toBe(true);
  });

  it.each(['first', 'changed'] as const)(
    '%s: 20 events of versions that race make one message',
    async (overwrites) => {
      const events: string[] = [];
      const chat = await start({
        processes: 4,
        batchSize: 1,
        settings: { routes: [{ room: '#general', overwrites }] },
        onUpload: (_, body) => events.push(body),
      });
      // The versions have the same content, so the object can be read for each of their events.
      await Promise.all(Array.from({ length: 20 }, () => put('report.txt', 'same')));
      await relay.settled({ timeoutMs: 90_000 });
      expect(events).toHaveLength(20);
      expect(chat.messages('general')).toHaveLength(1);
      expect(await relay.peekDeadLetters()).toEqual([]);
    },
    120_000,
  );
});
