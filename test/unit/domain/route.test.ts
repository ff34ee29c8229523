import { describe, expect, it } from 'vitest';
import { objectFacts } from '../../../lambdas/relay/domain/object-facts.ts';
import { isDirectoryMarker, matchRoute } from '../../../lambdas/relay/domain/route.ts';
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
    ?.room;

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
    ).toEqual({ room: 'rest' });
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
    expect((await matchRoute(routes.slice(0, 1), factsOf('x', 1, contentType)))?.room).toBeUndefined();
    expect(asked).toBe(0);
    expect((await matchRoute(routes, factsOf('x', 1, contentType)))?.room).toBe('d');
    expect(asked).toBe(1);
  });

  it('rejects if the content type cannot be read', async () => {
    await expect(roomFor([{ contentTypes: ['a/b'], room: 'R' }], 'a')).rejects.toThrow('not needed');
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
