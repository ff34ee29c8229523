import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { getLanguageService, type LanguageService, TextDocument } from 'vscode-json-languageservice';
import { cdkJsonSchema } from '../../lib/infra/config/json-schema.ts';

const ROOT = new URL('../../', import.meta.url);
const textOf = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');

// The language service is the part of VS Code that completes and checks JSON files.
let service: LanguageService;
beforeAll(() => {
  service = getLanguageService({
    schemaRequestService: async (uri) => readFileSync(new URL(uri), 'utf8'),
    workspaceContext: { resolveRelativePath: (path, resource) => new URL(path, resource).href },
  });
});

const open = (text: string) => {
  const document = TextDocument.create(new URL('cdk.json', ROOT).href, 'json', 1, text);
  return { document, json: service.parseJSONDocument(document) };
};
const withRelay = (relay: unknown): string =>
  JSON.stringify({ $schema: './relay.schema.json', app: 'node app.js', context: { relay } });
const faultsOf = async (text: string): Promise<string[]> => {
  const { document, json } = open(text);
  return (await service.doValidation(document, json, {}, undefined)).map(({ message }) => String(message));
};
const valid = { rocketChatUrl: 'https://chat.acme.test', routes: [{ room: '#general' }] };

describe('relay.schema.json', () => {
  it('is up to date: "npm run build:schema" writes it', () => {
    expect(textOf('relay.schema.json')).toBe(`${JSON.stringify(cdkJsonSchema(), null, 2)}\n`);
  });

  it('is named by cdk.json, in which VS Code finds no fault', async () => {
    expect(JSON.parse(textOf('cdk.json'))).toMatchObject({ $schema: './relay.schema.json' });
    expect(await faultsOf(textOf('cdk.json'))).toEqual([]);
  });

  it('accepts every example of docs/configuration.md', async () => {
    const examples = [...textOf('docs/configuration.md').matchAll(/^```json\n(.*?)^```$/gms)];
    expect(examples.length).toBeGreaterThan(3);
    for (const [, json = ''] of examples) expect(await faultsOf(withRelay(JSON.parse(json)))).toEqual([]);
  });

  it.each<[string, object, string]>([
    ['an unknown key', { ...valid, filesAtOne: 1 }, 'Property filesAtOne is not allowed.'],
    ['an unknown key of a route', { ...valid, routes: [{ room: '#a', prefx: 'a' }] }, 'Property prefx is not allowed.'],
    ['a missing key', { routes: valid.routes }, 'Missing property "rocketChatUrl".'],
    ['a wrong type', { ...valid, filesAtOnce: '5' }, 'Incorrect type. Expected "integer".'],
    ['a number that is too large', { ...valid, filesAtOnce: 11 }, 'Value is above the maximum of 10.'],
    ['another word', { ...valid, routes: [{ room: '#a', thread: 'week' }] }, 'Value is not accepted.'],
    ['an empty list', { ...valid, routes: [] }, 'Array has too few items. Expected 1 or more.'],
    ['a room with a space', { ...valid, routes: [{ room: 'a b' }] }, 'String does not match the pattern'],
    ['a route with two targets', { ...valid, routes: [{ room: '#a', ignore: true }] }, 'Matches multiple schemas'],
    ['a route without a target', { ...valid, routes: [{ prefix: 'a' }] }, 'Missing property'],
    ['an empty link', { ...valid, routes: [{ room: '#a', link: {} }] }, 'Missing property'],
    ['metadata in upper case', { ...valid, routes: [{ room: '#a', metadata: { A: 'b' } }] }, 'String does not match'],
  ])('marks %s in VS Code', async (_, relay, message) => {
    expect(await faultsOf(withRelay(relay))).toContainEqual(expect.stringContaining(message));
  });

  it('completes the keys of a route, and shows their documentation and defaults', async () => {
    const text = withRelay({ ...valid, routes: [{ roomFrom: {} }], retryForHours: 1 });
    const { document, json } = open(text);
    const at = (part: string, offset = 0) => document.positionAt(text.indexOf(part) + offset);
    const completed = await service.doComplete(document, at('{"roomFrom', 1), json);
    const labels = completed?.items.map(({ label }) => label) ?? [];
    for (const key of ['glob', 'tags', 'rooms', 'thread', 'caption']) expect(labels).toContain(key);
    const inside = await service.doComplete(document, at('"roomFrom":{', '"roomFrom":{'.length), json);
    expect(inside?.items.map(({ label }) => label).toSorted()).toEqual(['allow', 'keySegment', 'metadata']);
    const hover = await service.doHover(document, at('retryForHours', 2), json);
    expect(JSON.stringify(hover?.contents)).toMatch(/Hours for which transient failures are retried.*Default: 24/);
  });
});
