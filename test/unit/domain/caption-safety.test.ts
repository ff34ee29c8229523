import { parse } from '@rocket.chat/message-parser';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { caption } from '../../../lambdas/relay/domain/caption.ts';
import { readValues } from '../../../lambdas/relay/domain/caption-values.ts';
import { objectFacts } from '../../../lambdas/relay/domain/object-facts.ts';
import { templateFaults } from '../../../lambdas/relay/domain/template.ts';
import { channelsIn, mentionsIn } from '../../../lib/local/chat-server/endpoints/message-text.ts';
import { createdObject } from '../../helpers/factories.ts';

// Set these to repeat a run; a failure prints its seed.
const SEED = Number(process.env['CAPTION_SEED'] ?? 20_261_124);
const KEYS = Number(process.env['CAPTION_KEYS'] ?? 20_000);

/** Everything that has a meaning to the parser or to the server's own searches, and what may hide it. */
const HOSTILE = [
  ...['@all', '@here', '@', 'x@all', '@@all', '#general', '#', '# h', '＠all', '%40all', '&#64;all', 'user:@all'],
  ...['`', '``', '```', '```\n', '\n```', "'", '"', '\\', '\\`'],
  ...['\n', '\r\n', '\r', '\t', ' ', '  ', '\u0000', '\u0085', '\u2028', '\u2029', '\u000b'],
  ...['\u202e', '\u2066', '\u2069', '\u200e', '\u061c', '\u200b', '\u2060', '\ufeff', '\u00a0', '\u3000'],
  ...['\ud83c', '\udfd4', '\ufdd0', '\ufdd1', 'e\u0301', '🏔️', '👩‍💻', 'שלום'],
  ...['>', '> ', '- ', '* ', '1. ', '- [ ] ', '<', '&lt;', '&gt;', '|', '||', '\n||\n', '!', '(', ')', '[', ']'],
  ...['*', '**', '_', '__', '~', '~~', '*b*', '_i_', '~s~', '||s||', '](', '![', '] [', '[]('],
  ...[
    '[x](https://evil.example)',
    '![x](https://evil.example/x.png)',
    '<https://evil.example|x>',
    '](https://evil.com)',
  ],
  ...['https://chat.example.com/channel/general?msg=abc', 'http://', '://', 'evil.com', 'www.evil.com', 'ftp://x.yz'],
  ...[
    'a@evil.com',
    'mailto:a@evil.com',
    'localhost',
    'localhost:3000',
    '//evil.com',
    'x.',
    '.com',
    'tel:+493012345678',
  ],
  ...['$', '$$', '$x$', '$$x$$', '\\(', '\\(x\\)', '\\[', '\\[x\\]', '\\]', '\\)'],
  ...['<t:1700000000>', '<t:1700000000:R>', ':smile:', ':', ':)', '😀', '+493012345678', 'color:#ff0000'],
  ...['{key}', '{{key}}', '{#key}', '{/key}', '}', '{', '=', '$&', '$1', '/', '//', '.', '..', '-', 'a', 'word', 'x y'],
];

const hostileKey = fc
  .oneof(
    { weight: 8, arbitrary: fc.array(fc.constantFrom(...HOSTILE), { minLength: 1, maxLength: 12 }) },
    { weight: 1, arbitrary: fc.array(fc.string({ unit: 'binary', maxLength: 6 }), { minLength: 1, maxLength: 6 }) },
    { weight: 1, arbitrary: fc.array(fc.constantFrom(...HOSTILE), { minLength: 20, maxLength: 60 }) },
  )
  .map((parts) => parts.join(''))
  .filter((key) => key !== '');

const NAMES = [
  ...['key', 'fileName', 'prefix.0', 'prefix.1', 'bucket', 'size', 'contentType', 'uploadedAt', 'uploader', 'version'],
  ...['metadata.alt', 'tags.project'],
];

/** The values of an object of which everything is hostile. */
const valuesOf = (key: string) =>
  readValues(
    NAMES.map((name) => `{${name}}`),
    objectFacts(createdObject({ key: `${key}/${key}/${key}`, bucket: key, versionId: key, uploader: key }), {
      details: async () => ({ contentType: key, metadata: new Map([['alt', key]]) }),
      tags: async () => new Map([['project', key]]),
    }),
    'eu-central-1',
  );

const PARSER_OPTIONS = {
  colors: true,
  emoticons: true,
  katex: { dollarSyntax: true, parenthesisSyntax: true },
  customDomains: ['local', 'example'],
};

/** The types of all nodes, depth first; texts that follow each other count as one. */
const typesOf = (text: string): string[] => {
  const types: string[] = [];
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) for (const child of node) visit(child);
    if (typeof node !== 'object' || node === null || Array.isArray(node)) return;
    const { type, value, ...rest } = node as { type?: string; value?: unknown };
    if (type !== undefined && !(type === 'PLAIN_TEXT' && types.at(-1) === 'PLAIN_TEXT')) types.push(type);
    visit(value);
    for (const other of Object.values(rest)) visit(other);
  };
  // The parser takes no empty text.
  if (text !== '') visit(parse(text, PARSER_OPTIONS));
  return types;
};

const TEXT_AND_CODE = new Set(['PARAGRAPH', 'PLAIN_TEXT', 'INLINE_CODE', 'CODE', 'CODE_LINE', 'LINE_BREAK']);

/** Anything that looks like a URL to `getMessageUrlRegex.ts` of the server, in code spans as well. */
const URL_LIKE = /[A-Za-z]{3,9}:\/\/[-\w.;:&=+$,@]/;

const problemsOf = (text: string): string[] => [
  ...typesOf(text).filter((type) => !TEXT_AND_CODE.has(type)),
  ...mentionsIn(text).map((name) => `mentions ${name}`),
  ...channelsIn(text).map((name) => `refers to the room ${name}`),
  ...(URL_LIKE.test(text) ? ['has a URL'] : []),
  ...(/[\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]|(?!\n)\p{Cc}/u.test(text) ? ['has a control character'] : []),
  ...(text.isWellFormed() ? [] : ['is not well-formed']),
  ...(text.length > 5000 ? ['is too long'] : []),
];

const POSITIONS: readonly ((tag: string) => string)[] = [
  (tag) => tag,
  (tag) => `${tag} is new`,
  (tag) => `A new file: ${tag}, for all`,
  (tag) => `(${tag})`,
  (tag) => `file${tag}`,
  (tag) => `${tag}${tag}`,
  (tag) => `\`${tag}\``,
  (tag) => `New: \`s3://${tag}\` in \`a ${tag}b\``,
  (tag) => `\`@${tag}\` \` #${tag}@x\``,
  (tag) => `\`\`\`\n${tag}\n\`\`\``,
  (tag) => `Log:\n\`\`\`txt\na ${tag}\n @${tag}@y \n\`\`\`\n${tag}`,
];

const COMBINATIONS = NAMES.flatMap((name) => POSITIONS.map((position) => [name, position] as const));
const CAPTIONS_PER_KEY = 3;

describe('a caption of an object of which everything is hostile', () => {
  it(`is text and code to Rocket.Chat's parser and mentions nobody, for ${KEYS} keys`, {
    timeout: 120_000,
  }, async () => {
    for (const position of POSITIONS) expect(templateFaults(position('{key}'))).toEqual([]);
    let keys = 0;
    let captions = 0;
    await fc.assert(
      fc.asyncProperty(hostileKey, fc.nat(COMBINATIONS.length - 1), async (key, shift) => {
        const values = await valuesOf(key);
        keys += 1;
        for (let i = 0; i < CAPTIONS_PER_KEY; i += 1) {
          const [name = '', position = String] = COMBINATIONS[(shift + i) % COMBINATIONS.length] ?? [];
          const text = caption(position(`{${name}}`), values);
          captions += 1;
          const problems = problemsOf(text);
          if (problems.length > 0) throw new Error(`${problems.join(', ')}: ${JSON.stringify(text)}`);
        }
      }),
      { numRuns: KEYS, seed: SEED },
    );
    expect(keys).toBeGreaterThanOrEqual(KEYS);
    console.log(`${captions} captions of ${keys} hostile keys are text and code only (seed ${SEED})`);
  });
});

/** Templates with markup of their own, and some that are broken. */
const WITH_MARKUP = [
  ...['*{key}*', '**{key}** b', '_{key}_', '__{key}__', '~{key}~', '~~{key}~~', '*_{key}_*', '||{key}||', 'a*{key}*'],
  ...['- {key}\n- b', '* {key}', '1. {key}\n2. {key}', '> {key}\n{key}', '# {key}', '- [x] {key}', 'a\n\n{key}\n\nb'],
  ...['[open]({consoleLink}) {key}', '{consoleLink} {key}', '{consoleLink}{key}', '{key}{consoleLink}'],
  ...[
    'https://own.example/{key}',
    'see own.example.com/{key} b',
    'own.example.com{key}',
    '{bucket}.own.example.com/{key}',
  ],
  ...[
    'me@own.example{key}',
    '[a](https://own.example/{key})',

    'https://own.example/`a{key}`',
  ],
  ...['[{key}]', '![{key}]', '({key})[{key}]', '+49{key} :{key}:'],
  ...[
    '`a {key}',
    '{key} ` b',
    'a ` b {key} ` c',
    '``{key}``',
    '```{key}```',
    '```\n{key}',
    '```a b```\n{key}\n```',
    '`{key}\n{key}`',
  ],
  ...[
    '||\n```\n{key}\n```\n||',
    '- a\n```\n{key}\n```',
    '> ```\n> {key}\n> ```',
    '```\n```\n{key}\n```',
    '```js\n{key}```\n',
  ],
  ...[
    '```\n{key}\n```\n```\n{key}\n```',
    '{#version}`{/version}{key}',
    '{^version}`{/version}{key}`{bucket}',
    'x`{key}`',
    'a`b`{key}',
  ],
];

/** Nodes that a value must not add: links to elsewhere, formulas, mentions and so on. */
const dangersIn = (text: string): string[] => {
  const dangers: string[] = [];
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    const { type, value } = node as { type?: string; value?: { src?: { value?: string } } };
    if (type === 'LINK' || type === 'IMAGE') {
      const source = value?.src?.value ?? '';
      const isOwn =
        /^(\/\/|https:\/\/|mailto:me@)(\w+\.)?own\.example|^https:\/\/eu-central-1\.console\.aws\.amazon\.com\/s3\/object\//;
      if (!isOwn.test(source)) dangers.push(`${type} ${source}`);
    } else if (/KATEX|MENTION|TIMESTAMP|EMOJI|COLOR|BIG/.test(type ?? '')) {
      dangers.push(type ?? '');
    }
    for (const child of Object.values(node)) visit(child);
  };
  if (text !== '') visit(parse(text, PARSER_OPTIONS));
  return dangers;
};

describe('a caption whose template has markup of its own', () => {
  it('gets no link, image, formula, mention, emoji or time from a value', async () => {
    for (const template of WITH_MARKUP) expect(templateFaults(template)).toEqual([]);
    await fc.assert(
      fc.asyncProperty(hostileKey, fc.constantFrom(...WITH_MARKUP), async (key, template) => {
        const text = caption(template, await valuesOf(key));
        expect([...dangersIn(text), ...mentionsIn(text), ...channelsIn(text)]).toEqual([]);
      }),
      { numRuns: 3_000, seed: SEED },
    );
  });
});
