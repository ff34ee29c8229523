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
  ])('the template %j becomes %j', (template, text) => {
    expect(fill(template)).toBe(text);
  });

  it('is the key in a code span by default', () => {
    expect(fill(DEFAULT_CAPTION)).toBe('`reports/weekly.pdf`');
  });

  it('does not replace placeholders inside a value', () => {
    expect(fill('{key}', '{bucket}/$&/$1')).toBe('{bucket}/$&/$1');
  });

  it.each(['@all', '@here', 'x@all.pdf', '#general', '`@all`', '@@all', '@\n@all'])(
    'contains no mention and no room link for the key %j',
    (key) => {
      // In Rocket.Chat's message-parser, a mention or a room link is the sign followed directly by a name.
      expect(fill('{key} {fileName}', key, key)).not.toMatch(/[@#][\w.-]/);
      expect(fill(DEFAULT_CAPTION, key).slice(1, -1)).not.toContain('`');
    },
  );

  it('replaces line breaks in a key with spaces', () => {
    expect(fill('{key}', 'a\r\n> quote\u2028b\u202ec')).toBe('a  > quote b c');
  });

  it('contains no mention, no room link and one code span for any key', () => {
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

  it('has at most the 5,000 characters that the server accepts and ends with a whole character', () => {
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
  ])('shows %i bytes as %s', (sizeBytes, text) => {
    expect(humanSize(sizeBytes)).toBe(text);
  });
});
