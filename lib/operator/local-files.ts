import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';

const SAMPLES = join(import.meta.dirname, '../../samples');

/** The files that come with the relay, with names that are hard to get right. */
export const sampleFiles = (): string[] =>
  readdirSync(SAMPLES)
    .filter((name) => !name.startsWith('.'))
    .sort()
    .map((name) => join(SAMPLES, name));

/** Each file under its own name; a second one of the same name in a folder with a number, so that none is overwritten. */
export const keysOf = (files: readonly string[]): { path: string; key: string }[] => {
  const times = new Map<string, number>();
  return files.map((path) => {
    // Some file systems take umlauts apart; S3 and chat rooms show them as they come.
    const name = basename(path).normalize('NFC');
    const time = (times.get(name) ?? 0) + 1;
    times.set(name, time);
    return { path, key: time === 1 ? name : `${time}/${name}` };
  });
};
