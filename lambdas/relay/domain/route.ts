import type { ObjectFacts } from './object-facts.ts';
import { routeIndex } from './route-index.ts';
import type { CreatedObject } from './s3-event.ts';
import type { Route } from './settings.ts';

/**
 * The first route that fits, or `undefined`. What the event does not contain is read only if a route depends on it and
 * its other conditions hold.
 * @throws what `facts` throws
 */
export const matchRoute = async (routes: readonly Route[], facts: ObjectFacts): Promise<Route | undefined> => {
  for (const route of routeIndex(routes)(facts.object.key)) {
    if (!fitsSize(route, facts.object)) continue;
    if (route.contentTypes === undefined) return route;
    if (fitsContentType(route.contentTypes, (await facts.details()).contentType)) return route;
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

/** The rooms that a route sends an object to, as they are configured. */
export const roomsOf = ({ room, rooms = [] }: Route): readonly string[] => (room === undefined ? rooms : [room]);

/** S3's console creates a "folder" as an empty object whose key ends in a slash. */
export const isDirectoryMarker = ({ key, sizeBytes }: Pick<CreatedObject, 'key' | 'sizeBytes'>): boolean =>
  key.endsWith('/') && sizeBytes === 0;
