import fc from 'fast-check';
import { expect, it } from 'vitest';
import { globAlternatives } from '../../../lambdas/relay/domain/glob.ts';
import { objectFacts } from '../../../lambdas/relay/domain/object-facts.ts';
import { matchRoute, mayFit } from '../../../lambdas/relay/domain/route.ts';
import { routeIndex } from '../../../lambdas/relay/domain/route-index.ts';
import type { Route } from '../../../lambdas/relay/domain/settings.ts';
import { createdObject } from '../../helpers/factories.ts';

// Few characters, one of them two code units long, so that prefixes and suffixes often match a key.
const part = fc.string({ unit: fc.constantFrom('a', 'b', '/', '😀', '\u0000'), maxLength: 4 });
const glob = fc
  .array(fc.constantFrom('a', 'b', '/', '😀', '*', '**', '?', '[ab]', '{a,b/}', '\\*'), { minLength: 1, maxLength: 5 })
  .map((parts) => parts.join(''));
const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
const routes = fc.array(
  fc.record({
    room: fc.nat().map(String),
    prefix: optional(part),
    suffix: optional(part),
    glob: optional(glob),
    minSizeBytes: optional(fc.nat(3)),
    maxSizeBytes: optional(fc.nat(3)),
  }),
  { maxLength: 12 },
);

const fitsKey = ({ prefix = '', suffix = '', glob: pattern }: Route, key: string) =>
  key.startsWith(prefix) &&
  key.endsWith(suffix) &&
  (pattern === undefined || globAlternatives(pattern).some(({ matches }) => matches(key)));
const fits = (route: Route, key: string, sizeBytes: number) =>
  fitsKey(route, key) &&
  sizeBytes >= (route.minSizeBytes ?? 0) &&
  sizeBytes <= (route.maxSizeBytes ?? Number.MAX_VALUE);

it('finds the same routes in the same order as a test of each route', () => {
  fc.assert(
    fc.property(routes, part, (list, key) => {
      expect(routeIndex(list)(key).map(({ place }) => place)).toEqual(
        [...list.entries()].filter(([, route]) => fitsKey(route, key)).map(([place]) => place),
      );
    }),
    { numRuns: 2_000 },
  );
});

it('makes matchRoute return the first route of which all conditions hold', async () => {
  await fc.assert(
    fc.asyncProperty(routes, part, fc.nat(3), async (list, key, sizeBytes) => {
      const object = createdObject({ key, sizeBytes });
      const nothing = () => Promise.reject(new Error('only the event is needed'));
      const facts = objectFacts(object, { details: nothing, tags: nothing });
      const expected = list.find((route) => fits(route, key, sizeBytes));
      expect((await matchRoute(list, facts))?.route).toBe(expected);
      expect(mayFit(list, object)).toBe(expected !== undefined);
    }),
    { numRuns: 2_000 },
  );
});
