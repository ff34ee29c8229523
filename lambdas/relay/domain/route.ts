import { keyPatterns } from './key-pattern.ts';
import type { ObjectFacts } from './object-facts.ts';
import { type PlacedRoute, routeIndex } from './route-index.ts';
import type { CreatedObject } from './s3-event.ts';
import type { Route } from './settings.ts';

/** The route that takes an object. */
export interface Match extends PlacedRoute {
  /** The rooms that the object is sent to, as they are configured. Empty if the route ignores the object. */
  readonly rooms: readonly string[];
}

/**
 * The first route that fits, or `undefined`. What the event does not contain is read only if a route depends on it and
 * its other conditions hold.
 * @throws what `facts` throws
 */
export const matchRoute = async (routes: readonly Route[], facts: ObjectFacts): Promise<Match | undefined> => {
  for (const { place, route } of routeIndex(routes)(facts.object.key)) {
    if ((eventMisfit(route, facts.object) ?? (await readMisfit(route, facts))) !== undefined) continue;
    return { place, route, rooms: await roomsOf(route, facts) };
  }
  return undefined;
};

/** Whether a route may fit, judged by the event alone. */
export const mayFit = (routes: readonly Route[], object: EventFacts): boolean =>
  routeIndex(routes)(object.key).some(({ route }) => eventMisfit(route, object) === undefined);

/** A condition of a route that an object does not meet. */
export type Misfit =
  | 'prefix'
  | 'suffix'
  | 'glob'
  | 'minSizeBytes'
  | 'maxSizeBytes'
  | 'roomFrom'
  | 'contentTypes'
  | 'metadata'
  | 'tags';

/**
 * The first condition of a route that the object does not meet, in the order in which `matchRoute` tests them;
 * `undefined` if the route fits.
 * @throws what `facts` throws
 */
export const firstMisfit = async (route: Route, facts: ObjectFacts): Promise<Misfit | undefined> =>
  keyMisfit(route, facts.object) ?? eventMisfit(route, facts.object) ?? (await readMisfit(route, facts));

/** Whether a route needs the object's content type or metadata. */
export const needsDetails = ({ contentTypes, metadata, roomFrom }: Route): boolean =>
  contentTypes !== undefined || metadata !== undefined || roomFrom?.metadata !== undefined;

type EventFacts = Pick<CreatedObject, 'key' | 'sizeBytes'>;

const keyMisfit = (route: Route, { key }: EventFacts): Misfit | undefined => {
  const { prefix = '', suffix = '' } = route;
  if (!key.startsWith(prefix)) return 'prefix';
  if (!key.endsWith(suffix)) return 'suffix';
  const fits = keyPatterns(route).some(
    (pattern) => key.startsWith(pattern.prefix) && key.endsWith(pattern.suffix) && pattern.matches(key),
  );
  return fits ? undefined : 'glob';
};

/** The key is known to fit. */
const eventMisfit = (route: Route, { key, sizeBytes }: EventFacts): Misfit | undefined => {
  const { minSizeBytes = 0, maxSizeBytes = Number.POSITIVE_INFINITY, roomFrom } = route;
  if (sizeBytes < minSizeBytes) return 'minSizeBytes';
  if (sizeBytes > maxSizeBytes) return 'maxSizeBytes';
  if (roomFrom?.keySegment === undefined) return undefined;
  return allowedRoom(roomFrom.allow, segment(key, roomFrom.keySegment)) === undefined ? 'roomFrom' : undefined;
};

/** Tests the conditions on what must be read from S3. */
const readMisfit = async (route: Route, facts: ObjectFacts): Promise<Misfit | undefined> => {
  if (needsDetails(route)) {
    const { contentType, metadata } = await facts.details();
    if (route.contentTypes !== undefined && !fitsContentType(route.contentTypes, contentType)) return 'contentTypes';
    if (!hasPairs(route.metadata, metadata)) return 'metadata';
    const { roomFrom } = route;
    if (roomFrom?.metadata !== undefined) {
      const room = allowedRoom(roomFrom.allow, metadata.get(roomFrom.metadata));
      if (room === undefined) return 'roomFrom';
    }
  }
  return route.tags === undefined || hasPairs(route.tags, await facts.tags()) ? undefined : 'tags';
};

const hasPairs = (wanted: Readonly<Record<string, string>> | undefined, actual: ReadonlyMap<string, string>): boolean =>
  wanted === undefined || Object.entries(wanted).every(([name, value]) => actual.get(name) === value);

const fitsContentType = (patterns: readonly string[], contentType: string | undefined): boolean => {
  const type = contentType?.split(';')[0]?.trim().toLowerCase() ?? '';
  return patterns.some((pattern) =>
    pattern.endsWith('/*') ? type.startsWith(pattern.slice(0, -1).toLowerCase()) : type === pattern.toLowerCase(),
  );
};

/** The rooms of a route that fits. */
const roomsOf = async ({ room, rooms = [], roomFrom }: Route, facts: ObjectFacts): Promise<readonly string[]> => {
  if (room !== undefined) return [room];
  if (roomFrom === undefined) return rooms;
  const { keySegment, metadata, allow } = roomFrom;
  const value =
    keySegment === undefined
      ? (await facts.details()).metadata.get(metadata ?? '')
      : segment(facts.object.key, keySegment);
  const named = allowedRoom(allow, value);
  return named === undefined ? [] : [named];
};

/** Every room that a route may send an object to, as they are configured. */
export const possibleRooms = ({ room, rooms = [], roomFrom }: Route): readonly string[] =>
  room === undefined ? (roomFrom?.allow ?? rooms) : [room];

/** The room that a value names: `sales` names `#sales`; ids and `@user` must be given as they are allowed. */
const allowedRoom = (allow: readonly string[], value: string | undefined): string | undefined =>
  value === undefined ? undefined : allow.find((room) => room === `#${value}` || room === value);

/** A segment before the file name, from 0. */
const segment = (key: string, index: number): string | undefined => key.split('/').slice(0, -1)[index];

/** S3's console creates a "folder" as an empty object whose key ends in a slash. */
export const isDirectoryMarker = ({ key, sizeBytes }: Pick<CreatedObject, 'key' | 'sizeBytes'>): boolean =>
  key.endsWith('/') && sizeBytes === 0;
