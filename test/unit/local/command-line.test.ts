import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../../lib/operator/command.ts';
import { keysOf, sampleFiles } from '../../../lib/operator/local-files.ts';
import { parseLocalOptions } from '../../../lib/operator/local-options.ts';
import { humanDuration, palette, printable } from '../../../lib/operator/terminal.ts';

let cwd: string;
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'options-'));
  writeFileSync(join(cwd, 'a.txt'), 'a');
});
afterAll(() => rmSync(cwd, { recursive: true }));

const ENV = { ROCKETCHAT_USER_ID: 'user', ROCKETCHAT_AUTH_TOKEN: 'token' };
const parse = (args: string[], env: Record<string, string> = ENV) => parseLocalOptions(args, { cwd, env });

describe('parseLocalOptions', () => {
  it('needs nothing', () => {
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
    ['an unknown option', ['--onc'], "Unknown option '--onc'"],
    ['a port that is none', ['--port', '70000'], '--port is "70000": must be a number from 0 (any free one) to 65535'],
    ['a port of words', ['--port', 'any'], '--port is "any"'],
    ['plain http to another machine', ['--rocket-chat-url', 'http://chat.example.com', '--room', 'a'], 'https://'],
    ['no URL', ['--rocket-chat-url', 'chat', '--room', 'a'], 'must be a URL'],
    ['a server without a room', server, '--rocket-chat-url needs --room'],
    ['a room without a server', ['--room', 'a'], 'give --rocket-chat-url, too'],
    ['files that are none', ['missing', '.'], 'missing does not exist; '],
    ['--once with --watch', ['--once', '--watch', '.'], 'give one of them'],
  ])('refuses %s', (_, args, message) => {
    expect(() => parse(args)).toThrow(UsageError);
    expect(() => parse(args)).toThrow(message);
  });

  it('names the credentials that are missing', () => {
    expect(() => parse([...server, '--room', 'a'], {})).toThrow('ROCKETCHAT_USER_ID and ROCKETCHAT_AUTH_TOKEN missing');
    expect(() => parse([...server, '--room', 'a'], { ROCKETCHAT_USER_ID: 'u' })).toThrow(
      'environment: ROCKETCHAT_AUTH_TOKEN missing',
    );
  });
});

describe('keysOf', () => {
  it('uploads files under their names, and none over another', () => {
    expect(keysOf(['/x/a.txt', '/y/a.txt', '/y/b.txt', '/z/a.txt']).map(({ key }) => key)).toEqual([
      'a.txt',
      '2/a.txt',
      'b.txt',
      '3/a.txt',
    ]);
  });

  it('composes the umlauts that a file system took apart', () => {
    expect(keysOf(['/x/u\u0308.txt'])[0]?.key).toBe('\u00fc.txt');
  });
});

describe('sampleFiles', () => {
  it('hold between them a space, a plus, a percent sign and umlauts', () => {
    const names = keysOf(sampleFiles()).map(({ key }) => key);
    for (const part of [' ', '+', '%', 'ü']) expect(names.some((name) => name.includes(part))).toBe(true);
    expect(names.map((name) => name.replace(/.*\./, '')).sort()).toEqual(['csv', 'pdf', 'png', 'txt']);
  });
});

describe('printable', () => {
  it.each([
    ['a\u001b[31mb', 'a\u{fffd}[31mb'],
    ['a\r\nb', 'a\u{fffd}\u{fffd}b'],
    ['a\u202egpj.exe', 'a\u{fffd}gpj.exe'],
    ['\u009b31m', '\u{fffd}31m'],
    ['Größe 😀', 'Größe 😀'],
  ])('makes %j harmless', (text, harmless) => {
    expect(printable(text)).toBe(harmless);
  });
});

describe('palette', () => {
  it.each([
    [{ isTerminal: true, env: {} }, '\u001b[32mx\u001b[39m'],
    [{ isTerminal: false, env: {} }, 'x'],
    [{ isTerminal: true, env: { NO_COLOR: '1' } }, 'x'],
    [{ isTerminal: true, env: { TERM: 'dumb' } }, 'x'],
  ])('paints for %j', (io, text) => {
    expect(palette(io).good('x')).toBe(text);
  });
});

describe('humanDuration', () => {
  it.each([
    [94.4, '94 ms'],
    [1_250, '1.3 s'],
    [125_000, '2 min 5 s'],
  ])('tells %d ms', (durationMs, text) => {
    expect(humanDuration(durationMs)).toBe(text);
  });
});
