import type { Route } from './settings.ts';

/** Routes of one prefix, by their suffix; each with its position in the whole list. */
interface Suffixes {
  readonly lengths: Set<number>;
  readonly routes: Map<string, Placed[]>;
}
interface Placed {
  readonly place: number;
  readonly route: Route;
}

export type RouteIndex = (key: string) => readonly Route[];

const known = new WeakMap<readonly Route[], RouteIndex>();

/** The index of a list of routes. It is built once for each list, which must not change afterwards. */
export const routeIndex = (routes: readonly Route[]): RouteIndex => {
  const index = known.get(routes) ?? createRouteIndex(routes);
  known.set(routes, index);
  return index;
};

/**
 * Finds the routes whose prefix and suffix fit a key, in the order of the list, without testing the others: a key is
 * looked up once for each distinct length of prefix and suffix, so the cost does not grow with the number of routes.
 */
const createRouteIndex = (routes: readonly Route[]): RouteIndex => {
  const prefixLengths = new Set<number>();
  const byPrefix = new Map<string, Suffixes>();
  for (const [place, route] of routes.entries()) {
    const { prefix = '', suffix = '' } = route;
    prefixLengths.add(prefix.length);
    const suffixes: Suffixes = byPrefix.get(prefix) ?? { lengths: new Set(), routes: new Map() };
    byPrefix.set(prefix, suffixes);
    suffixes.lengths.add(suffix.length);
    const same = suffixes.routes.get(suffix) ?? [];
    suffixes.routes.set(suffix, same);
    same.push({ place, route });
  }

  return (key) => {
    const found: Placed[] = [];
    for (const prefixLength of prefixLengths) {
      const suffixes = prefixLength <= key.length ? byPrefix.get(key.slice(0, prefixLength)) : undefined;
      for (const suffixLength of suffixes?.lengths ?? []) {
        if (suffixLength > key.length) continue;
        for (const placed of suffixes?.routes.get(key.slice(key.length - suffixLength)) ?? []) found.push(placed);
      }
    }
    return found.sort((a, b) => a.place - b.place).map(({ route }) => route);
  };
};
