import { describe, expect, it } from 'vitest';
import { caption, DEFAULT_CAPTION } from '../../../lambdas/relay/domain/caption.ts';

const LINK = 'https://eu-central-1.console.aws.amazon.com/s3/object/example-uploads?prefix=reports%2Fweekly.pdf';
const VALUES = {
  bucket: 'example-uploads',
  key: 'reports/weekly.pdf',
  fileName: 'weekly.pdf',
  size: '1.5 KiB',
  consoleLink: LINK,
};
const fill = (template: string, values: Partial<typeof VALUES> = {}, maxLength?: number) => {
  const all = new Map(Object.entries({ ...VALUES, ...values }));
  return caption(template, (name) => all.get(name), maxLength);
};

describe('a caption', () => {
  it.each([
    ['{fileName} ({size}) in {bucket}: {key}', '`weekly.pdf` (`1.5 KiB`) in `example-uploads`: `reports/weekly.pdf`'],
    ['{bucket}{key}', '`example-uploads``reports/weekly.pdf`'],
    ['{bucket}/{key}', '`example-uploads`/`reports/weekly.pdf`'],
    ['{ key }', '`reports/weekly.pdf`'],
    ['no value', 'no value'],
    ['', ''],
    ['@here {fileName} #general', '@here `weekly.pdf` #general'],
    ['*{fileName}* _{size}_', '*`weekly.pdf`* _`1.5 KiB`_'],
  ])('of the template %j is %j', (template, text) => {
    expect(fill(template)).toBe(text);
  });

  it('is the key in a code span by default', () => {
    expect(fill(DEFAULT_CAPTION)).toBe('`reports/weekly.pdf`');
  });

  it.each([
    ['`{key}`', '`reports/weekly.pdf`'],
    ['`s3://{bucket}/{key}` ({size})', '`s3://example-uploads/reports/weekly.pdf` (`1.5 KiB`)'],
    ['```\n{key}\n```\n{size}', '```\nreports/weekly.pdf\n```\n`1.5 KiB`'],
    ['```txt\na {key}\n{size}\n```', '```txt\na reports/weekly.pdf\n1.5 KiB\n```'],
  ])('adds no code span where the template %j has one', (template, text) => {
    expect(fill(template)).toBe(text);
  });

  it.each([
    ['a ` b {size}', "a ' b `1.5 KiB`"],
    ['{size} ` b', "`1.5 KiB` ' b"],
    ['```\n{size}', "'''\n`1.5 KiB`"],
    ['||\n```\n{size}\n```\n||', "||\n'''\n`1.5 KiB`\n'''\n||"],
  ])('replaces the backticks of %j that open no code', (template, text) => {
    expect(fill(template)).toBe(text);
  });

  it.each([
    ['https://own.example/{size}', 'https://own.example/ `1.5 KiB`'],
    ['own.example{size}', 'own.example `1.5 KiB`'],
    ['me@own{size}', 'me@own `1.5 KiB`'],
    ['{consoleLink}{size}', `${LINK} \`1.5 KiB\``],
    ['*New:{size}*', '*New: `1.5 KiB`*'],
    ['file{size}', 'file\u2060`1.5 KiB`'],
  ])('separates a value from %j, which would make the code span a part of itself', (template, text) => {
    expect(fill(template)).toBe(text);
  });

  it('has a word joiner between a sign of the template and a value in a code span', () => {
    expect(fill('`@{key}` `#a{key}` `{key}@b`', { key: 'all' })).toBe('`@\u2060all` `#a\u2060all` `all\u2060@b`');
  });

  it('contains the console link as it is', () => {
    expect(fill('[open]({consoleLink})')).toBe(`[open](${LINK})`);
  });

  it('does not replace tags inside a value', () => {
    expect(fill('{key}', { key: '{bucket}/$&/$1/{{key}}' })).toBe('`{bucket}/$&/$1/{{key}}`');
  });

  it.each([
    ['{version} {key}', ' `reports/weekly.pdf`'],
    ['`{version}`{key}', '`reports/weekly.pdf`'],
    ['{#version}version {version} of {/version}{size}', '`1.5 KiB`'],
    ['{#size}{size}{/size}{^size}unknown{/size}', '`1.5 KiB`'],
    ['{^version}no versions{/version}', 'no versions'],
    ['{#key}{#size}both{/size}{/key}', 'both'],
  ])('of %j leaves out what the object does not have', (template, text) => {
    expect(fill(template)).toBe(text);
  });

  it('treats a value of spaces and removed characters as absent', () => {
    expect(fill('{^key}none{/key}{key}', { key: ' \u202e\n' })).toBe('none');
  });

  it('finds no value in the prototype of an object', () => {
    expect(fill('{#key}{constructor}{__proto__}{toString}{length}{/key}')).toBe('');
  });
});

describe('a value', () => {
  it.each([
    ['a\r\n> quote\u2028b\u202ec\u0085d', 'a > quote bc d'],
    ['`@all`', "'@\u2060all'"],
    ['@\u202eall #general @@x', '@\u2060all #\u2060general @\u2060@\u2060x'],
    ['[a](b) ](', '[a]\u2060(b) ]\u2060('],
    ['https://chat.acme.org/channel/a?msg=b', 'https://\u2060chat.acme.org/channel/a?msg=b'],
    ['s3://bucket/key', 's3://bucket/key'],
    ['\ud83c', '\ufffd'],
    ['👩‍💻 e\u0301 שלום', '👩‍💻 e\u0301 שלום'],
  ])('%j is inserted as %j', (value, text) => {
    expect(fill('{key}', { key: value })).toBe(`\`${text}\``);
  });
});

describe('a caption with a limit', () => {
  const long = { key: 'k'.repeat(3_000), fileName: 'f'.repeat(3_000) };

  it('shortens the longest values alike, and keeps the backticks', () => {
    const text = fill('{size} {key} {fileName}', long);
    expect(text).toHaveLength(4_999);
    expect(text).toMatch(/^`1\.5 KiB` `k{2491}…` `f{2491}…`$/);
  });

  it('uses the limit of the server', () => {
    expect(fill('New: {key} ({size})', long, 40)).toBe(`New: \`${'k'.repeat(20)}…\` (\`1.5 KiB\`)`);
    expect(fill('`{key}`', long, 10)).toBe('`kkkkkkk…`');
  });

  it('shortens between characters as a reader sees them', () => {
    const family = '👨‍👩‍👧';
    expect(fill('{key}', { key: family.repeat(9) }, 22)).toBe(`\`${family.repeat(2)}…\``);
    expect(fill('{key}', { key: 'e\u0301'.repeat(9) }, 8)).toBe(`\`${'e\u0301'.repeat(2)}…\``);
    expect(fill('{key}', { key: `a${'\u0301'.repeat(99)}` }, 8)).toBe(`\`a${'\u0301'.repeat(4)}…\``);
  });

  it('leaves out a console link that does not fit, because a shortened one would not work', () => {
    const text = fill('{key} [open]({consoleLink})', long, 100);
    expect(text).toBe(`\`${'k'.repeat(88)}…\` [open]()`);
  });

  it('is the shortened key if the template itself does not fit', () => {
    expect(fill('x'.repeat(50), long, 20)).toBe(`\`${'k'.repeat(17)}…\``);
    expect(fill('x'.repeat(50), long, 2)).toBe('');
    expect(fill('x'.repeat(50), long, 0)).toBe('');
  });

  it('never has more characters than the limit', () => {
    for (let limit = 0; limit < 120; limit += 1) {
      const text = fill(
        '{key}: `{fileName}`\n```\n{key}\n```\n{consoleLink}',
        { ...long, key: '@🏔#`'.repeat(99) },
        limit,
      );
      expect(text.length).toBeLessThanOrEqual(limit);
      expect(text.isWellFormed()).toBe(true);
      expect((text.match(/`/g) ?? []).length % 2).toBe(0);
    }
  });
});
