import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { watchFolder } from '../../lib/operator/local/watch-folder.ts';

const STABLE_FOR_MS = 100;
let folder: string;
let stop: () => Promise<void>;
let names: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'drop-'));
  names = [];
  stop = watchFolder(folder, {
    stableForMs: STABLE_FOR_MS,
    onFile: (_path, name) => names.push(name),
    onError: (error) => {
      throw error;
    },
  });
  // A file that is there before the first look is reported, too.
  writeFileSync(join(folder, 'before.txt'), 'before');
  await expect.poll(() => names).toEqual(['before.txt']);
  names.length = 0;
});
afterEach(async () => {
  await stop();
  rmSync(folder, { recursive: true });
});

describe('watchFolder', () => {
  it('reports a file once', async () => {
    writeFileSync(join(folder, 'a ü%.txt'), 'a');
    await expect.poll(() => names).toEqual(['a ü%.txt']);
    writeFileSync(join(folder, 'b.txt'), 'b');
    await expect.poll(() => names.at(-1)).toBe('b.txt');
    expect(names).toEqual(['a ü%.txt', 'b.txt']);
  });

  it('reports a growing file only after it has stopped growing', async () => {
    const path = join(folder, 'slow.txt');
    for (let i = 0; i < 20; i += 1) {
      appendFileSync(path, 'more');
      await sleep(STABLE_FOR_MS / 10);
      expect(names).toEqual([]);
    }
    await expect.poll(() => names).toEqual(['slow.txt']);
  });

  it('reports a changed file again, and a file that was moved into the folder', async () => {
    const path = join(folder, 'a.txt');
    writeFileSync(path, 'a');
    await expect.poll(() => names).toEqual(['a.txt']);
    writeFileSync(path, 'another');
    await expect.poll(() => names).toEqual(['a.txt', 'a.txt']);
    renameSync(path, join(folder, 'b.txt'));
    await expect.poll(() => names).toEqual(['a.txt', 'a.txt', 'b.txt']);
  });

  it('reports the files of a folder that was moved into the folder, with their paths', async () => {
    const tree = mkdtempSync(join(tmpdir(), 'tree-'));
    mkdirSync(join(tree, 'a/u\u0308/c'), { recursive: true });
    for (let i = 0; i < 30; i += 1) writeFileSync(join(tree, `a/u\u0308/c/${i}.txt`), `${i}`);
    writeFileSync(join(tree, 'a/top.txt'), 'top');
    renameSync(join(tree, 'a'), join(folder, 'moved'));
    rmSync(tree, { recursive: true });
    const expected = ['moved/top.txt', ...Array.from({ length: 30 }, (_, i) => `moved/\u00fc/c/${i}.txt`)];
    await expect.poll(() => [...names].sort(), { timeout: 5_000 }).toEqual(expected.sort());
  });

  it('ignores empty folders, links to folders, hidden files and folders, and deleted files', async () => {
    mkdirSync(join(folder, 'sub'));
    symlinkSync(tmpdir(), join(folder, 'link'));
    mkdirSync(join(folder, '.git'));
    writeFileSync(join(folder, '.git/config'), 'x');
    writeFileSync(join(folder, '.part'), 'x');
    writeFileSync(join(folder, 'gone.txt'), 'x');
    rmSync(join(folder, 'gone.txt'));
    writeFileSync(join(folder, 'last.txt'), 'x');
    await expect.poll(() => names).toEqual(['last.txt']);
  });
});
