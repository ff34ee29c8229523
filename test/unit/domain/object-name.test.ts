import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fileName, mediaType } from '../../../lambdas/relay/domain/object-name.ts';

describe('fileName', () => {
  it.each([
    ['reports/weekly.pdf', 'weekly.pdf'],
    ['weekly.pdf', 'weekly.pdf'],
    ['a b+c%d.txt', 'a b+c%d.txt'],
    ['Umsätze.pdf', 'Umsätze.pdf'],
    ['照片/🏔️.jpg', '🏔️.jpg'],
    ['folder/', 'folder'],
    ['///', 'file'],
    ['', 'file'],
    ['a/..', 'file'],
    ['a/.', 'file'],
    ['...', 'file'],
    ['.htaccess', '.htaccess'],
    ['say "hi".txt', 'say _hi_.txt'],
    ['a\\b.txt', 'a_b.txt'],
    ['a\r\nX-Evil: 1.txt', 'aX-Evil: 1.txt'],
    ['a\u0000b.txt', 'ab.txt'],
    ['\u202egpj.exe', 'gpj.exe'],
    ['in\u2066voice\u2069.pdf', 'invoice.pdf'],
    ['a\u200bb\ufeff.txt', 'ab.txt'],
    ['\u200b', 'file'],
    ['  spaces .txt ', 'spaces .txt'],
    ['\ud800.txt', '\ufffd.txt'],
    ['100%25 #1?.txt', '100%25 #1?.txt'],
    ['%2e%2e%2fetc', '%2e%2e%2fetc'],
    ['a"b"\'c\'`d`.txt', "a_b_'c'`d`.txt"],
    ['@all #general.txt', '@all #general.txt'],
    ['e\u0301te\u0301.pdf', 'e\u0301te\u0301.pdf'],
    ['שלום-דוח.pdf', 'שלום-דוח.pdf'],
    ['\u202bשלום\u202c.pdf', 'שלום.pdf'],
    ['👩‍👩‍👧 🏴󠁧󠁢󠁳󠁣󠁴󠁿.png', '👩‍👩‍👧 🏴󠁧󠁢󠁳󠁣󠁴󠁿.png'],
    [`${'a'.repeat(251)}.txt`, `${'a'.repeat(251)}.txt`],
    [`${'a'.repeat(252)}.txt`, `${'a'.repeat(251)}.txt`],
    [`${'a'.repeat(248)}🏔.txt`, `${'a'.repeat(248)}.txt`],
    [`${'a'.repeat(249)}e\u0301.txt`, `${'a'.repeat(249)}.txt`],
    [`${'a'.repeat(240)}👩‍👩‍👧.png`, `${'a'.repeat(240)}.png`],
    [`a${'\u0301'.repeat(300)}.txt`, `a${'\u0301'.repeat(125)}.txt`],
  ])('of the key %j is %j', (key, name) => {
    expect(fileName(key)).toBe(name);
  });

  it('keeps the zero-width joiners of emoji and letters', () => {
    expect(fileName('👩‍💻.png')).toBe('👩‍💻.png');
    expect(fileName('نامه‌ها.txt')).toBe('نامه‌ها.txt');
  });

  it('of a long key has a shortened stem and the whole extension', () => {
    const name = fileName(`${'ä'.repeat(400)}.tar.gz`);
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
    expect(Buffer.byteLength(name)).toBeGreaterThan(250);
    expect(name.endsWith('ä.gz') || name.endsWith('.tar.gz')).toBe(true);
  });

  it('does not treat a long text after the dot as an extension', () => {
    const name = fileName(`a.${'b'.repeat(400)}`);
    expect(name).toBe(`a.${'b'.repeat(253)}`);
  });

  const anyKey = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 600 }),
    fc.string({ unit: 'grapheme', maxLength: 600 }),
    fc.string({
      unit: fc.constantFrom('/', '.', '"', '\\', '\r', '\n', '\u202e', '\u0000', 'ä', '🏔', '\ud83c', ' ', 'a'),
      maxLength: 600,
    }),
  );

  it('is never empty, has at most 255 bytes and contains no unsafe character', () => {
    fc.assert(
      fc.property(anyKey, (key) => {
        const name = fileName(key);
        expect(name).not.toBe('');
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
        expect(name.isWellFormed()).toBe(true);
        expect(name).not.toMatch(/[\p{Cc}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff"\\/]/u);
        expect(['.', '..']).not.toContain(name);
      }),
      { numRuns: 500 },
    );
  });

  it('ends with the extension of the key', () => {
    const extension = fc.stringMatching(/^\.[a-z0-9]{1,8}$/);
    const stem = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 500 }).filter((text) => !/[/\\]/.test(text));
    fc.assert(
      fc.property(stem, extension, (text, end) => {
        expect(fileName(text + end).endsWith(end)).toBe(true);
      }),
    );
  });

  it('does not change a name that it returned', () => {
    fc.assert(
      fc.property(anyKey, (key) => {
        expect(fileName(fileName(key))).toBe(fileName(key).trim());
      }),
    );
  });
});

describe('mediaType', () => {
  it.each<[string | undefined, string, string]>([
    ['application/pdf', 'a.bin', 'application/pdf'],
    ['Text/Plain; charset=UTF-8', 'a', 'text/plain'],
    ['image/svg+xml', 'a.png', 'image/svg+xml'],
    [undefined, 'a.png', 'image/png'],
    ['', 'a.png', 'image/png'],
    ['binary/octet-stream', 'a.PNG', 'image/png'],
    ['application/octet-stream', 'a.mp4', 'video/mp4'],
    ['application/x-www-form-urlencoded', 'a.csv', 'text/csv'],
    ['binary/octet-stream', 'a.unheard-of', 'application/octet-stream'],
    [undefined, 'noextension', 'application/octet-stream'],
    [undefined, 'x.constructor', 'application/octet-stream'],
    [undefined, '__proto__', 'application/octet-stream'],
    ['not a type', 'a.gif', 'image/gif'],
    ['text/html\r\nX-Evil: 1', 'a.gif', 'image/gif'],
    ['*/*', 'a.gif', 'image/gif'],
    ['text/plain/x', 'a.gif', 'image/gif'],
  ])('of the declared type %j and the name %j is %j', (declared, name, type) => {
    expect(mediaType(declared, name)).toBe(type);
  });

  it('is always safe in a header', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (declared, name) => {
        expect(mediaType(declared, name)).toMatch(/^[\w.+-]+\/[\w.+-]+$/);
      }),
    );
  });
});
