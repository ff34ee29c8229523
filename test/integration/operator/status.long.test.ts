import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { ChatServer } from '../../../lib/local/chat-server/chat-server.ts';
import { type OperatorWorld, putUnknown, startOperatorWorld } from '../../helpers/operator.ts';

// All tests share one relay; a test's objects have names of their own.

let world: OperatorWorld;
let chat: ChatServer;
beforeAll(async () => {
  world = await startOperatorWorld({
    settings: {
      routes: [
        { suffix: '.txt', room: '#general' },
        { suffix: '.svg', room: '#general' },
        { suffix: '.csv', room: '#general', overwrites: 'first' },
      ],
    },
  });
  chat = world.relay.chat as ChatServer;
});
afterAll(() => world.close());

const put = async (key: string, Body = 'abc') => {
  const ContentType = key.endsWith('.svg') ? 'image/svg+xml' : 'text/plain';
  await world.relay.clients.s3.send(new PutObjectCommand({ Bucket: 'uploads', Key: key, Body, ContentType }));
  await world.relay.settled();
};

describe('relay status', () => {
  it('shows what waits, what was posted today, the dead letters and why deliveries fail', async () => {
    await put('status/a.txt');
    await put('status/b.svg');
    const [json, plain] = await Promise.all([
      world.run(['status', '--local', '--json']),
      world.run(['status', '--local']),
    ]);
    expect({ exitCode: json.exitCode, stderr: json.stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(json.records()).toEqual([
      expect.objectContaining({
        relay: 'the embedded relay',
        mapping: 'Enabled',
        waiting: 0,
        drainSeconds: 0,
        postedToday: 1,
        deadLetters: 1,
        unavailable: ['oldestAgeSeconds'],
        failing: [expect.objectContaining({ outcome: 'dead-lettered', reason: 'MEDIA_TYPE_REFUSED', objects: 1 })],
      }),
    ]);
    expect(plain.stdout).toContain('posted today  1 files');
    expect(plain.stdout).toContain('not available: the embedded SQS has no metrics');
    expect(plain.stdout).toMatch(/^1\t1\tdead-lettered\tMEDIA_TYPE_REFUSED\t/m);
  });

  it('tells the story of an object that was posted, with a link to its message', async () => {
    await put('story/posted.txt');
    const { exitCode, records } = await world.run(['status', 's3://uploads/story/posted.txt', '--local', '--json']);
    expect(exitCode).toBe(0);
    const message = chat.messages('general').find(({ msg }) => msg.includes('story/posted.txt'));
    expect(records()).toEqual([
      expect.objectContaining({
        bucket: 'uploads',
        key: 'story/posted.txt',
        object: expect.objectContaining({ sizeBytes: 3 }),
        route: { kind: 'routed', rooms: ['#general'] },
        versions: [
          expect.objectContaining({
            status: 'posted',
            roomId: 'GENERAL',
            attempts: 1,
            messageId: message?._id,
            link: `${chat.url}/channel/general?msg=${message?._id}`,
          }),
        ],
        deliveries: [expect.objectContaining({ fields: expect.objectContaining({ outcome: 'posted' }) })],
      }),
    ]);
  });

  it('tells why an object became a dead letter, and how to find its letter', async () => {
    await put('story/refused.svg');
    const { stdout } = await world.run(['status', 's3://uploads/story/refused.svg', '--local']);
    expect(stdout).toContain('dead letter since');
    expect(stdout).toContain('MEDIA_TYPE_REFUSED');
    expect(stdout).toContain('npx relay dead-letters list --key story/refused.svg --local');
  });

  it('names the rooms of an object in which its delivery has not begun', async () => {
    // A relay of its own, because the message stays in the queue.
    const several = await startOperatorWorld({ settings: { routes: [{ rooms: ['#general', '#missing'] }] } });
    onTestFinished(() => several.close());
    const Key = 'story/several.log';
    await several.relay.clients.s3.send(new PutObjectCommand({ Bucket: 'uploads', Key, Body: 'abc' }));
    await expect
      .poll(() => several.relay.deliveries.filter(({ key }) => key === Key).map(({ outcome }) => outcome))
      .toEqual(expect.arrayContaining(['posted', 'retrying']));
    const [story, plain] = await Promise.all([
      several.run(['status', `s3://uploads/${Key}`, '--local', '--json']),
      several.run(['status', `s3://uploads/${Key}`, '--local']),
    ]);
    expect(story.records()).toEqual([
      expect.objectContaining({
        route: { kind: 'routed', rooms: ['#general', '#missing'] },
        versions: [expect.objectContaining({ status: 'posted', room: '#general' })],
        roomsWithoutEntry: ['#missing'],
      }),
    ]);
    expect(plain.stdout).toMatch(/^room {6}#missing\nstate {5}no entry: its delivery has not begun/m);
  });

  it('tells why S3 never told the relay of an object', async () => {
    await put('story/no-route.bin');
    await putUnknown(world.relay, ['story/lost.txt']);
    const why = async (key: string) => {
      const { records } = await world.run(['status', `s3://uploads/${key}`, '--local', '--json']);
      return (records()[0]?.['why'] as { code: string } | undefined)?.code;
    };
    expect(await why('story/no-route.bin')).toBe('IGNORED');
    expect(await why('story/lost.txt')).toBe('NO_EVENT');
    expect(await why('story/missing.txt')).toBe('NOT_THERE');
  });

  it('counts the objects of a prefix by state', async () => {
    await put('folder/a.txt');
    const { exitCode, stdout } = await world.run(['status', 's3://uploads/folder/', '--local']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '1 object listed: 1 posted.\n' });
  });

  it('knows an overwrite that the route does not post from an object that is missing', async () => {
    await put('first/a.csv');
    await put('first/a.csv', 'other');
    const story = await world.run(['status', 's3://uploads/first/a.csv', '--local']);
    expect(story.stdout).toContain('room      #general (GENERAL)');
    expect(story.stdout).toContain('not posted: only the first version of a key is posted');
    const folder = await world.run(['status', 's3://uploads/first/', '--local']);
    expect({ exitCode: folder.exitCode, stdout: folder.stdout }).toEqual({
      exitCode: 0,
      stdout: '1 object listed: 1 overwrites that are not posted.\n',
    });
  });

  it('exits with 2 if the argument is no object of the relay', async () => {
    const results = await Promise.all([
      world.run(['status', 'reports/a.pdf', '--local']),
      world.run(['status', 's3://other/a.pdf', '--local']),
    ]);
    expect(results.map(({ exitCode }) => exitCode)).toEqual([2, 2]);
    expect(results[0]?.stderr).toContain('give s3://BUCKET/KEY');
    expect(results[1]?.stderr).toContain('The relay does not watch the bucket other, but uploads');
  });
});

describe('relay pause and resume', () => {
  it('stop posting, say what waits and until when it is safe, and go on', async () => {
    const paused = await world.run(['pause', '--local', '--json']);
    expect(paused.exitCode).toBe(0);
    expect(paused.records()).toEqual([
      expect.objectContaining({ event: 'paused', waiting: 0, retentionSeconds: 14 * 86_400, isNear: false }),
    ]);
    await world.relay.clients.s3.send(new PutObjectCommand({ Bucket: 'uploads', Key: 'paused.txt', Body: 'abc' }));
    await world.relay.countMessages('uploads');
    const status = await world.run(['status', '--local']);
    expect(status.stdout).toContain('Disabled: nothing is posted; npx relay resume --local');
    expect(status.stdout).toContain('1 messages: 1 visible');
    const story = await world.run(['status', 's3://uploads/paused.txt', '--local', '--json']);
    expect(story.records()[0]?.['why']).toMatchObject({ code: 'PAUSED' });
    const resumed = await world.run(['resume', '--local']);
    expect(resumed).toMatchObject({ exitCode: 0, stderr: '' });
    expect(resumed.stdout).toContain('resumed  1 messages wait');
    await world.relay.settled();
    expect(chat.messages('general').filter(({ msg }) => msg.includes('paused.txt'))).toHaveLength(1);
  });
});

describe('relay logs', () => {
  it('prints the deliveries that match, as text and as JSON', async () => {
    await put('logs/a.txt');
    await put('logs/b.svg');
    const [text, json, none] = await Promise.all([
      world.run(['logs', '--local', '--key', 'logs/*', '--outcome', 'posted']),
      world.run(['logs', '--local', '--reason', 'MEDIA_TYPE_REFUSED', '--key', 'logs/*', '--json']),
      world.run(['logs', '--local', '--key', 'logs/*', '--until', '1h', '--since', '2h']),
    ]);
    expect(text.stdout).toMatch(
      /^\S+Z posted {8}s3:\/\/uploads\/logs\/a\.txt to #general as \w+ .* after the upload\n$/,
    );
    expect(json.records()).toEqual([
      expect.objectContaining({
        kind: 'delivery',
        fields: expect.objectContaining({ key: 'logs/b.svg', outcome: 'dead-lettered' }),
      }),
    ]);
    expect(none).toMatchObject({ exitCode: 0, stdout: '' });
  });

  it('follows the log until Ctrl-C, and prints no line twice', async () => {
    const child = spawn(
      process.execPath,
      [
        join(import.meta.dirname, '../../../bin/relay.ts'),
        'logs',
        '--follow',
        '--key',
        'follow/*',
        '--local',
        '--json',
      ],
      { env: { PATH: process.env['PATH'], ...world.env }, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (part) => {
      stdout += part;
    });
    const keys = () =>
      stdout
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line).fields.key);
    await put('follow/1.txt');
    await expect.poll(keys).toEqual(['follow/1.txt']);
    await put('follow/2.txt');
    await expect.poll(keys).toEqual(['follow/1.txt', 'follow/2.txt']);
    child.kill('SIGINT');
    const [exitCode] = await once(child, 'close');
    expect({ exitCode, keys: keys() }).toEqual({ exitCode: 0, keys: ['follow/1.txt', 'follow/2.txt'] });
  });
});

describe('relay open', () => {
  it('says what to use in place of the console, which the embedded relay does not have', async () => {
    const [dashboard, unknown] = await Promise.all([
      world.run(['open', 'dashboard', '--local']),
      world.run(['open', 'door', '--local']),
    ]);
    expect(dashboard).toMatchObject({ exitCode: 1, stdout: '' });
    expect(dashboard.stderr).toContain('npx relay status --local');
    expect(unknown.exitCode).toBe(2);
    expect(unknown.stderr).toContain('dashboard, logs, queue, dead-letters');
  });
});

describe('the help of each command', () => {
  it.each([
    'status',
    'dead-letters list',
    'redrive',
    'discard',
    'backfill',
    'reconcile',
    'pause',
    'resume',
    'logs',
    'open',
  ])('of %s has examples', async (name) => {
    const { exitCode, stdout } = await world.run([...name.split(' '), '--help']);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`npx relay ${name} `);
  });
});
