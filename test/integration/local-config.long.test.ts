import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, vi } from 'vitest';
import { startChatServer } from '../../lib/local/chat-server/chat-server.ts';
import { useTemporaryFiles } from '../helpers/temporary-files.ts';

// Each test starts processes, which takes seconds on a busy machine.
vi.setConfig({ testTimeout: 120_000 });

const ROOT = join(import.meta.dirname, '../..');

const { cleanups, folder, file } = useTemporaryFiles('local-config');
const textOf = (relay: object): string => JSON.stringify({ context: { relay } });
const config = (relay: object): string => file('staging.json', textOf(relay));

type Line = Record<string, unknown>;

/** Runs `relay local --json` in a separate process. */
const start = (args: readonly string[], env: Record<string, string> = {}) => {
  const child: ChildProcess = spawn(process.execPath, [join(ROOT, 'bin/relay.ts'), 'local', '--json', ...args], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], TMPDIR: folder(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  cleanups.push(() => child.kill('SIGKILL'));
  const events: Line[] = [];
  let stderr = '';
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on('line', (line) => events.push(JSON.parse(line) as Line));
  }
  child.stderr?.on('data', (data) => {
    stderr += data;
  });
  const ended = once(child, 'close').then(([exitCode]) => exitCode as number | null);
  const eventOf = async (fields: Line): Promise<Line> => {
    const find = () => events.find((event) => Object.entries(fields).every(([name, value]) => event[name] === value));
    await expect.poll(() => find() ?? stderr, { timeout: 60_000 }).toBeTypeOf('object');
    return find() ?? {};
  };
  return { events, ended, eventOf, stderr: () => stderr };
};
type Running = ReturnType<typeof start>;

const put = async (running: Running, key: string, headers: Record<string, string> = {}): Promise<void> => {
  const { s3Endpoint, bucket } = await running.eventOf({ event: 'ready' });
  const path = key.split('/').map(encodeURIComponent).join('/');
  const answer = await fetch(`${s3Endpoint}/${bucket}/${path}`, { method: 'PUT', body: 'content', headers });
  expect(answer.status).toBe(200);
};
const roomOf = async (running: Running, key: string): Promise<unknown> =>
  (await running.eventOf({ event: 'posted', key }))['room'];

const relay = {
  rocketChatUrl: 'https://chat.acme.test',
  routes: [
    { glob: '**/*.tmp', ignore: true },
    { prefix: 'teams/', roomFrom: { keySegment: 1, allow: ['#sales', 'LAB'] } },
    { metadata: { team: 'sales' }, rooms: ['#sales', '#archive'] },
    { contentTypes: ['application/pdf'], room: '#documents' },
    { prefix: 'thread/', room: '#threads', threadId: 'aThreadOfTheRoute' },
    { prefix: 'in/', room: '#in', caption: 'New: {fileName}' },
  ],
};

describe('relay local with --config', () => {
  it('follows the routes of the file, in rooms that its own chat server lacked', async () => {
    const running = start(['--config', config(relay), file('x.tmp'), file('unknown.txt')]);
    const ready = await running.eventOf({ event: 'ready' });
    await put(running, 'teams/sales/a.txt');
    await put(running, 'teams/LAB/b.txt');
    await put(running, 'teams/else/c.txt', { 'Content-Type': 'application/pdf' });
    await put(running, 'd.txt', { 'x-amz-meta-team': 'sales' });
    await put(running, 'thread/e.txt');
    await put(running, 'in/f.txt');
    expect(await roomOf(running, 'teams/sales/a.txt')).toBe('#sales');
    expect(await roomOf(running, 'teams/LAB/b.txt')).toBe('#LAB');
    expect(await roomOf(running, 'teams/else/c.txt')).toBe('#documents');
    await running.eventOf({ event: 'posted', key: 'd.txt', room: '#sales' });
    await running.eventOf({ event: 'posted', key: 'd.txt', room: '#archive' });
    const { roomId } = await running.eventOf({ event: 'posted', key: 'thread/e.txt', room: '#threads' });
    const { messageId } = await running.eventOf({ event: 'posted', key: 'in/f.txt', room: '#in' });
    expect(await running.eventOf({ event: 'ignored', key: 'x.tmp' })).toMatchObject({ detail: 'routes[0] ignores it' });
    expect(await running.eventOf({ event: 'ignored', key: 'unknown.txt' })).toMatchObject({ detail: 'no route fits' });

    const message = async (id: unknown): Promise<Line> => {
      const answer = await fetch(`${ready['rocketChatUrl']}/api/v1/chat.getMessage?msgId=${id}`, {
        headers: { 'X-User-Id': String(ready['userId']), 'X-Auth-Token': String(ready['authToken']) },
      });
      return ((await answer.json()) as { message: Line }).message;
    };
    expect((await message(messageId))['msg']).toMatch(/^New: .*f\.txt/);
    expect((await message('aThreadOfTheRoute'))['rid']).toBe(roomId);
    expect(running.stderr()).toBe('');
  });

  it('ends with --once when each file is in each of its rooms', async () => {
    const rooms = ['#a', '#b', '#c'];
    const args = ['--once', '--config', config({ ...relay, routes: [{ rooms }] }), file('a.txt'), file('b.txt')];
    const running = start(args);
    expect(await running.ended).toBe(0);
    const posted = running.events.filter(({ event }) => event === 'posted');
    expect(posted.map(({ key, room }) => `${key} ${room}`).toSorted()).toEqual(
      ['a.txt', 'b.txt'].flatMap((key) => rooms.map((room) => `${key} ${room}`)),
    );
  });

  it('sends everything to one room with --room, in place of the routes', async () => {
    const running = start(['--config', config(relay), '--room', '#everything', file('x.tmp')]);
    expect(await running.eventOf({ event: 'posted', key: 'x.tmp' })).toMatchObject({ room: '#everything' });
  });

  it('reads the file again when it changes, and keeps the running settings if it has faults', async () => {
    const path = config({ ...relay, routes: [{ room: '#before' }] });
    const running = start(['--config', path, file('first.txt')]);
    expect(await roomOf(running, 'first.txt')).toBe('#before');

    writeFileSync(path, textOf({ ...relay, routes: [{ rom: '#after' }] }));
    await expect
      .poll(running.stderr, { timeout: 30_000 })
      .toMatch(/did you mean "room"\?\nThe relay runs on with its previous/);
    await put(running, 'second.txt');
    expect(await roomOf(running, 'second.txt')).toBe('#before');

    writeFileSync(`${path}.new`, textOf({ ...relay, routes: [{ room: '#after' }] }));
    renameSync(`${path}.new`, path);
    expect(await running.eventOf({ event: 'reloaded' })).toEqual({ event: 'reloaded', config: path });
    await put(running, 'third.txt');
    expect(await roomOf(running, 'third.txt')).toBe('#after');
  });

  it.each<[string, () => string, RegExp]>([
    [
      'has faults',
      () => config({ ...relay, filesAtOnce: 0, retryForHour: 1 }),
      /filesAtOnce is 0: .*\n.*retryForHours"\?/,
    ],
    ['is not JSON', () => file('a.json', '{'), /a\.json is not JSON/],
    ['does not exist', () => join(folder(), 'none.json'), /none\.json can't be read: ENOENT/],
    ['has no settings', () => file('a.json', '{"context":{}}'), /has no settings of the relay: write them as/],
  ])('exits with 1 and says what is wrong if the file %s', async (_, path, message) => {
    const running = start(['--config', path()]);
    expect(await running.ended).toBe(1);
    expect(running.stderr()).toMatch(message);
    expect(running.events).toEqual([]);
  });
});

describe('relay local with --config and --rocket-chat-url', () => {
  const server = async () => {
    const chat = await startChatServer({
      rooms: [
        { id: 'GENERAL', name: 'general' },
        { id: 'S', name: 'sales' },
      ],
    });
    cleanups.push(() => chat.close());
    const env = { ROCKETCHAT_USER_ID: chat.userId, ROCKETCHAT_AUTH_TOKEN: chat.authToken };
    return { chat, env };
  };

  it("uses the server's rooms, creates none and uploads no samples", async () => {
    const { chat, env } = await server();
    const routes = [{ prefix: 's', room: '#sales' }, { room: 'GENERAL' }];
    const running = start(['--rocket-chat-url', chat.url, '--config', config({ ...relay, routes })], env);
    expect(await running.eventOf({ event: 'ready' })).toMatchObject({ roomId: 'S', rocketChatUrl: chat.url });
    await put(running, 's.txt');
    await put(running, 'g.txt');
    expect(await roomOf(running, 's.txt')).toBe('#sales');
    expect(await roomOf(running, 'g.txt')).toBe('#general');
    expect(chat.rooms()).toHaveLength(2);
    expect(running.events.map(({ event, key }) => [event, key])).toEqual([
      ['ready', undefined],
      ['posted', 's.txt'],
      ['posted', 'g.txt'],
    ]);
  });

  it('names every room that the server lacks, with the place of its route', async () => {
    const { chat, env } = await server();
    const routes = [{ room: '#sales' }, { prefix: 'a', rooms: ['#one', '#general'] }, { room: '#two' }];
    const running = start(['--rocket-chat-url', chat.url, '--config', config({ ...relay, routes })], env);
    expect(await running.ended).toBe(1);
    expect(running.stderr()).toMatch(/has no room "#one" .*\(routes\[1\]\)\n.*has no room "#two" .*\(routes\[2\]\)/);
  });
});
