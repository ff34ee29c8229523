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
      port: undefined,
      rocketChat: undefined,
      watchFolder: undefined,
      files: [],
    });
  });

  it('reads every option', () => {
    const url = 'https://chat.example.com/base/';
    const args = ['--once', '--json', '--port', '4566', '--rocket-chat-url', url, '--room', '#ops', 'a.txt'];
    expect(parse(args)).toEqual({
      once: true,
      json: true,
      port: 4566,
      rocketChat: { url: 'https://chat.example.com/base', room: '#ops', userId: 'user', authToken: 'token' },
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
    ['a server without a room', server, '--rocket-chat-url needs --room'],
    ['a room without a server', ['--room', 'a'], 'give --rocket-chat-url, too'],
    ['a missing file and a folder', ['missing', '.'], 'missing does not exist; '],
    ['--once with --watch', ['--once', '--watch', '.'], 'give one of them'],
  ])('refuses %s', (_, args, message) => {
    expect(() => parse(args)).toThrow(UsageError);
    expect(() => parse(args)).toThrow(message);
  });

  it('names the missing credentials', () => {
    expect(() => parse([...server, '--room', 'a'], {})).toThrow('ROCKETCHAT_USER_ID and ROCKETCHAT_AUTH_TOKEN missing');
    expect(() => parse([...server, '--room', 'a'], { ROCKETCHAT_USER_ID: 'u' })).toThrow(
      'environment: ROCKETCHAT_AUTH_TOKEN missing',
    );
  });
});
