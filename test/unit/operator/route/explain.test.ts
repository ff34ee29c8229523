import { describe, expect, it } from 'vitest';
import type { Settings } from '../../../../lambdas/relay/domain/settings.ts';
import { type Explanation, explain } from '../../../../lib/operator/route/explain.ts';
import { givenObject, type ObjectOptions } from '../../../../lib/operator/route/given-object.ts';
import { parsedCaption } from '../../../../lib/operator/route/parsed-caption.ts';

type Routes = Settings['routes'];
const explained = (routes: Routes, key: string, options: ObjectOptions = {}, eventBridge = false) =>
  explain({ routes, eventBridge }, givenObject(key, options));
const whyNot = async (route: Routes[number], key: string, options?: ObjectOptions) =>
  (await explained([route], key, options)).routes[0];

describe('explain', () => {
  it('names the route that takes an object, the rooms, the file name and the caption', async () => {
    const routes = [
      { prefix: 'out/', room: '#out' },
      { glob: 'in/**/*.pdf', rooms: ['#a', '@b'], caption: 'New: {fileName} ({size})' },
      { room: '#rest' },
    ];
    expect(await explained(routes, 'in/2026/q1.pdf', { size: '2048' })).toEqual({
      key: 'in/2026/q1.pdf',
      outcome: 'posted',
      route: 1,
      rooms: ['#a', '@b'],
      fileName: 'q1.pdf',
      caption: expect.stringContaining('q1.pdf'),
      captionParts: expect.arrayContaining([{ kind: 'text', text: expect.stringMatching(/^New: /) }]),
      routes: [
        { place: 0, fits: false, why: 'the key does not begin with "out/"' },
        { place: 1, fits: true, why: undefined },
        { place: 2, fits: true, why: undefined },
      ],
      event: { passes: true, by: 'S3', filters: ['every object'] },
    } satisfies Explanation);
  });

  it.each<[string, Routes[number], string, ObjectOptions, string]>([
    ['the prefix', { prefix: 'a/' }, 'b', {}, 'the key does not begin with "a/"'],
    ['the suffix', { suffix: '.pdf' }, 'a.txt', {}, 'the key does not end with ".pdf"'],
    ['the glob', { glob: '*.pdf' }, 'a/b.pdf', {}, 'the key does not match the glob "*.pdf"'],
    ['the smallest size', { minSizeBytes: 5 }, 'a', { size: '4' }, '4 bytes are less than minSizeBytes, 5'],
    ['the largest size', { maxSizeBytes: 5 }, 'a', { size: '6' }, '6 bytes are more than maxSizeBytes, 5'],
    [
      'the content type',
      { contentTypes: ['image/*', 'a/b'] },
      'a',
      { contentType: 'text/plain' },
      'the content type "text/plain" is none of image/*, a/b',
    ],
    [
      'metadata that is missing',
      { metadata: { a: '1', b: '2' } },
      'a',
      { metadata: ['A=1'] },
      'the metadata value "b" is missing; it must be "2"',
    ],
    ['a tag', { tags: { a: '1' } }, 'a', { tag: ['a=x=y'] }, 'the tag "a" is "x=y", not "1"'],
    [
      'the segment',
      { roomFrom: { keySegment: 1, allow: ['#x', '@y'] } },
      'a/z/c',
      {},
      'segment 1 of the key is "z", which names none of #x, @y',
    ],
    [
      'a segment that is missing',
      { roomFrom: { keySegment: 1, allow: ['#x'] } },
      'a/z',
      {},
      'there is no segment 1 of the key',
    ],
    [
      'the metadata value of the room',
      { roomFrom: { metadata: 'team', allow: ['#x'] } },
      'a',
      { metadata: ['team=y'] },
      'the metadata value "team" is "y", which names none of #x',
    ],
    [
      'a metadata value of the room that is missing',
      { roomFrom: { metadata: 'team', allow: ['#x'] } },
      'a',
      {},
      'there is no metadata value "team"',
    ],
    [
      'the first of several',
      { prefix: 'a/', suffix: '.x', maxSizeBytes: 1 },
      'b',
      { size: '2' },
      'the key does not begin with "a/"',
    ],
  ])('says that a route does not fit because of %s', async (_, route, key, options, why) => {
    expect(await whyNot(route, key, options)).toEqual({ place: 0, fits: false, why });
  });

  it.each<[string, Routes[number], ObjectOptions, string]>([
    ['the size', { maxSizeBytes: 5 }, {}, 'depends on --size'],
    ['the content type', { contentTypes: ['a/b'] }, { size: '1' }, 'depends on --content-type'],
    ['both', { minSizeBytes: 1, contentTypes: ['a/b'] }, {}, 'depends on --size and --content-type'],
  ])('leaves a route undecided that depends on %s, and the outcome with it', async (_, route, options, why) => {
    const { outcome, rooms, routes } = await explained(
      [{ prefix: 'x', room: '#x' }, { ...route, room: '#a' }, { room: '#b' }],
      'k',
      options,
    );
    expect({ outcome, rooms }).toEqual({ outcome: 'undecided', rooms: [] });
    expect(routes[1]).toEqual({ place: 1, fits: 'undecided', why });
  });

  it('is not undecided if another condition or an earlier route decides', async () => {
    const small = { prefix: 'in/', maxSizeBytes: 5, room: '#a' };
    expect((await explained([small, { room: '#b' }], 'out/a')).rooms).toEqual(['#b']);
    expect((await explained([{ room: '#b' }, small], 'in/a')).rooms).toEqual(['#b']);
  });

  it.each<[string, Routes, string, ObjectOptions, Partial<Explanation>]>([
    ['no route fits', [{ prefix: 'a/', room: '#a' }], 'b', {}, { outcome: 'no route fits', route: undefined }],
    [
      'a route ignores it',
      [{ glob: '*.tmp', ignore: true }, { room: '#a' }],
      'x.tmp',
      {},
      { outcome: 'ignored by a route', route: 0, rooms: [] },
    ],
    ['it marks a folder', [{ room: '#a' }], 'a/', { size: '0' }, { outcome: 'directory marker' }],
    [
      'Rocket.Chat stored it',
      [{ room: '#a' }],
      'a7bX2c9dEf3gHjKmN/uploads/GENERAL/a7bX2c9dEf3gHjKmN/a7bX2c9dEf3gHjKmN',
      {},
      { outcome: 'own upload of Rocket.Chat' },
    ],
    [
      'its key names an allowed room',
      [{ roomFrom: { keySegment: 0, allow: ['#sales'] } }],
      'sales/a',
      {},
      { outcome: 'posted', rooms: ['#sales'] },
    ],
  ])('says what happens to an object if %s', async (_, routes, key, options, expected) => {
    expect(await explained(routes, key, options)).toMatchObject(expected);
  });

  it.each<[string, Routes, string, boolean, Explanation['event']]>([
    [
      'S3',
      [{ prefix: 'a/', suffix: '.b', room: '#a' }],
      'a/x.b',
      false,
      { passes: true, by: 'S3', filters: ['prefix "a/", suffix ".b"'] },
    ],
    [
      'S3',
      [{ prefix: 'a/', room: '#a' }, { ignore: true }],
      'b',
      false,
      { passes: false, by: 'S3', filters: ['prefix "a/"'] },
    ],
    [
      'S3',
      [{ glob: '{a,b}/*.c', room: '#a' }],
      'b/.c',
      false,
      { passes: true, by: 'S3', filters: ['prefix "b/", suffix ".c"'] },
    ],
    [
      'EventBridge',
      [{ prefix: 'a/', room: '#a' }],
      'b',
      true,
      { passes: false, by: 'EventBridge', filters: ['prefix "a/"'] },
    ],
    ['EventBridge', [{ room: '#a' }], 'b', true, { passes: true, by: 'EventBridge', filters: ['every object'] }],
    [
      'EventBridge',
      [{ prefix: 'a\\', suffix: '.b', room: '#a' }],
      'a\\x.b',
      true,
      { passes: true, by: 'EventBridge', filters: ['wildcard "a\\\\\\\\*.b"'] },
    ],
  ])('says whether the filter of %s lets the event through', async (_, routes, key, eventBridge, event) => {
    expect((await explained(routes, key, {}, eventBridge)).event).toEqual(event);
  });
});

describe('parsedCaption', () => {
  it.each([
    ['', []],
    [
      'a `b` c',
      [
        { kind: 'text', text: 'a ' },
        { kind: 'code', text: 'b' },
        { kind: 'text', text: ' c' },
      ],
    ],
    [
      'a\nb',
      [
        { kind: 'text', text: 'a' },
        { kind: 'text', text: 'b' },
      ],
    ],
    ['@all', [{ kind: 'mention_user', text: 'all' }]],
    ['*b*', [{ kind: 'bold', text: 'b' }]],
    ['[x](https://a.test)', [{ kind: 'link', text: expect.stringContaining('https://a.test') }]],
  ])('of %j has the parts that Rocket.Chat finds', (caption, parts) => {
    const joined = parsedCaption(caption);
    if (caption === 'a\nb')
      expect(
        joined
          .map(({ text }) => text)
          .join('')
          .replace('\n', ''),
      ).toBe('ab');
    else expect(joined).toEqual(parts);
  });
});
