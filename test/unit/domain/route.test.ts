import { describe, expect, it } from 'vitest';
import { objectFacts } from '../../../lambdas/relay/domain/object-facts.ts';
import { firstMisfit, isDirectoryMarker, matchRoute, mayFit } from '../../../lambdas/relay/domain/route.ts';
import type { Route } from '../../../lambdas/relay/domain/settings.ts';
import { createdObject } from '../../helpers/factories.ts';

const never = () => Promise.reject(new Error('the content type is not needed here'));
const factsOf = (key: string, sizeBytes: number, contentType: () => Promise<string | undefined>) =>
  objectFacts(createdObject({ key, sizeBytes }), {
    details: async () => ({ contentType: await contentType(), metadata: new Map() }),
    tags: never,
  });
const roomFor = async (routes: Route[], key: string, sizeBytes = 10, contentType?: string) =>
  (await matchRoute(routes, factsOf(key, sizeBytes, contentType === undefined ? never : async () => contentType)))
    ?.rooms[0];

describe('matchRoute', () => {
  it.each<[string, Omit<Route, 'room'>, string, number, boolean]>([
    ['no condition', {}, 'a', 0, true],
    ['a prefix', { prefix: 'in/' }, 'in/a', 1, true],
    ['a prefix in another case', { prefix: 'in/' }, 'IN/a', 1, false],
    ['a suffix', { suffix: '.pdf' }, 'a.pdf', 1, true],
    ['a suffix that is not at the end', { suffix: '.pdf' }, 'a.pdf.txt', 1, false],
    ['a suffix in another case', { suffix: '.pdf' }, 'a.PDF', 1, false],
    ['a prefix and a suffix that overlap in the key', { prefix: 'aba', suffix: 'ba' }, 'aba', 1, true],
    ['exactly the minimum size', { minSizeBytes: 5 }, 'a', 5, true],
    ['a byte less than the minimum size', { minSizeBytes: 5 }, 'a', 4, false],
    ['exactly the maximum size', { maxSizeBytes: 5 }, 'a', 5, true],
    ['a byte more than the maximum size', { maxSizeBytes: 5 }, 'a', 6, false],
    ['all conditions', { prefix: 'x/', suffix: '.y', minSizeBytes: 1, maxSizeBytes: 3 }, 'x/z.y', 2, true],
    ['all conditions but one', { prefix: 'x/', suffix: '.y', minSizeBytes: 1, maxSizeBytes: 3 }, 'x/z.y', 4, false],
    ['a prefix with characters that are special in regular expressions', { prefix: 'a.c[' }, 'a.c[1]', 1, true],
    ['a dot, which is not a wildcard', { prefix: 'a.c' }, 'abc', 1, false],
  ])('evaluates %s (route %j, key %s, %i bytes): fits %s', async (_, conditions, key, sizeBytes, fits) => {
    expect(await roomFor([{ ...conditions, room: 'R' }], key, sizeBytes)).toBe(fits ? 'R' : undefined);
  });

  it('returns the first route that fits', async () => {
    const routes = [{ prefix: 'a/b/', room: 'deep' }, { prefix: 'a/', room: 'flat' }, { room: 'rest' }];
    expect(await roomFor(routes, 'a/b/c')).toBe('deep');
    expect(await roomFor(routes, 'a/c')).toBe('flat');
    expect(await roomFor(routes, 'c')).toBe('rest');
  });

  it.each([
    [['image/png'], 'image/png', true],
    [['image/png'], 'Image/PNG', true],
    [['Image/Png'], 'image/png', true],
    [['image/*'], 'image/svg+xml', true],
    [['image/*'], 'imagery/png', false],
    [['text/plain'], 'text/plain; charset=utf-8', true],
    [['text/plain'], ' text/plain ;x', true],
    [['application/pdf', 'image/*'], 'image/gif', true],
    [['application/pdf'], 'application/pdfx', false],
    [['application/pdf'], '', false],
  ])('compares the content types %j with %j: fits %s', async (contentTypes, contentType, fits) => {
    expect(await roomFor([{ contentTypes, room: 'R' }], 'a', 1, contentType)).toBe(fits ? 'R' : undefined);
  });

  it('skips a route with content types if the object has no content type', async () => {
    const routes = [{ contentTypes: ['image/*'], room: 'pictures' }, { room: 'rest' }];
    expect(
      await matchRoute(
        routes,
        factsOf('a', 1, async () => undefined),
      ),
    ).toMatchObject({ place: 1, rooms: ['rest'] });
  });

  it('reads the content type once, and only if a route depends on it', async () => {
    let asked = 0;
    const contentType = async () => {
      asked += 1;
      return 'text/plain';
    };
    const routes = [
      { prefix: 'other/', contentTypes: ['image/*'], room: 'a' },
      { contentTypes: ['image/*'], room: 'b' },
      { contentTypes: ['video/*'], room: 'c' },
      { room: 'd' },
    ];
    expect((await matchRoute(routes.slice(0, 1), factsOf('x', 1, contentType)))?.rooms[0]).toBeUndefined();
    expect(asked).toBe(0);
    expect((await matchRoute(routes, factsOf('x', 1, contentType)))?.rooms[0]).toBe('d');
    expect(asked).toBe(1);
  });

  it('rejects if the content type cannot be read', async () => {
    await expect(roomFor([{ contentTypes: ['a/b'], room: 'R' }], 'a')).rejects.toThrow('not needed');
  });
});

const facts = (
  given: {
    key?: string;
    sizeBytes?: number;
    contentType?: string;
    metadata?: Record<string, string>;
    tags?: Record<string, string>;
  } = {},
) => {
  const asked: string[] = [];
  const { key = 'a/b/c.pdf', sizeBytes = 1, contentType, metadata = {}, tags = {} } = given;
  return Object.assign(
    objectFacts(createdObject({ key, sizeBytes }), {
      details: async () => {
        asked.push('details');
        return { contentType, metadata: new Map(Object.entries(metadata)) };
      },
      tags: async () => {
        asked.push('tags');
        return new Map(Object.entries(tags));
      },
    }),
    { asked },
  );
};

describe('a route with a glob', () => {
  it.each([
    ['*.pdf', 'a.pdf', true],
    ['*.pdf', 'in/a.pdf', false],
    ['**/*.pdf', 'a.pdf', true],
    ['**/*.pdf', 'in/deep/a.pdf', true],
    ['in/**', 'in/deep/a', true],
    ['in/**', 'in', false],
    ['in/**/x', 'in/x', true],
    ['in/**/x', 'in/a/b/x', true],
    ['in/*/x', 'in//x', false],
    ['in//x', 'in//x', true],
    ['in//x', 'in/x', false],
    ['*.pdf', 'a.PDF', false],
    ['*', '.hidden', true],
    ['**/.git/**', 'a/.git/b', true],
    ['?.txt', 'ü.txt', true],
    ['?.txt', '😀.txt', true],
    ['[a-c].txt', 'b.txt', true],
    ['[!a-c].txt', 'b.txt', false],
    ['{in,out}/*', 'out/a', true],
    ['{in,out}/*', 'on/a', false],
    ['!a', '!a', true],
    ['!a', 'b', false],
    ['#a', '#a', true],
    ['@(a|b)', 'a', false],
    ['@(a|b)', '@(a|b)', true],
    ['a/../b', 'a/../b', true],
    ['a/../b', 'b', false],
    ['100\\*', '100*', true],
    ['100\\*', '1000', false],
    ['a\\b', 'ab', true],
    ['*.pdf', 'a.pdf/', false],
    ['a/*', 'a/b/', false],
    ['a/b', 'a/b/', false],
    ['a/*/', 'a/b/', true],
    ['a/**', 'a/b/', true],
    ['**', 'a/', true],
    ['a b+c%d', 'a b+c%d', true],
  ])('whose pattern is %j takes the key %j: %s', async (glob, key, fits) => {
    expect((await matchRoute([{ glob, room: 'R' }], facts({ key })))?.rooms).toEqual(fits ? ['R'] : undefined);
    expect(await firstMisfit({ glob, room: 'R' }, facts({ key }))).toBe(fits ? undefined : 'glob');
  });

  it('also tests the prefix and the suffix', async () => {
    const route = { prefix: 'in/', suffix: '.pdf', glob: '*/[ab]*', room: 'R' };
    expect(await firstMisfit(route, facts({ key: 'in/a.pdf' }))).toBeUndefined();
    expect(await firstMisfit(route, facts({ key: 'on/a.pdf' }))).toBe('prefix');
    expect(await firstMisfit(route, facts({ key: 'in/a.txt' }))).toBe('suffix');
    expect(await firstMisfit(route, facts({ key: 'in/c.pdf' }))).toBe('glob');
  });
});

describe('a route with metadata or tags', () => {
  it.each<[string, Partial<Route>, Parameters<typeof facts>[0], string | undefined]>([
    ['the same metadata', { metadata: { team: 'a' } }, { metadata: { team: 'a', more: 'b' } }, undefined],
    ['another value', { metadata: { team: 'a' } }, { metadata: { team: 'A' } }, 'metadata'],
    ['no such name', { metadata: { team: 'a' } }, {}, 'metadata'],
    ['one of two names', { metadata: { team: 'a', kind: 'b' } }, { metadata: { team: 'a' } }, 'metadata'],
    ['a name of an object', { metadata: { constructor: 'a' } }, {}, 'metadata'],
    ['the same tags', { tags: { Team: 'a' } }, { tags: { Team: 'a', more: 'b' } }, undefined],
    ['a tag in another case', { tags: { Team: 'a' } }, { tags: { team: 'a' } }, 'tags'],
    ['a tag with another value', { tags: { Team: 'a' } }, { tags: { Team: 'a ' } }, 'tags'],
    ['an empty tag', { tags: { done: '' } }, { tags: { done: '' } }, undefined],
    ['metadata, and a wrong tag', { metadata: { a: '1' }, tags: { b: '2' } }, { metadata: { a: '1' } }, 'tags'],
  ])('of an object with %s', async (_, conditions, given, misfit) => {
    const route = { ...conditions, room: 'R' };
    expect(await firstMisfit(route, facts(given))).toBe(misfit);
    expect((await matchRoute([route], facts(given)))?.rooms).toEqual(misfit === undefined ? ['R'] : undefined);
  });

  it('reads tags only if the conditions on everything else hold, and both once', async () => {
    const routes: Route[] = [
      { prefix: 'other/', tags: { a: '1' }, room: 'a' },
      { maxSizeBytes: 0, tags: { a: '1' }, room: 'b' },
      { contentTypes: ['image/*'], tags: { a: '1' }, room: 'c' },
      { room: 'd' },
    ];
    const object = facts({ contentType: 'text/plain' });
    expect((await matchRoute(routes, object))?.rooms).toEqual(['d']);
    expect(object.asked).toEqual(['details']);
    const tagged = facts({ contentType: 'image/png' });
    const twice: Route[] = [
      { contentTypes: ['image/*'], tags: { a: '1' }, room: 'c' },
      { metadata: { x: 'y' }, room: 'e' },
      { tags: { a: '2' }, room: 'f' },
    ];
    expect(await matchRoute(twice, tagged)).toBeUndefined();
    expect(tagged.asked).toEqual(['details', 'tags']);
  });
});

describe('the rooms of a route', () => {
  const allow = ['#sales', '#Ops', '@alice', 'GENERAL'];
  it.each([
    ['sales', '#sales'],
    ['#sales', '#sales'],
    ['Sales', undefined],
    ['ops', undefined],
    ['Ops', '#Ops'],
    ['@alice', '@alice'],
    ['alice', undefined],
    ['@bob', undefined],
    ['GENERAL', 'GENERAL'],
    ['general', undefined],
    ['', undefined],
    ['all', undefined],
    ['__proto__', undefined],
    ['sales ', undefined],
    ['a'.repeat(900), undefined],
  ])('taken from the value %j are %j; a value that is not allowed goes to the next routes', async (value, room) => {
    const rest = { room: '#rest' };
    const expected = [room ?? '#rest'];
    const byMetadata = [{ roomFrom: { metadata: 'team', allow } }, rest];
    expect((await matchRoute(byMetadata, facts({ metadata: { team: value } })))?.rooms).toEqual(expected);
    const byKey = [{ roomFrom: { keySegment: 1, allow } }, rest];
    expect((await matchRoute(byKey, facts({ key: `in/${value}/file` })))?.rooms).toEqual(expected);
  });

  it.each([
    ['in/sales', 1],
    ['sales', 0],
    ['in', 7],
    ['', 0],
  ])(
    'are not taken from the file name or a segment that does not exist (key %j, segment %i)',
    async (key, keySegment) => {
      const route = { roomFrom: { keySegment, allow } };
      expect(await matchRoute([route], facts({ key }))).toBeUndefined();
      expect(await firstMisfit(route, facts({ key }))).toBe('roomFrom');
      expect(mayFit([route], { key, sizeBytes: 1 })).toBe(false);
    },
  );

  it('are not taken from metadata that the object does not have', async () => {
    const route = { roomFrom: { metadata: 'team', allow } };
    expect(await firstMisfit(route, facts())).toBe('roomFrom');
    expect(mayFit([route], { key: 'a', sizeBytes: 1 })).toBe(true);
  });

  it.each<[string, Route, string[]]>([
    ['one room', { room: '#a' }, ['#a']],
    ['several rooms', { rooms: ['#a', '@b', 'C'] }, ['#a', '@b', 'C']],
    ['none, for a route that ignores', { ignore: true }, []],
  ])('are %s', async (_, route, rooms) => {
    expect(await matchRoute([route], facts())).toEqual({ place: 0, route, rooms });
  });

  it('are none for an object that a route ignores, although a later route would post it', async () => {
    const routes: Route[] = [{ glob: '**/*.tmp', ignore: true }, { room: '#rest' }];
    expect((await matchRoute(routes, facts({ key: 'a/b.tmp' })))?.rooms).toEqual([]);
    expect((await matchRoute(routes, facts({ key: 'a/b.txt' })))?.rooms).toEqual(['#rest']);
  });
});

describe('isDirectoryMarker', () => {
  it.each([
    ['a/', 0, true],
    ['a/', 1, false],
    ['a', 0, false],
    ['/', 0, true],
  ])('of the key %j with %i bytes is %s', (key, sizeBytes, is) => {
    expect(isDirectoryMarker({ key, sizeBytes })).toBe(is);
  });
});
