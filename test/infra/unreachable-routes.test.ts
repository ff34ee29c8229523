import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { objectFacts } from '../../lambdas/relay/domain/object-facts.ts';
import { firstMisfit } from '../../lambdas/relay/domain/route.ts';
import type { Route } from '../../lambdas/relay/domain/settings.ts';
import { unreachableRoutes } from '../../lib/infra/config/unreachable-routes.ts';
import { createdObject } from '../helpers/factories.ts';
import { synthesise } from './synthesise.ts';

describe('unreachableRoutes', () => {
  it.each<[string, Route, Route, boolean]>([
    ['a route without conditions', {}, { prefix: 'a/' }, true],
    ['a route that ignores everything', { ignore: true }, { room: '#a' }, true],
    ['the same route', { prefix: 'a/', contentTypes: ['a/b'] }, { prefix: 'a/', contentTypes: ['A/b'] }, true],
    ['a shorter prefix and suffix', { prefix: 'a', suffix: 'f' }, { prefix: 'a/', suffix: '.pdf' }, true],
    ['a longer prefix', { prefix: 'a/b/' }, { prefix: 'a/' }, false],
    ['another suffix', { suffix: '.jpg' }, { suffix: '.pdf' }, false],
    ['a wider size range', { minSizeBytes: 1, maxSizeBytes: 9 }, { minSizeBytes: 2, maxSizeBytes: 9 }, true],
    ['a size range that ends earlier', { maxSizeBytes: 9 }, {}, false],
    ['a size range that begins later', { minSizeBytes: 1 }, {}, false],
    ['a wider content type', { contentTypes: ['image/*'] }, { contentTypes: ['image/png', 'Image/GIF'] }, true],
    ['one of two content types', { contentTypes: ['image/png'] }, { contentTypes: ['image/png', 'a/b'] }, false],
    ['a content type of a route for all types', { contentTypes: ['image/*'] }, {}, false],
    ['fewer metadata', { metadata: { a: '1' } }, { metadata: { a: '1', b: '2' } }, true],
    ['other metadata', { metadata: { a: '1' } }, { metadata: { a: '2' } }, false],
    ['more tags', { tags: { a: '1', b: '2' } }, { tags: { a: '1' } }, false],
    ['the prefix of a glob', { prefix: 'a/' }, { glob: 'a/**/*.pdf' }, true],
    ['a longer prefix than one alternative has', { prefix: 'a/' }, { glob: '{a,b}/*' }, false],
    ['the same glob', { glob: '*.{a,b}' }, { glob: '*.{a,b}', prefix: 'x' }, true],
    ['the same glob and a prefix', { glob: '*.{a,b}', prefix: 'x' }, { glob: '*.{a,b}' }, false],
    ['another glob', { glob: '*.a' }, { glob: '*.b' }, false],
    ['a glob that fits the only key', { glob: 'a/*' }, { glob: 'a/b' }, true],
    ['a suffix that the only key has', { suffix: '.pdf' }, { glob: 'a/b.pdf' }, true],
    ['a glob that does not fit the only key', { glob: 'a/*' }, { glob: 'a/b/c' }, false],
    [
      'a longer allow-list of the same segment',
      { roomFrom: { keySegment: 0, allow: ['#a', '#b'] } },
      { roomFrom: { keySegment: 0, allow: ['#b'] } },
      true,
    ],
    ['an allow-list', { roomFrom: { keySegment: 0, allow: ['#a'] } }, { room: '#b' }, false],
    [
      'an allow-list of another segment',
      { roomFrom: { keySegment: 1, allow: ['#a'] } },
      { roomFrom: { keySegment: 0, allow: ['#a'] } },
      false,
    ],
  ])('reports a route after %s if it takes all its objects', (_, earlier, later, isShadowed) => {
    const between = { prefix: 'else/', suffix: '.else', room: '#x' };
    expect(unreachableRoutes([earlier, between, later]).filter(({ place }) => place === 2)).toEqual(
      isShadowed ? [{ place: 2, shadowedBy: 0 }] : [],
    );
  });

  it('reports no route that an object reaches', async () => {
    const part = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 2 });
    const option = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
    const route: fc.Arbitrary<Route> = fc.record({
      prefix: option(part),
      suffix: option(part),
      glob: option(fc.constantFrom('*', '**', 'a*', '{a,b}/*', '*/b', 'a/b', 'b')),
      minSizeBytes: option(fc.nat(2)),
      maxSizeBytes: option(fc.nat(2)),
      contentTypes: option(fc.constantFrom<string[]>(['image/*'], ['image/png'], ['image/png', 'text/plain'])),
      metadata: option(fc.constantFrom({ a: '1' }, { a: '2' }, { a: '1', b: '1' })),
      tags: option(fc.constantFrom({ a: '1' }, { a: '2' }, { a: '1', b: '1' })),
      roomFrom: option(fc.constantFrom({ keySegment: 0, allow: ['#a'] }, { keySegment: 0, allow: ['#a', '#b'] })),
    });
    const values = fc.constantFrom(
      new Map(),
      new Map([['a', '1']]),
      new Map([
        ['a', '1'],
        ['b', '1'],
      ]),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(route, { maxLength: 6 }),
        fc.string({ unit: fc.constantFrom('a', 'b', '/'), minLength: 1, maxLength: 4 }),
        fc.nat(2),
        fc.constantFrom('image/png', 'text/plain'),
        values,
        async (routes, key, sizeBytes, contentType, named) => {
          const facts = objectFacts(createdObject({ key, sizeBytes }), {
            details: async () => ({ contentType, metadata: named }),
            tags: async () => named,
          });
          const misfits = await Promise.all(routes.map((each) => firstMisfit(each, facts)));
          const taken = misfits.indexOf(undefined);
          expect(unreachableRoutes(routes).map(({ place }) => place)).not.toContain(taken);
        },
      ),
      { numRuns: 3_000 },
    );
  });
});

describe('a route that can never match', () => {
  it('is a warning on synth that names it and the earlier route', () => {
    const routes = [{ prefix: 'in/', room: '#a' }, { room: '#b' }, { prefix: 'out/', room: '#c' }];
    expect(synthesise({ routes }).warnings).toContainEqual(
      expect.stringMatching(
        /^routes\[2\] of the relay can never match: routes\[1\], which comes before it, matches every/,
      ),
    );
    expect(synthesise({ routes: routes.slice(0, 2) }).warnings.join()).not.toContain('can never match');
  });
});
