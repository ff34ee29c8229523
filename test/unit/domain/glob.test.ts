import fc from 'fast-check';
import { GLOBSTAR, type Minimatch } from 'minimatch';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  compileGlob,
  expandBraces,
  globAlternatives,
  MAX_ALTERNATIVES,
  MAX_EXPANDED_LENGTH,
} from '../../../lambdas/relay/domain/glob.ts';

/** S3's limit for a key. */
const KEY_BYTES = 1024;

type Part = Minimatch['set'][number][number];
type Matcher = Exclude<Part, string | typeof GLOBSTAR>;
const matchersOf = (pattern: string): Matcher[] =>
  compileGlob(pattern).set.flatMap((row) => row.filter((part) => typeof part === 'object') as Matcher[]);

afterEach(() => {
  vi.restoreAllMocks();
});

/** A string that counts how many of its characters are read. */
const counted = (text: string) => {
  let reads = 0;
  const proxy = new Proxy(new String(text), {
    get(target, name) {
      if (typeof name === 'string' && /^\d+$/.test(name)) {
        reads += 1;
        return text[Number(name)];
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { proxy: proxy as unknown as string, reads: () => reads };
};

const syntax = fc
  .array(
    fc.constantFrom(
      'a',
      'b',
      '.',
      '/',
      '😀',
      '*',
      '**',
      '?',
      '[ab]',
      '[!a]',
      '[',
      ']',
      '(',
      '|',
      ')',
      '+',
      '!',
      '\\',
      '-',
    ),
    {
      maxLength: 12,
    },
  )
  .map((parts) => parts.join(''));
const text = fc.string({ unit: fc.constantFrom('a', 'b', '.', '/', '😀', '*', '[', ']', '\\'), maxLength: 8 });

describe('a compiled glob', () => {
  it('contains no regular expression, whatever the pattern is', () => {
    fc.assert(
      fc.property(syntax, (pattern) => {
        for (const part of compileGlob(pattern).set.flat()) {
          if (typeof part === 'string' || part === GLOBSTAR) continue;
          expect(part).not.toBeInstanceOf(RegExp);
          expect(part.constructor.name).toBe('Matcher');
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['*a*a*a*b', 'a'.repeat(KEY_BYTES)],
    ['*a*a*a*b*', 'a'.repeat(KEY_BYTES)],
    ['*a?a?a?b*', 'a'.repeat(KEY_BYTES)],
    ['*[ab]*[ab]*[ab]*c*', 'ab'.repeat(KEY_BYTES / 2)],
    [`${'*a'.repeat(500)}*b*`, 'a'.repeat(KEY_BYTES)],
    [`${'a*'.repeat(500)}b?`, 'a'.repeat(KEY_BYTES)],
    [`*${'?*'.repeat(500)}b*`, 'a'.repeat(KEY_BYTES)],
    [`*${'a'.repeat(511)}b*`, 'a'.repeat(KEY_BYTES)],
    ['*😀*😀*a*', '😀'.repeat(KEY_BYTES / 4)],
    [`*${'[!b]*'.repeat(200)}c?`, 'a'.repeat(KEY_BYTES)],
  ])('reads at most as many characters as the lengths of pattern and key multiplied (%j)', (pattern, key) => {
    const [matcher, ...others] = matchersOf(pattern);
    expect(others).toEqual([]);
    const { proxy, reads } = counted(key);
    expect(matcher?.testUnchecked(proxy)).toBe(false);
    expect(matcher?.testUnchecked(key)).toBe(false);
    expect(reads()).toBeLessThanOrEqual(pattern.length * key.length);
  });

  it('counts the characters that it reads', () => {
    const { proxy, reads } = counted(`${'a'.repeat(20)}b`);
    expect(matchersOf('*a?b*')[0]?.testUnchecked(proxy)).toBe(true);
    expect(reads()).toBeGreaterThan(20);
  });

  it.each([
    [`${'**/a*/'.repeat(100)}b*`, 'a/'.repeat(KEY_BYTES / 2)],
    [`${'**/a*/'.repeat(100)}**`, `${'a/'.repeat(99)}${'b/'.repeat(400)}c`],
    [`${'**/*/*/'.repeat(100)}x*/y*`, 'b/'.repeat(KEY_BYTES / 2)],
    ['**/a*/a*/a*/b*/**/c*/**', 'a/'.repeat(KEY_BYTES / 2)],
    [`${'**/?*/'.repeat(150)}b*`, 'a/'.repeat(KEY_BYTES / 2)],
  ])('tests each part of the pattern at most once at each segment of the key (%j)', (pattern, key) => {
    const glob = compileGlob(pattern);
    const [matcher] = matchersOf(pattern);
    const test = vi.spyOn(Object.getPrototypeOf(matcher) as Matcher, 'testUnchecked');
    expect(glob.match(key)).toBe(false);
    expect(test.mock.calls.length).toBeLessThanOrEqual(pattern.split('/').length * key.split('/').length);
    expect(test.mock.calls.length).toBeGreaterThan(0);
  });

  it('never gives up "**", however many there are', () => {
    const times = 340;
    expect(compileGlob(`${'**/a*/'.repeat(times)}**`).match('ab/'.repeat(times + 1))).toBe(true);
  });
});

describe('the literal parts of a glob', () => {
  it.each([
    ['*.pdf', '', '.pdf', undefined],
    ['reports/**/*.pdf', 'reports/', '.pdf', undefined],
    ['reports/**/q1', 'reports/', 'q1', undefined],
    ['**', '', '', undefined],
    ['a/**', 'a/', '', undefined],
    ['a**b', 'a', 'b', undefined],
    ['a/**b', 'a/', 'b', undefined],
    ['a[12]b', 'a', 'b', undefined],
    ['a[1', 'a', '1', undefined],
    ['a?c', 'a', 'c', undefined],
    ['a/b.pdf', 'a/b.pdf', '', 'a/b.pdf'],
    ['a\\?b', 'a?b', '', 'a?b'],
    ['a\\*b', 'a', 'b', 'a*b'],
    ['a\\\\b*', 'a\\b', '', undefined],
    ['\\\\\\*', '\\', '', '\\*'],
    ['a\\/b*', 'a\\/b', '', undefined],
    ['ü😀*😀', 'ü😀', '😀', undefined],
  ])('%j are %j and %j', (glob, prefix, suffix, only) => {
    expect(globAlternatives(glob)).toMatchObject([{ prefix, suffix, only }]);
  });

  it('are those of each alternative in braces', () => {
    const parts = globAlternatives('{in,out}/*.{jpg,png}').map(({ prefix, suffix }) => [prefix, suffix]);
    expect(parts).toEqual([
      ['in/', '.jpg'],
      ['in/', '.png'],
      ['out/', '.jpg'],
      ['out/', '.png'],
    ]);
  });

  it('are in every key that the pattern matches for minimatch, except in those with a slash at the end', () => {
    fc.assert(
      fc.property(syntax, text, (pattern, key) => {
        fc.pre(compileGlob(pattern).match(key) && !key.endsWith('/'));
        for (const { prefix, suffix, only } of globAlternatives(pattern)) {
          expect(key.startsWith(prefix)).toBe(true);
          expect(key.endsWith(suffix)).toBe(true);
          expect(key.length).toBeGreaterThanOrEqual(prefix.length + suffix.length);
          if (only !== undefined) expect(key).toBe(only);
        }
      }),
      { numRuns: 3_000 },
    );
  });
});

describe('expandBraces', () => {
  it.each([
    ['a{b,c}d', ['abd', 'acd']],
    ['{1..3}', ['1', '2', '3']],
    ['{a,a}', ['a']],
    ['a{b}c', ['a{b}c']],
    ['a\\{b,c\\}', ['a{b,c}']],
    ['a{b,\\*}', ['ab', 'a\\*']],
  ])('expands %j to %j', (glob, expanded) => {
    expect(expandBraces(glob)).toEqual(expanded);
  });

  it.each(['{1..1000000000}', '{a,b}'.repeat(200), '{1..99}'.repeat(140), `${'{'.repeat(500)},${'}'.repeat(500)}`])(
    'stops after the limit for %j',
    (glob) => {
      const expanded = expandBraces(glob);
      expect(expanded.length).toBeLessThanOrEqual(MAX_ALTERNATIVES + 1);
      // Nothing more is expanded for a pattern that is refused anyway.
      expect(expanded.join('').length).toBeLessThanOrEqual((MAX_ALTERNATIVES + 1) * MAX_EXPANDED_LENGTH);
    },
  );
});
