import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mayFit } from '../../lambdas/relay/domain/route.ts';
import {
  encodeFilterValue,
  MAX_FILTERS,
  type NotificationFilter,
  notificationFilters,
  overlap,
} from '../../lib/infra/storage/notification-filters.ts';

// Few letters, so that prefixes and suffixes often overlap; among them surrogate pairs and a multi-byte letter.
const part = fc.string({ unit: fc.constantFrom('a', 'b', '/', '.', 'ü', '😀', '😁'), maxLength: 4 });
const route = fc.record({ prefix: part, suffix: part }, { requiredKeys: [] });

const covers = (filter: NotificationFilter, { prefix = '', suffix = '' }: { prefix?: string; suffix?: string }) =>
  prefix.startsWith(filter.prefix) && suffix.endsWith(filter.suffix);

const overlapping = (filters: readonly NotificationFilter[]) =>
  filters.flatMap((a, i) => filters.slice(i + 1).map((b) => [a, b] as const)).filter(([a, b]) => overlap(a, b));

describe('notificationFilters', () => {
  it.each([
    { why: 'uses one filter for a route without conditions', routes: [{}], filters: [{ prefix: '', suffix: '' }] },
    {
      why: 'keeps separate filters for routes that do not overlap',
      routes: [{ prefix: 'b/' }, { prefix: 'a/' }],
      filters: [
        { prefix: 'a/', suffix: '' },
        { prefix: 'b/', suffix: '' },
      ],
    },
    {
      why: 'keeps separate filters for one prefix with different suffixes',
      routes: [
        { prefix: 'img/', suffix: '.png' },
        { prefix: 'img/', suffix: '.jpg' },
      ],
      filters: [
        { prefix: 'img/', suffix: '.png' },
        { prefix: 'img/', suffix: '.jpg' },
      ],
    },
    {
      why: 'uses one filter if a route matches every object',
      routes: [{ prefix: 'a/' }, {}],
      filters: [{ prefix: '', suffix: '' }],
    },
    {
      why: 'adds no filter for a route that another one covers',
      routes: [{ prefix: 'a/b/' }, { prefix: 'a/' }],
      filters: [{ prefix: 'a/', suffix: '' }],
    },
    {
      why: 'merges overlapping routes into a filter that covers both',
      routes: [
        { prefix: 'img/', suffix: '.thumb.jpg' },
        { prefix: 'img/x/', suffix: '.jpg' },
      ],
      filters: [{ prefix: 'img/', suffix: '.jpg' }],
    },
    {
      why: 'merges again if a merged filter overlaps with an earlier one',
      routes: [
        { prefix: 'a/x', suffix: '.c' },
        { prefix: 'a/', suffix: '.b.c' },
        { prefix: 'a/y', suffix: '.c' },
      ],
      filters: [{ prefix: 'a/', suffix: '.c' }],
    },
    {
      why: 'uses the literal texts at the ends of a glob',
      routes: [{ glob: 'reports/**/*.pdf' }, { glob: '{in,out}/x*' }, { prefix: 'z/', glob: '**/*.txt' }],
      filters: [
        { prefix: 'in/x', suffix: '' },
        { prefix: 'out/x', suffix: '' },
        { prefix: 'reports/', suffix: '.pdf' },
        { prefix: 'z/', suffix: '.txt' },
      ],
    },
    {
      why: 'uses one filter for a glob without literal texts',
      routes: [{ glob: '**' }, { prefix: 'a/' }],
      filters: [{ prefix: '', suffix: '' }],
    },
    {
      why: 'adds no filter for a route that ignores its objects',
      routes: [{ prefix: 'a/' }, { prefix: 'tmp/', ignore: true as const }, { ignore: true as const }],
      filters: [{ prefix: 'a/', suffix: '' }],
    },
    {
      why: 'ends a literal text at an escaped asterisk',
      routes: [{ glob: '100\\*/a.pdf' }],
      filters: [{ prefix: '100', suffix: '/a.pdf' }],
    },
  ])('$why', ({ routes, filters }) => {
    expect(notificationFilters(routes)).toEqual(filters);
  });

  it('covers every route with exactly one filter, and no two filters overlap', () => {
    fc.assert(
      fc.property(fc.array(route, { minLength: 1, maxLength: 12 }), (routes) => {
        const filters = notificationFilters(routes);
        expect(overlapping(filters)).toEqual([]);
        for (const each of routes) expect(filters.filter((filter) => covers(filter, each))).toHaveLength(1);
      }),
      { numRuns: 2000 },
    );
  });

  it('covers every key that a route posts', async () => {
    const glob = fc
      .array(fc.constantFrom('a', 'b', '/', '.', 'ü', '*', '**', '?', '[ab]', '{a,b}', '\\*'), {
        minLength: 1,
        maxLength: 6,
      })
      .map((parts) => parts.join(''));
    const key = fc.string({ unit: fc.constantFrom('a', 'b', '/', '.', 'ü', '*'), minLength: 1, maxLength: 6 });
    const routes = fc.array(fc.record({ prefix: part, suffix: part, glob }, { requiredKeys: [] }), {
      minLength: 1,
      maxLength: 6,
    });
    fc.assert(
      fc.property(routes, key, (list, uploaded) => {
        if (!mayFit(list, { key: uploaded, sizeBytes: 1 })) return;
        const filters = notificationFilters(list);
        expect(overlapping(filters)).toEqual([]);
        expect(
          filters.filter(({ prefix, suffix }) => uploaded.startsWith(prefix) && uploaded.endsWith(suffix)),
        ).toHaveLength(1);
      }),
      { numRuns: 5_000 },
    );
  });

  it('does not depend on the order of the routes', () => {
    fc.assert(
      fc.property(fc.array(route, { minLength: 1, maxLength: 8 }), (routes) => {
        expect(notificationFilters(routes.toReversed())).toEqual(notificationFilters(routes));
      }),
      { numRuns: 2000 },
    );
  });

  it('equals the routes if no two of them overlap', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ prefix: part, suffix: part }), { minLength: 1, maxLength: 8 }), (routes) => {
        fc.pre(overlapping(routes).length === 0);
        expect(new Set(notificationFilters(routes).map((f) => JSON.stringify(f)))).toEqual(
          new Set(routes.map((r) => JSON.stringify(r))),
        );
      }),
    );
  });

  it('merges the filters with the longest common parts if a bucket would have too many', () => {
    const routes = Array.from({ length: 130 }, (_, i) => ({
      prefix: i < 99 ? `team-${i}-😀/` : `x/${'y'.repeat(i)}/`,
    }));
    const filters = notificationFilters(routes);
    expect(filters).toHaveLength(MAX_FILTERS);
    expect(overlapping(filters)).toEqual([]);
    for (const each of routes) expect(filters.filter((filter) => covers(filter, each))).toHaveLength(1);
    expect(filters.map(({ prefix }) => prefix)).toContain('team-42-😀/');
  });

  it('shortens values whose encoded form is too long for S3, at the end of a character', () => {
    const [filter] = notificationFilters([{ prefix: '😀'.repeat(200), suffix: 'ü'.repeat(400) }]);
    expect(filter).toEqual({ prefix: '😀'.repeat(85), suffix: 'ü'.repeat(170) });
  });
});

describe('encodeFilterValue', () => {
  it.each([
    ['invoices/2026/', 'invoices/2026/'],
    ["A-z_0.9!'()", "A-z_0.9!'()"],
    ['in box/', 'in+box/'],
    ['a+b=c~d', 'a%2Bb%3Dc%7Ed'],
    ['über😀', '%C3%BCber%F0%9F%98%80'],
  ])('encodes %j as %j', (value, encoded) => {
    expect(encodeFilterValue(value)).toBe(encoded);
  });
});
