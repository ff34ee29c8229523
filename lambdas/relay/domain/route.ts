import { routeIndex } from './route-index.ts';
import type { CreatedObject } from './s3-event.ts';
import type { Route } from './settings.ts';

/**
 * The first route that fits, or `undefined`. `contentType` is asked for at most once, and only if a route that fits
 * otherwise depends on it: an event does not carry it.
 */
export const matchRoute = async (
  routes: readonly Route[],
  object: Pick<CreatedObject, 'key' | 'sizeBytes'>,
  contentType: () => Promise<string | undefined>,
): Promise<Route | undefined> => {
  let declared: Promise<string | undefined> | undefined;
  for (const route of routeIndex(routes)(object.key)) {
    if (!fitsSize(route, object)) continue;
    if (route.contentTypes === undefined) return route;
    declared ??= contentType();
    if (fitsContentType(route.contentTypes, await declared)) return route;
  }
  return undefined;
};

/** Whether any route may fit, as far as the event alone tells. */
export const mayFit = (routes: readonly Route[], object: Pick<CreatedObject, 'key' | 'sizeBytes'>): boolean =>
  routeIndex(routes)(object.key).some((route) => fitsSize(route, object));

const fitsSize = (route: Route, { sizeBytes }: Pick<CreatedObject, 'sizeBytes'>): boolean =>
  sizeBytes >= (route.minSizeBytes ?? 0) && sizeBytes <= (route.maxSizeBytes ?? Number.POSITIVE_INFINITY);

const fitsContentType = (patterns: readonly string[], contentType: string | undefined): boolean => {
  const type = contentType?.split(';')[0]?.trim().toLowerCase() ?? '';
  return patterns.some((pattern) =>
    pattern.endsWith('/*') ? type.startsWith(pattern.slice(0, -1).toLowerCase()) : type === pattern.toLowerCase(),
  );
};

/** S3's consoles make "folders" of empty objects whose key ends in a slash. */
export const isDirectoryMarker = ({ key, sizeBytes }: Pick<CreatedObject, 'key' | 'sizeBytes'>): boolean =>
  key.endsWith('/') && sizeBytes === 0;
