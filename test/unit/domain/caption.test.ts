import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { caption, DEFAULT_CAPTION, humanSize } from '../../../lambdas/relay/domain/caption.ts';

const object = { bucket: 'example-uploads', key: 'reports/weekly.pdf', sizeBytes: 1536 };
const fill = (template: string, key = object.key, fileName = 'weekly.pdf') =>
  caption(template, { ...object, key }, fileName);

describe('caption', () => {
  it.each([
    ['{fileName} ({size}) in {bucket}: {key}', 'weekly.pdf (1.5 KiB) in example-uploads: reports/weekly.pdf'],
    ['{key}{key}', 'reports/weekly.pdfreports/weekly.pdf'],
    ['no placeholder', 'no placeholder'],
    ['', ''],
    ['{unknown} {} { key } {Key} {{key}}', '{unknown} {} { key } {Key} {reports/weekly.pdf}'],
    ['@here {fileName} #general', '@here weekly.pdf #general'],
    ['{constructor} {__proto__} {toString}', '{constructor} {__proto__} {toString}'],
  ])('%j reads %j', (template, text) => {
    expect(fill(template)).toBe(text);
  });

  it('shows the key by default', () => {
    expect(fill(DEFAULT_CAPTION)).toBe('`reports/weekly.pdf`');
  });

  it('does not fill in what was filled in', () => {
    expect(fill('{key}', '{bucket}/$&/$1')).toBe('{bucket}/$&/$1');
  });

  it.each(['@all', '@here', 'x@all.pdf', '#general', '`@all`', '@@all', '@\n@all'])('calls nobody by %j', (key) => {
    // Mentions and room links are a sign and, at once, a name (Rocket.Chat, message-parser).
    expect(fill('{key} {fileName}', key, key)).not.toMatch(/[@#][\w.-]/);
    expect(fill(DEFAULT_CAPTION, key).slice(1, -1)).not.toContain('`');
  });

  it('keeps a file name to its line', () => {
    expect(fill('{key}', 'a\r\n> quote\u2028b\u202ec')).toBe('a  > quote b c');
  });

  it('calls nobody, whatever the key', () => {
    const part = fc.constantFrom('@', '#', '`', 'all', 'here', 'general', '\n', ' ', '{key}', '\u202e', '\ud83c', 'ä');
    fc.assert(
      fc.property(fc.string({ unit: part, maxLength: 40 }), (key) => {
        const text = fill(DEFAULT_CAPTION, key);
        expect(text).not.toMatch(/[@#][\p{L}\p{N}_.-]/u);
        expect(text.match(/`/g)).toHaveLength(2);
        expect(text).not.toMatch(/[\p{Cc}\u202e]/u);
        expect(text.isWellFormed()).toBe(true);
      }),
    );
  });

  it('never grows past what the server takes, nor cuts a character in two', () => {
    for (const filler of ['', 'x']) {
      const text = fill(`${filler}${'🏔'.repeat(3000)}`);
      expect(text.length).toBeLessThanOrEqual(5000);
      expect(text.isWellFormed()).toBe(true);
    }
  });
});

describe('humanSize', () => {
  it.each([
    [0, '0 B'],
    [1, '1 B'],
    [1023, '1023 B'],
    [1024, '1 KiB'],
    [1536, '1.5 KiB'],
    [102_400, '100 KiB'],
    [1024 ** 2, '1 MiB'],
    [5 * 1024 ** 3, '5 GiB'],
    [50 * 1024 ** 4, '50 TiB'],
    [2048 * 1024 ** 4, '2048 TiB'],
  ])('%i bytes are %s', (sizeBytes, text) => {
    expect(humanSize(sizeBytes)).toBe(text);
  });
});
