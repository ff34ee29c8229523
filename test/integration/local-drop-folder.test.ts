import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { watchFolder } from '../../lib/operator/local/watch-folder.ts';

const STABLE_FOR_MS = 100;
let folder: string;
let stop: () => void;
let names: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'drop-'));
  names = [];
  stop = watchFolder(folder, {
    stableForMs: STABLE_FOR_MS,
    onFile: (_path, name) => names.push(name),
    onError: (error) => {
      throw error;
    },
  });
});
afterEach(() => {
  stop();
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

  it('ignores folders, hidden files and deleted files', async () => {
    mkdirSync(join(folder, 'sub'));
    writeFileSync(join(folder, '.part'), 'x');
    writeFileSync(join(folder, 'gone.txt'), 'x');
    rmSync(join(folder, 'gone.txt'));
    writeFileSync(join(folder, 'last.txt'), 'x');
    await expect.poll(() => names).toEqual(['last.txt']);
  });
});
