import { keyPatterns } from './key-pattern.ts';
import type { Route } from './settings.ts';

/** A route and its place in the list, from 0. */
export interface PlacedRoute {
  readonly place: number;
  readonly route: Route;
}

interface Entry extends PlacedRoute {
  readonly matches: (key: string) => boolean;
}

/** Routes of one prefix, by their suffix. */
interface Suffixes {
  readonly lengths: Set<number>;
  readonly entries: Map<string, Entry[]>;
}

export type RouteIndex = (key: string) => readonly PlacedRoute[];

const known = new WeakMap<readonly Route[], RouteIndex>();

/** The index of a list of routes. It is built once for each list, which must not change afterwards. */
export const routeIndex = (routes: readonly Route[]): RouteIndex => {
  const index = known.get(routes) ?? createRouteIndex(routes);
  known.set(routes, index);
  return index;
};

/**
 * Finds the routes whose prefix, suffix and glob fit a key, in the order of the list, without testing the others: a key is
 * looked up once for each distinct length of prefix and suffix, so the cost does not grow with the number of routes. A
 * glob is tested only if the key has the literal text before its first and after its last wildcard.
 */
const createRouteIndex = (routes: readonly Route[]): RouteIndex => {
  const prefixLengths = new Set<number>();
  const byPrefix = new Map<string, Suffixes>();
  for (const [place, route] of routes.entries()) {
    for (const { prefix, suffix, matches } of keyPatterns(route)) {
      prefixLengths.add(prefix.length);
      const suffixes: Suffixes = byPrefix.get(prefix) ?? { lengths: new Set(), entries: new Map() };
      byPrefix.set(prefix, suffixes);
      suffixes.lengths.add(suffix.length);
      const same = suffixes.entries.get(suffix) ?? [];
      suffixes.entries.set(suffix, same);
      same.push({ place, route, matches });
    }
  }

  return (key) => {
    const found = new Map<number, Entry>();
    for (const prefixLength of prefixLengths) {
      const suffixes = prefixLength <= key.length ? byPrefix.get(key.slice(0, prefixLength)) : undefined;
      for (const suffixLength of suffixes?.lengths ?? []) {
        if (suffixLength > key.length) continue;
        for (const entry of suffixes?.entries.get(key.slice(key.length - suffixLength)) ?? []) {
          if (!found.has(entry.place) && entry.matches(key)) found.set(entry.place, entry);
        }
      }
    }
    return [...found.values()].sort((a, b) => a.place - b.place);
  };
};
