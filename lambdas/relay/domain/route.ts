import { routeIndex } from './route-index.ts';
import type { CreatedObject } from './s3-event.ts';
import type { Route } from './settings.ts';

/**
 * The first route that fits, or `undefined`. An event does not contain the content type, so `contentType` is called at
 * most once, and only if a route's other conditions hold and it has `contentTypes`.
 * @throws what `contentType` rejects with
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

/** Whether a route may fit, judged without the content type. */
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

/** S3's console creates a "folder" as an empty object whose key ends in a slash. */
export const isDirectoryMarker = ({ key, sizeBytes }: Pick<CreatedObject, 'key' | 'sizeBytes'>): boolean =>
  key.endsWith('/') && sizeBytes === 0;
