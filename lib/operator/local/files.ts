import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';

const SAMPLES = join(import.meta.dirname, '../../../samples');

/** The files in samples/. Their names contain spaces, plus and percent signs and umlauts, which need correct encoding. */
export const sampleFiles = (): string[] =>
  readdirSync(SAMPLES)
    .filter((name) => !name.startsWith('.'))
    .sort()
    .map((name) => join(SAMPLES, name));

/** The files' keys: their names. The second file of a name gets the key `2/NAME` and so on, so that none is overwritten. */
export const keysOf = (files: readonly string[]): { path: string; key: string }[] => {
  const times = new Map<string, number>();
  return files.map((path) => {
    // Some file systems decompose umlauts (NFD); S3 and Rocket.Chat do not compose them again.
    const name = basename(path).normalize('NFC');
    const time = (times.get(name) ?? 0) + 1;
    times.set(name, time);
    return { path, key: time === 1 ? name : `${time}/${name}` };
  });
};
