import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../../../lib/operator/command.ts';
import { addLocalOptions, readLocalOptions } from '../../../../lib/operator/local/options.ts';

let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'options-'));
  writeFileSync(join(cwd, 'a.txt'), 'a');
});
afterAll(() => rmSync(cwd, { recursive: true }));

const ENV = { ROCKETCHAT_USER_ID: 'user', ROCKETCHAT_AUTH_TOKEN: 'token' };
const parse = (args: string[], env: Record<string, string> = ENV) => {
  const command = addLocalOptions(new Command()).parse(args, { from: 'user' });
  return readLocalOptions(command.args, command.opts(), { cwd, env });
};

describe('the options of relay local', () => {
  it('has a default for every option', () => {
    expect(parse([])).toEqual({
      once: false,
      json: false,
      quiet: false,
      open: false,
      port: undefined,
      config: join(import.meta.dirname, '../../../../cdk.json'),
      room: undefined,
      rocketChat: undefined,
      watchFolder: undefined,
      files: [],
    });
  });

  it('reads every option', () => {
    const url = 'https://chat.example.com/base/';
    const args = [
      '--once',
      '--json',
      '--open',
      '--port',
      '4566',
      '--rocket-chat-url',
      url,
      '--room',
      '#ops',
      '--config',
      'x.json',
    ];
    expect(parse([...args, 'a.txt'])).toEqual({
      once: true,
      json: true,
      quiet: false,
      open: true,
      port: 4566,
      config: join(cwd, 'x.json'),
      room: '#ops',
      rocketChat: { url: 'https://chat.example.com/base', userId: 'user', authToken: 'token' },
      watchFolder: undefined,
      files: [join(cwd, 'a.txt')],
    });
    expect(parse(['--watch', 'drop']).watchFolder).toBe(join(cwd, 'drop'));
  });

  const server = ['--rocket-chat-url', 'https://chat.example.com'];
  it.each([
    ['a port above 65535', ['--port', '70000'], '--port is "70000": must be a number from 0 (any free port) to 65535'],
    ['a port that is not a number', ['--port', 'any'], '--port is "any"'],
    ['an http:// URL of another machine', ['--rocket-chat-url', 'http://chat.example.com', '--room', 'a'], 'https://'],
    ['a value that is not a URL', ['--rocket-chat-url', 'chat', '--room', 'a'], 'must be a URL'],
    ['an empty room', ['--room', ''], '--room is "": must be a room'],
    ['a room that is only a sign', ['--room', '#'], '--room is "#": must be a room'],
    ['--once without files on a real server', ['--once', ...server], 'no samples are uploaded to a real server'],
    ['a missing file and a folder', ['missing', '.'], 'missing does not exist; '],
    ['--json with --quiet', ['--json', '--quiet'], 'give one of them'],
    ['--open with --once on the local chat server', ['--open', '--once'], 'ends the local chat server'],
    ['--once with --watch', ['--once', '--watch', '.'], 'give one of them'],
  ])('refuses %s', (_, args, message) => {
    expect(() => parse(args)).toThrow(UsageError);
    expect(() => parse(args)).toThrow(message);
  });

  it('takes a room without a server, and a server without a room', () => {
    expect(parse(['--room', 'a'])).toMatchObject({ room: 'a', rocketChat: undefined });
    expect(parse(server)).toMatchObject({ room: undefined, rocketChat: { url: 'https://chat.example.com' } });
  });

  it('names the missing credentials', () => {
    expect(() => parse([...server, '--room', 'a'], {})).toThrow('ROCKETCHAT_USER_ID and ROCKETCHAT_AUTH_TOKEN missing');
    expect(() => parse([...server, '--room', 'a'], { ROCKETCHAT_USER_ID: 'u' })).toThrow(
      'environment: ROCKETCHAT_AUTH_TOKEN missing',
    );
  });
});
