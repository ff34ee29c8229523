import { describe, expect, it } from 'vitest';
import { keysOf, sampleFiles } from '../../../../lib/operator/local/files.ts';

describe('keysOf', () => {
  it('uses the file names as keys and gives equal names different keys', () => {
    expect(keysOf(['/x/a.txt', '/y/a.txt', '/y/b.txt', '/z/a.txt']).map(({ key }) => key)).toEqual([
      'a.txt',
      '2/a.txt',
      'b.txt',
      '3/a.txt',
    ]);
  });

  it('composes umlauts that a file system decomposed', () => {
    expect(keysOf(['/x/u\u0308.txt'])[0]?.key).toBe('\u00fc.txt');
  });
});

describe('sampleFiles', () => {
  it('returns files whose names contain a space, a plus, a percent sign and an umlaut', () => {
    const names = keysOf(sampleFiles()).map(({ key }) => key);
    for (const part of [' ', '+', '%', 'ü']) expect(names.some((name) => name.includes(part))).toBe(true);
    expect(names.map((name) => name.replace(/.*\./, '')).sort()).toEqual(['csv', 'pdf', 'png', 'txt']);
  });
});
