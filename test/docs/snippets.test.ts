import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readRelayContext } from '../../lib/infra/config/context.ts';
import { allPages, ROOT, type Snippet, snippetsOf } from './pages.ts';

const snippets = allPages.flatMap(snippetsOf);
const named = (wanted: readonly string[]): [string, Snippet][] =>
  snippets.filter(({ language }) => wanted.includes(language)).map((each) => [`${each.page}:${each.line}`, each]);

/** A snippet may show a part of cdk.json, which begins with a key. */
const parsed = ({ code }: Snippet): unknown => JSON.parse(code.trim().startsWith('"') ? `{${code}}` : code);

type Values = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Values =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The settings of the relay that a snippet shows: of cdk.json, of its context, or alone. */
const relayOf = (value: unknown): unknown => {
  if (!isObject(value)) return undefined;
  const context = isObject(value['context']) ? value['context'] : value;
  return context['relay'] ?? ('routes' in value ? value : undefined);
};
const check = (relay: unknown) =>
  readRelayContext((key) => ({ relay, allowExample: 'true' })[key as 'relay' | 'allowExample']);

describe('the JSON in the documents', () => {
  it.each(named(['json']))('%s is JSON, and settings in it are valid', (_, snippet) => {
    const relay = relayOf(parsed(snippet));
    if (relay !== undefined) expect(() => check(relay)).not.toThrow();
  });

  it('contains settings of the relay, in README.md too', () => {
    const withSettings = named(['json']).filter(([, snippet]) => relayOf(parsed(snippet)) !== undefined);
    const pages = withSettings.map(([, { page }]) => page);
    expect(pages).toEqual(expect.arrayContaining(['README.md', 'docs/configuration.md', 'docs/environments.md']));
    expect(withSettings.length).toBeGreaterThanOrEqual(9);
  });

  it('is not valid with an unknown key', () => {
    expect(() => check({ rocketChatUrl: 'https://chat.acme.test', routes: [{ room: '#a' }] })).not.toThrow();
    expect(() => check({ rocketChatUrl: 'https://chat.acme.test', routes: [{ rom: '#a' }] })).toThrow('rom');
  });
});

const bashFault = (code: string): string => {
  const { status, stderr, error } = spawnSync('bash', ['-n'], { input: code, encoding: 'utf8' });
  if (error !== undefined) throw error;
  return status === 0 ? '' : stderr;
};

describe('the shell snippets in the documents', () => {
  it.each(named(['sh', 'bash']))('%s has the syntax of a shell', (_, { code }) => {
    expect(bashFault(code)).toBe('');
  });

  it('exist, and a wrong one is found', () => {
    expect(named(['sh']).length).toBeGreaterThan(20);
    expect(bashFault('if true; then')).toContain('syntax error');
  });
});

describe('the messages of the CDK CLI in docs/operating.md', () => {
  const page = readFileSync(join(ROOT, 'docs/operating.md'), 'utf8');
  const cli = readFileSync(join(ROOT, 'node_modules/aws-cdk/lib/index.js'), 'utf8');

  it.each([
    'Unable to resolve AWS account to use. It must be either configured when you define your CDK Stack, or through the environment',
    "Has the environment been bootstrapped? Please run 'cdk bootstrap' (see https://docs.aws.amazon.com/cdk/latest/guide/bootstrapping.html)",
    'but are for the right account. Proceeding anyway.',
    'terminal (TTY) is not attached so we are unable to get a confirmation from the user',
    'Do you wish to deploy these changes?',
    'Deployment cancelled',
  ])('are those of the installed version: %s', (message) => {
    expect(page.includes(message)).toBe(true);
    expect(cli.includes(message)).toBe(true);
  });

  it('name the installed version', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'node_modules/aws-cdk/package.json'), 'utf8'));
    expect(page).toContain(`CDK ${version.split('.').slice(0, 2).join('.')}.`);
  });
});
