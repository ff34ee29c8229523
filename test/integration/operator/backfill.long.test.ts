import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { marshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ChatServer } from '../../../lib/local/chat-server/chat-server.ts';
import { enableMapping, type OperatorWorld, putUnknown, startOperatorWorld } from '../../helpers/operator.ts';

let world: OperatorWorld;
let chat: ChatServer;
/** The prefix of a test's objects, in a relay that all tests share. */
let folder: string;
let serial = 0;
beforeAll(async () => {
  world = await startOperatorWorld({
    settings: {
      routes: [
        { suffix: '.csv', room: '#pictures' },
        { suffix: '.txt', room: '#general' },
      ],
    },
    chatServer: {
      rooms: [
        { id: 'GENERAL', name: 'general' },
        { id: 'PICTURES', name: 'pictures' },
      ],
    },
  });
  chat = world.relay.chat as ChatServer;
});
afterAll(() => world.close());
beforeEach(() => {
  serial += 1;
  folder = `test-${serial}/`;
});

const put = (key: string) =>
  world.relay.clients.s3.send(
    new PutObjectCommand({ Bucket: 'uploads', Key: folder + key, Body: `content of ${key}` }),
  );
const lose = (...keys: string[]) =>
  putUnknown(
    world.relay,
    keys.map((key) => folder + key),
  );
/** Runs a command on this test's objects, also on those that were just uploaded, which it leaves alone by default. */
const run = (...args: string[]) =>
  world.run([...args, '--prefix', folder, '--until', new Date(Date.now() + 2_000).toISOString(), '--local']);
const posted = (room = 'general') =>
  chat
    .messages(room)
    .map(({ msg }) => msg.replaceAll('`', ''))
    .filter((key) => key.startsWith(folder))
    .map((key) => key.slice(folder.length))
    .sort();

describe('relay backfill', () => {
  it('counts without --execute, and changes nothing', async () => {
    await put('known.txt');
    await lose('a.txt', 'b.txt', 'no-route.bin');
    const { exitCode, stdout } = await run('backfill');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('4 objects listed: 2 never posted, 1 posted, 1 without a route.');
    expect(stdout).toContain('2 objects to post.');
    expect(stdout).toMatch(/Posting takes about .* at the best rate of the last 24 hours/);
    await world.relay.settled();
    expect(posted()).toEqual(['known.txt']);
  });

  it('posts what was never posted with --execute, and a repetition posts nothing', async () => {
    await put('known.txt');
    await lose('ä b+c%.txt', 'b.txt', 'p.csv');
    for (const sent of [3, 0]) {
      const { exitCode, records } = await run('backfill', '--execute', '--json');
      expect(exitCode).toBe(0);
      expect(records().at(-1)).toMatchObject({ event: 'done', sent, failed: 0, stopped: false });
      await world.relay.settled();
    }
    expect(posted()).toEqual(['b.txt', 'known.txt', 'ä b+c%.txt']);
    expect(posted('pictures')).toEqual(['p.csv']);
  });

  it('sends only the objects of a room and of a part of the listing, and not more than the limit', async () => {
    await lose('a.txt', 'b.txt', 'c.txt', 'p.csv');
    const room = await run('backfill', '--execute', '--json', '--room', 'pictures');
    expect(room.records().at(-1)).toMatchObject({ sent: 1 });
    const part = await run('backfill', '--execute', '--json', '--start-after', `${folder}a.txt`, '--limit', '1');
    expect(part.records().at(-1)).toMatchObject({ sent: 1 });
    await world.relay.settled();
    expect({ general: posted(), pictures: posted('pictures') }).toEqual({ general: ['b.txt'], pictures: ['p.csv'] });
  });

  it('prints on Ctrl-C how to go on, and what it prints posts the rest', async () => {
    const names = Array.from({ length: 30 }, (_, i) => `${String(i).padStart(2, '0')}.txt`);
    await lose(...names);
    const until = new Date(Date.now() + 2_000).toISOString();
    const args = ['backfill', '--prefix', folder, '--until', until, '--rate', '5', '--execute', '--local'];
    const stopped = await world.run(args, {
      onStart(child) {
        const timer = setInterval(() => {
          if (posted().length < 1) return;
          clearInterval(timer);
          child.kill('SIGINT');
        }, 20);
      },
    });
    expect(stopped.exitCode).toBe(1);
    const [, command = ''] = stopped.stderr.split('Go on with:\n');
    expect(command).toBe(`npx relay backfill --prefix ${folder} --until ${until} --local --execute\n`);
    expect(posted().length).toBeLessThan(30);
    expect((await world.run(command.trim().split(' ').slice(2))).exitCode).toBe(0);
    await world.relay.settled();
    expect(posted()).toEqual(names);
  });

  it('leaves objects to their own events for ten minutes', async () => {
    await lose('a.txt');
    const { records } = await world.run(['backfill', '--prefix', folder, '--execute', '--local', '--json']);
    expect(records().at(-1)).toMatchObject({ sent: 0, listed: 1 });
  });

  it('refuses to run while uploads wait whose events it would repeat', async () => {
    await world.relay.settled();
    await enableMapping(world.relay, false);
    await put('waits.txt');
    await world.relay.countMessages('uploads');
    const { exitCode, stderr } = await world.run(['backfill', '--execute', '--local']);
    await enableMapping(world.relay, true);
    expect(exitCode).toBe(1);
    expect(stderr).toContain('1 messages are in the uploads queue');
  });

  it('exits with 2 if an option is wrong, and says what is allowed', async () => {
    const wrong = (...args: string[]) => world.run(['backfill', ...args, '--local']);
    const results = await Promise.all([
      wrong('--bucket', 'other'),
      wrong('--since', 'yesterday'),
      wrong('--rate', 'fast'),
    ]);
    expect(results.map(({ exitCode }) => exitCode)).toEqual([2, 2, 2]);
    expect(results[0]?.stderr).toContain("--bucket other is not one of the relay's: uploads");
    expect(results[1]?.stderr).toContain('Give a date such as');
    expect(results[2]?.stderr).toContain('Give a number from');
  });
});

describe('relay reconcile', () => {
  const item = async (key: string, eTag: string, values: Record<string, unknown>) => {
    await world.relay.clients.dynamodb.send(
      new PutItemCommand({
        TableName: world.relay.ledgerTable,
        Item: marshall({ pk: `uploads/${folder}${key}`, roomId: 'GENERAL', eTag, ...values }),
      }),
    );
  };

  it('finds what was never posted, posted twice or is pending for too long, and exits with 1', async () => {
    await put('fine.txt');
    await lose('missing.txt', 'twice.txt', 'stuck.txt', 'letter.txt', 'old-letter.txt');
    const eTags = new Map<string, string>();
    for (const name of ['twice', 'stuck', 'letter', 'old-letter']) {
      const { ETag } = await world.relay.clients.s3.send(
        new HeadObjectCommand({ Bucket: 'uploads', Key: `${folder}${name}.txt` }),
      );
      eTags.set(name, (ETag ?? '').replaceAll('"', ''));
    }
    const day = 86_400_000;
    const expiresAt = (agoMs: number) => Math.ceil((Date.now() - agoMs + 365 * day) / 1_000);
    const eTag = (name: string) => eTags.get(name) ?? '';
    const first = { sk: `${'0'.repeat(32)}#GENERAL` };
    await item('twice.txt', eTag('twice'), { ...first, status: 'posted', messageId: 'm1' });
    await item('twice.txt', eTag('twice'), {
      sk: `etag-${eTag('twice')}#GENERAL`,
      status: 'posted',
      messageId: 'm2',
    });
    await item('stuck.txt', eTag('stuck'), { ...first, status: 'claimed', expiresAt: expiresAt(14 * 3_600_000) });
    await item('letter.txt', eTag('letter'), { ...first, status: 'dead-lettered', failedAt: Date.now() - day });
    const old = { ...first, status: 'dead-lettered', failedAt: Date.now() - 15 * day };
    await item('old-letter.txt', eTag('old-letter'), old);

    const { exitCode, records } = await run('reconcile', '--json');
    expect(exitCode).toBe(1);
    const found = Object.fromEntries(
      records()
        .filter(({ event }) => event === 'finding')
        .map(({ key, state }) => [String(key).slice(folder.length), state]),
    );
    expect(found).toEqual({
      'missing.txt': 'never-posted',
      'old-letter.txt': 'never-posted',
      'stuck.txt': 'pending-too-long',
      'twice.txt': 'posted-twice',
    });
    expect(records().at(-1)).toMatchObject({ event: 'done', listed: 6, posted: 1, 'dead-lettered': 1, sent: 0 });
  });

  it('sends what was never posted with --execute, and exits with 0 when nothing is left', async () => {
    await lose('a.txt', 'b.txt');
    const first = await run('reconcile');
    expect(first.exitCode).toBe(1);
    expect(first.stdout).toContain('2 objects listed: 2 never posted.');
    expect(first.stdout).toContain('Repeat the command with --execute');
    expect((await run('reconcile', '--execute')).exitCode).toBe(0);
    await world.relay.settled();
    expect(posted()).toEqual(['a.txt', 'b.txt']);
    expect(await run('reconcile')).toMatchObject({ exitCode: 0, stdout: '2 objects listed: 2 posted.\n' });
  });
});
