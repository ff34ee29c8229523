import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { allPages, ROOT, snippetsOf } from './pages.ts';

const run = promisify(execFile);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fresh-clone-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The commands of the first snippet of README.md that runs `npm start`. */
const setUpCommands = (): string[] => {
  const readme = allPages.filter(({ path }) => path === 'README.md').flatMap(snippetsOf);
  const { code = '' } = readme.find((each) => each.language === 'sh' && each.code.includes('npm start')) ?? {};
  return code
    .split(/&&|\n/)
    .map((command) => command.replace(/ #.*$/, '').trim())
    .filter((command) => command !== '');
};

// Without .git, in an unpacked archive, there is nothing to clone.
it.skipIf(!existsSync(join(ROOT, '.git')))(
  "README.md's commands start the relay in a fresh clone, where it posts the samples and exits with 0",
  { timeout: 180_000 },
  async () => {
    const commands = setUpCommands();
    expect(commands.at(-1)).toBe('npm start');
    expect(commands).toContain('npm ci');

    let cwd = join(folder, 'clone');
    if (!commands.some((command) => command.startsWith('git clone '))) await clone(cwd);
    for (const command of commands) {
      if (command.startsWith('git clone ')) {
        cwd = folder;
        await clone(join(folder, basename(command.split(' ').at(-1) ?? '', '.git')));
      } else if (command.startsWith('cd ')) {
        cwd = resolve(cwd, command.slice(3));
      } else if (command === 'npm ci') {
        // The installed packages of this repository in place of a download, which takes a minute and needs a network.
        symlinkSync(join(ROOT, 'node_modules'), join(cwd, 'node_modules'), 'junction');
      } else {
        expect(command).toBe('npm start');
        const posted = await start(cwd);
        expect(posted.toSorted()).toEqual(
          readdirSync(join(cwd, 'samples'))
            .map((name) => name.normalize('NFC'))
            .toSorted(),
        );
      }
    }
  },
);

/** Clones the last commit of this repository. */
const clone = async (into: string): Promise<void> => {
  await run('git', ['clone', '--quiet', '--no-hardlinks', ROOT, into]);
};

/**
 * `npm start`, which ends after the samples.
 * @returns the keys of the posted files
 * @throws if the exit code is not 0
 */
const start = async (cwd: string): Promise<string[]> => {
  const env = { PATH: process.env['PATH'], HOME: folder, XDG_RUNTIME_DIR: folder };
  const { stdout } = await run('npm', ['start', '--silent', '--', '--once', '--json'], { cwd, env });
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { event?: string; key?: string })
    .filter(({ event }) => event === 'posted')
    .map(({ key }) => String(key));
};
