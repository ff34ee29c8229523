import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, vi } from 'vitest';
import { type ChatServer, startChatServer } from '../../lib/local/chat-server/chat-server.ts';
import { useTemporaryFiles } from '../helpers/temporary-files.ts';

// Each test starts processes, which takes seconds on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const ROOT = join(import.meta.dirname, '../..');
const SAMPLES = readdirSync(join(ROOT, 'samples')).map((name) => name.normalize('NFC'));

const { cleanups, folder, file } = useTemporaryFiles('local-command');
const chatServer = async (options?: Parameters<typeof startChatServer>[0]): Promise<ChatServer> => {
  const chat = await startChatServer(options);
  cleanups.push(() => chat.close());
  return chat;
};
const credentialsOf = (chat: ChatServer) => ({
  ROCKETCHAT_USER_ID: chat.userId,
  ROCKETCHAT_AUTH_TOKEN: chat.authToken,
});

/** Runs `relay local` in a separate process. */
const relay = (args: readonly string[], env: Record<string, string> = {}) => {
  const child: ChildProcess = spawn(process.execPath, [join(ROOT, 'bin/relay.ts'), 'local', ...args], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], TMPDIR: folder(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  cleanups.push(() => child.kill('SIGKILL'));
  const lines: string[] = [];
  let stderr = '';
  if (child.stdout !== null) createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  child.stderr?.on('data', (data) => {
    stderr += data;
  });
  const ended = once(child, 'close').then(([exitCode]) => exitCode as number | null);
  return {
    child,
    lines,
    ended,
    events: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>),
    stderr: () => stderr,
  };
};

const ready = async (running: ReturnType<typeof relay>): Promise<Record<string, string>> => {
  await expect
    .poll(() => running.lines.length + (running.stderr() === '' ? 0 : 1), { timeout: 30_000 })
    .toBeGreaterThan(0);
  return JSON.parse(running.lines[0] ?? running.stderr()) as Record<string, string>;
};
const eventOf = async (running: ReturnType<typeof relay>, key: string): Promise<Record<string, unknown>> => {
  const find = () => running.events().find((event) => event['key'] === key);
  await expect.poll(find, { timeout: 30_000 }).toBeDefined();
  return find() ?? {};
};

describe('relay local --once', () => {
  it('posts the samples and prints the size and time of each', async () => {
    const running = relay(['--once']);
    expect(await running.ended).toBe(0);
    expect(running.stderr()).toBe('');
    for (const name of SAMPLES) {
      expect(running.lines).toContainEqual(
        expect.stringMatching(new RegExp(`^✓ ${escaped(name)}  \\d[\\d.]* \\w+  \\d[\\d.]* m?s$`)),
      );
    }
    expect(running.lines.at(-1)).toBe(`All ${SAMPLES.length} posted.`);
  });

  it('prints only JSON with --json, and exits with 1 if a file was refused', async () => {
    const running = relay(['--once', '--json', file('drawing.svg', '<svg/>'), file('fine.txt')]);
    expect(await running.ended).toBe(1);
    const [first, ...events] = running.events();
    expect(first).toEqual({
      event: 'ready',
      s3Endpoint: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      sqsEndpoint: first?.['s3Endpoint'],
      region: 'us-east-1',
      bucket: 'uploads',
      queueUrl: `${first?.['sqsEndpoint']}/000000000000/relay-uploads`,
      deadLetterQueueUrl: `${first?.['sqsEndpoint']}/000000000000/relay-dead-letters`,
      rocketChatUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      userId: expect.any(String),
      authToken: expect.any(String),
      roomId: 'GENERAL',
      roomPageUrl: `${first?.['rocketChatUrl']}/channel/general`,
    });
    expect(events).toHaveLength(2);
    expect(events).toContainEqual({
      event: 'posted',
      bucket: 'uploads',
      key: 'fine.txt',
      room: '#general',
      roomId: 'GENERAL',
      messageId: expect.any(String),
      sizeBytes: 7,
      durationMs: expect.any(Number),
    });
    expect(events).toContainEqual({
      event: 'dead-lettered',
      bucket: 'uploads',
      key: 'drawing.svg',
      room: '#general',
      sizeBytes: 6,
      reason: 'MEDIA_TYPE_REFUSED',
      detail: expect.stringContaining('image/svg+xml'),
      attempts: 1,
      durationMs: expect.any(Number),
    });
  });

  it('prints the reason of a dead letter, and the name without control characters', async () => {
    const running = relay(['--once', file('a\u001b[31m\nb.svg', '<svg/>')]);
    expect(await running.ended).toBe(1);
    expect(running.lines).toContainEqual(
      expect.stringMatching(/^✗ a\u{fffd}\[31m\u{fffd}b\.svg {2}6 B {2}MEDIA_TYPE_REFUSED: .* → Allow the type/u),
    );
    expect(running.lines.at(-1)).toBe('0 of 1 posted.');
  });

  it('uploads files of the same name under different keys', async () => {
    const running = relay(['--once', '--json', file('same.txt', '1'), file('same.txt', '22')]);
    expect(await running.ended).toBe(0);
    expect(
      running
        .events()
        .slice(1)
        .map(({ key }) => key)
        .sort(),
    ).toEqual(['2/same.txt', 'same.txt']);
  });

  it('gives up on a failure that needs an operator, and prints what to do', async () => {
    const chat = await chatServer({ rooms: [{ id: 'R', name: 'news', readOnly: true }] });
    const args = ['--once', '--rocket-chat-url', chat.url, '--room', 'news', file('a.txt')];
    const running = relay(args, credentialsOf(chat));
    expect(await running.ended).toBe(1);
    expect(running.stderr()).toMatch(/a\.txt waits: ROOM_UNAVAILABLE, .* To do: Check that the room exists/);
  });
});

describe('relay local with --rocket-chat-url', () => {
  it('relays 40 MB without changing a byte', async () => {
    const chat = await chatServer();
    const content = randomBytes(40_000_000);
    const running = relay(
      ['--json', '--rocket-chat-url', chat.url, '--room', 'general', file('first.txt')],
      credentialsOf(chat),
    );
    const first = await ready(running);
    expect(first).toMatchObject({ event: 'ready', rocketChatUrl: chat.url, roomId: 'GENERAL' });
    expect(first).not.toHaveProperty('authToken');

    const answer = await fetch(`${first['s3Endpoint']}/${first['bucket']}/forty%20MB.bin`, {
      method: 'PUT',
      body: content,
    });
    expect(answer.status).toBe(200);
    const event = await eventOf(running, 'forty MB.bin');
    expect(event).toMatchObject({ event: 'posted', room: '#general', sizeBytes: 40_000_000 });
    const message = chat.messages('GENERAL').find(({ _id }) => _id === event['messageId']);
    const stored = chat.files().find(({ id }) => id === message?.file?._id);
    expect(stored).toMatchObject({
      name: 'forty MB.bin',
      sha256: createHash('sha256').update(content).digest('hex'),
    });
  });

  it('gives the token to no child process', async () => {
    const chat = await chatServer();
    const seen = join(folder(), 'environment');
    // The process that bundles the function ends before its environment could be read from outside.
    const record = file(
      'record.cjs',
      `if (/bundle-process/.test(process.argv[1])) require('fs').writeFileSync('${seen}', JSON.stringify(process.env));`,
    );
    const running = relay(['--json', '--rocket-chat-url', chat.url, '--room', 'general', file('first.txt')], {
      ...credentialsOf(chat),
      NODE_OPTIONS: `--require ${record}`,
    });
    await eventOf(running, 'first.txt');
    const environments = [readFileSync(seen, 'utf8'), ...childrenOf(running.child.pid ?? 0).map(environmentOf)];
    expect(environments.length).toBeGreaterThan(1);
    for (const environment of environments) {
      expect(environment).toContain('PATH');
      expect(environment).not.toContain('ROCKETCHAT_');
      expect(environment).not.toContain(chat.authToken);
    }
  });

  it.each([
    ['the token is wrong', { ROCKETCHAT_AUTH_TOKEN: 'wrong' }, 'general', 'refuses the credentials'],
    ['the room does not exist', {}, 'nowhere', 'has no room "nowhere"'],
  ])('exits with an explanation if %s', async (_, env, room, message) => {
    const chat = await chatServer();
    const running = relay(['--rocket-chat-url', chat.url, '--room', room], { ...credentialsOf(chat), ...env });
    expect(await running.ended).toBe(1);
    expect(running.stderr()).toContain(message);
    expect(running.lines).toEqual([]);
  });

  it('exits with an explanation if the URL is not a Rocket.Chat server', async () => {
    const other = relay(['--json', file('a.txt')]);
    const { s3Endpoint = '' } = await ready(other);
    const running = relay(['--rocket-chat-url', s3Endpoint, '--room', 'general'], {
      ROCKETCHAT_USER_ID: 'a',
      ROCKETCHAT_AUTH_TOKEN: 'b',
    });
    expect(await running.ended).toBe(1);
    expect(running.stderr()).toContain('does not answer as Rocket.Chat does (HTTP 501)');
  });
});

describe('relay local without --once', () => {
  it('uploads the files of the watched folder: earlier ones, a dropped folder and later ones', async () => {
    const dropped = folder();
    mkdirSync(join(dropped, 'before'));
    writeFileSync(join(dropped, 'before/there.txt'), 'there');
    const running = relay(['--json', '--watch', dropped, file('first.txt')]);
    await eventOf(running, 'first.txt');
    expect(await eventOf(running, 'before/there.txt')).toMatchObject({ event: 'posted', sizeBytes: 5 });
    const tree = folder();
    mkdirSync(join(tree, 'year/month'), { recursive: true });
    writeFileSync(join(tree, 'year/month/day.txt'), 'a folder');
    renameSync(join(tree, 'year'), join(dropped, 'year'));
    expect(await eventOf(running, 'year/month/day.txt')).toMatchObject({ event: 'posted', sizeBytes: 8 });
    copyFileSync(file('later.txt', 'dropped'), join(dropped, 'later & more.txt'));
    writeFileSync(join(dropped, '.hidden'), 'no');
    expect(await eventOf(running, 'later & more.txt')).toMatchObject({ event: 'posted', sizeBytes: 7 });
    expect(running.events()).toHaveLength(5);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('ends on %s, together with every child process', async (signal) => {
    const running = relay(['--json', file('first.txt')]);
    await eventOf(running, 'first.txt');
    const children = childrenOf(running.child.pid ?? 0);
    expect(children.length).toBeGreaterThan(0);
    running.child.kill(signal);
    expect(await running.ended).toBe(0);
    await expect.poll(() => children.filter(isAlive)).toEqual([]);
    expect(running.stderr()).toBe('');
  });

  it('prints how to upload more', async () => {
    const running = relay([file('first.txt')]);
    await expect.poll(() => running.lines.join('\n'), { timeout: 30_000 }).toContain('✓ first.txt');
    await expect
      .poll(() => running.lines.join('\n'))
      .toMatch(/aws --endpoint-url http:\/\/127\.0\.0\.1:\d+ s3 cp FILE s3:\/\/uploads\//);
    const [, drop = ''] = /Drop folder {2}(\S+)/.exec(running.lines.join('\n')) ?? [];
    expect(existsSync(drop)).toBe(true);
  });

  it('leaves no file in the temporary folder when it is killed, except for a drop folder with files, which the next start names', async () => {
    const temporary = folder();
    const env = { TMPDIR: temporary };
    const runs = () => readdirSync(temporary);
    const killed = relay(['--json', file('first.txt')], env);
    await eventOf(killed, 'first.txt');
    const [run = ''] = runs();
    expect(readdirSync(join(temporary, run)).sort()).toEqual(['chat', 'drop', 'embedded-relay.json', 'function', 's3']);
    killed.child.kill('SIGKILL');
    await expect.poll(runs, { timeout: 10_000 }).toEqual([]);

    const used = relay([file('first.txt')], env);
    await expect.poll(() => used.lines.join('\n'), { timeout: 30_000 }).toContain('✓ first.txt');
    const drop = join(temporary, runs()[0] ?? '', 'drop');
    writeFileSync(join(drop, 'mine.txt'), 'the only copy');
    used.child.kill('SIGKILL');
    await expect.poll(() => readdirSync(join(drop, '..')), { timeout: 10_000 }).toEqual(['drop']);

    const next = relay([file('first.txt')], env);
    await expect.poll(() => next.lines.join('\n'), { timeout: 30_000 }).toContain(drop);
    writeFileSync(join(temporary, runs().find((name) => !drop.includes(name)) ?? '', 'drop/later.txt'), 'later');
    next.child.kill('SIGINT');
    expect(await next.ended).toBe(0);
    expect(next.lines.at(-1)).toMatch(/^The drop folder is kept with 1 file: /);
    expect(readFileSync(join(drop, 'mine.txt'), 'utf8')).toBe('the only copy');
    expect(runs()).toHaveLength(2);
  });

  it('prints totals when it is stopped', async () => {
    const running = relay(['--quiet', file('first.txt'), file('drawing.svg', '<svg/>')]);
    await expect.poll(() => running.lines.join('\n'), { timeout: 30_000 }).toContain('✗ drawing.svg');
    const messages = new URL('/room-page/messages?room=GENERAL&before=1000', roomOf(running.lines));
    await expect.poll(async () => (await fetch(messages)).text()).toContain('first.txt');
    running.child.kill('SIGINT');
    expect(await running.ended).toBe(0);
    // Both messages may be of a batch that has not ended, so that they are not deleted yet.
    const [totals, last] = running.lines.slice(-2);
    expect(totals).toMatch(/^1 posted \(7 B\) · [012] waiting · [01] dead letters?$/);
    expect(last).toMatch(/^The embedded queues have ended, with /);
    expect(running.lines.join()).not.toContain('✓');
  });

  it('takes the next free port if the default one is in use', async () => {
    const first = await ready(relay(['--json', file('a.txt')]));
    const second = await ready(relay(['--json', file('a.txt')]));
    const [one, other] = [first, second].map(({ s3Endpoint = '', rocketChatUrl = '' }) => [
      Number(new URL(s3Endpoint).port),
      Number(new URL(rocketChatUrl).port),
    ]);
    // Other test files may hold the default ports, and release them between the two.
    for (const [s3, chat] of [one, other].map((ports) => ports ?? [])) {
      expect(s3).toBeGreaterThanOrEqual(4566);
      expect(chat).toBeGreaterThanOrEqual(4580);
    }
    expect(other?.[0]).not.toBe(one?.[0]);
    expect(other?.[1]).not.toBe(one?.[1]);
  });

  it('exits with an explanation if the port is taken', async () => {
    const other = relay(['--json', file('a.txt')]);
    const { s3Endpoint = '' } = await ready(other);
    const { port } = new URL(s3Endpoint);
    const running = relay(['--port', port]);
    expect(await running.ended).toBe(1);
    expect(running.stderr()).toContain(`Port ${port} is taken`);
  });
});

const roomOf = (lines: readonly string[]): string => /http:\S+channel\S+/.exec(lines.join('\n'))?.[0] ?? '';

const childrenOf = (pid: number): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((candidate) => statusOf(candidate)?.parent === pid);

const environmentOf = (pid: number): string => readFileSync(`/proc/${pid}/environ`, 'utf8');

const isAlive = (pid: number): boolean => {
  const state = statusOf(pid)?.state;
  return state !== undefined && state !== 'Z';
};

const statusOf = (pid: number): { state: string; parent: number } | undefined => {
  try {
    const [, state = '', parent = ''] = /\) (\S) (\d+) /.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    return { state, parent: Number(parent) };
  } catch {
    return undefined;
  }
};

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
