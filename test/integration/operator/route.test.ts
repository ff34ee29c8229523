import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand } from '../../helpers/operator.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'route-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const config = (relay: unknown): string => {
  const path = join(folder, 'cdk.json');
  writeFileSync(path, typeof relay === 'string' ? relay : JSON.stringify({ context: { relay } }));
  return path;
};
const relay = {
  rocketChatUrl: 'https://chat.acme.test',
  routes: [
    { glob: '**/*.tmp', ignore: true },
    { prefix: 'in/', contentTypes: ['image/*'], tags: { Release: 'yes' }, room: '#photos' },
    { prefix: 'in/', rooms: ['#in', '@alice'], caption: 'New: {fileName}' },
  ],
};

describe('relay route', { timeout: 60_000 }, () => {
  it('prints the route, the rooms, the caption as Rocket.Chat parses it, and the filter', async () => {
    const args = ['route', 'in/a\u001b[31m.pdf', '--config', config(relay), '--content-type', 'application/pdf'];
    const { exitCode, stdout, stderr } = await runCommand(args);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((line) => line.trimEnd())).toEqual([
      'outcome   routes[2] posts it',
      'rooms     #in, @alice',
      'file      a[31m.pdf',
      expect.stringMatching(/^caption {3}New: .*\.pdf/),
      expect.stringMatching(/^parsed {4}text "New: /),
      'event     S3 sends it to the relay (filter: prefix "in/")',
      'routes    routes[0] does not fit: the key does not match the glob "**/*.tmp"',
      '          routes[1] does not fit: the content type "application/pdf" is none of image/*',
      '          routes[2] fits and takes it',
    ]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may reach the terminal.
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });

  it('prints the same as one JSON object', async () => {
    const args = ['route', 'in/a.png', '--config', config(relay), '--json'];
    const options = ['--content-type', 'image/png', '--tag', 'Release=yes', '--tag', 'a=b', '--size', '1'];
    const { exitCode, records } = await runCommand([...args, ...options]);
    expect(exitCode).toBe(0);
    expect(records()).toEqual([
      expect.objectContaining({ key: 'in/a.png', outcome: 'posted', route: 1, rooms: ['#photos'], fileName: 'a.png' }),
    ]);
  });

  it('exits with 1 and names the missing option if the answer depends on it', async () => {
    const { exitCode, stdout } = await runCommand(['route', 'in/a', '--tag', 'Release=yes', '--config', config(relay)]);
    expect(exitCode).toBe(1);
    expect(stdout).toContain('undecided: routes[1] depends on --content-type; give --content-type');
  });

  it('says if the event does not reach the relay', async () => {
    const { stdout } = await runCommand(['route', 'out/a', '--config', config(relay)]);
    expect(stdout).toContain('S3 does not send it to the relay: no filter fits (prefix "in/")');
  });

  it.each<[string, readonly string[], unknown, RegExp]>([
    [
      'every invalid option',
      ['--size', '1k', '--metadata', 'a', '--tag', '=b'],
      relay,
      /--size is "1k".*--metadata is "a".*--tag is "=b"/,
    ],
    [
      'faults in the settings',
      [],
      { ...relay, filesAtOnce: 0 },
      /cdk\.json: .*\n {2}relay\.filesAtOnce is 0: must be at least 1/,
    ],
    ['a file that is not JSON', [], '{', /cdk\.json is not JSON/],
    ['a file without settings', [], '{"app":"x"}', /cdk\.json has no settings of the relay: write them as/],
  ])('exits with 2 for %s', async (_, args, settings, message) => {
    const { exitCode, stdout, stderr } = await runCommand(['route', 'a', '--config', config(settings), ...args]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });

  it('exits with 2 if the file does not exist', async () => {
    const { exitCode, stderr } = await runCommand(['route', 'a', '--config', join(folder, 'none.json')]);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/none\.json can't be read: ENOENT/);
  });
});
