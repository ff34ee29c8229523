import { Annotations } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { type KeyPattern, keyPatterns } from '../../../lambdas/relay/domain/key-pattern.ts';
import type { Route } from '../../../lambdas/relay/domain/settings.ts';

export interface UnreachableRoute {
  readonly place: number;
  /** The earlier route that takes every object that would fit. */
  readonly shadowedBy: number;
}

/**
 * Warns about routes that can never match. This is no error, because the routes of a running stack may include one, and
 * its objects are posted by the earlier route. `cdk synth --strict` fails for it.
 */
export const warnOfUnreachableRoutes = (scope: Construct, routes: readonly Route[]): void => {
  for (const { place, shadowedBy } of unreachableRoutes(routes)) {
    Annotations.of(scope).addWarningV2(
      's3-to-rocketchat:unreachable-route',
      `routes[${place}] of the relay can never match: routes[${shadowedBy}], which comes before it, matches every object ` +
        'that it would match. Move it before that route, or remove it.',
    );
  }
};

/**
 * The routes that a single earlier route shadows. A route that several earlier ones shadow only together, each for a part
 * of its objects, is not found.
 */
export const unreachableRoutes = (routes: readonly Route[]): readonly UnreachableRoute[] => {
  const keyed = routes.map((route) => ({ route, patterns: keyPatterns(route) }));
  return keyed.flatMap((later, place) => {
    const shadowedBy = keyed.slice(0, place).findIndex((earlier) => shadows(earlier, later));
    return shadowedBy === -1 ? [] : [{ place, shadowedBy }];
  });
};

interface Keyed {
  readonly route: Route;
  readonly patterns: readonly KeyPattern[];
}

/** Whether each object that fits the later route also fits the earlier one. */
const shadows = (earlier: Keyed, later: Keyed): boolean =>
  coversKeys(earlier, later) && coversOthers(earlier.route, later.route);

const coversKeys = (earlier: Keyed, later: Keyed): boolean => {
  const { glob } = earlier.route;
  const hasSameGlob = glob === later.route.glob;
  return later.patterns.every(({ prefix, suffix, only }) =>
    earlier.patterns.some((wide) => {
      if (only !== undefined) return only.startsWith(wide.prefix) && only.endsWith(wide.suffix) && wide.matches(only);
      return (glob === undefined || hasSameGlob) && prefix.startsWith(wide.prefix) && suffix.endsWith(wide.suffix);
    }),
  );
};

const coversOthers = (earlier: Route, later: Route): boolean =>
  (earlier.minSizeBytes ?? 0) <= (later.minSizeBytes ?? 0) &&
  (earlier.maxSizeBytes ?? Number.POSITIVE_INFINITY) >= (later.maxSizeBytes ?? Number.POSITIVE_INFINITY) &&
  coversContentTypes(earlier.contentTypes, later.contentTypes) &&
  coversPairs(earlier.metadata, later.metadata) &&
  coversPairs(earlier.tags, later.tags) &&
  coversRoomFrom(earlier.roomFrom, later.roomFrom);

const coversContentTypes = (earlier: readonly string[] | undefined, later: readonly string[] | undefined): boolean => {
  if (earlier === undefined) return true;
  const wide = earlier.map((type) => type.toLowerCase());
  return (
    later?.every((type) => {
      const [kind] = type.toLowerCase().split('/');
      return wide.includes(type.toLowerCase()) || wide.includes(`${kind}/*`);
    }) ?? false
  );
};

type Pairs = Readonly<Record<string, string>> | undefined;

const coversPairs = (earlier: Pairs, later: Pairs): boolean =>
  Object.entries(earlier ?? {}).every(([name, value]) => later?.[name] === value);

const coversRoomFrom = (earlier: Route['roomFrom'], later: Route['roomFrom']): boolean =>
  earlier === undefined ||
  (earlier.keySegment === later?.keySegment &&
    earlier.metadata === later?.metadata &&
    (later?.allow.every((room) => earlier.allow.includes(room)) ?? false));
