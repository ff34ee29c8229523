import { minimatch } from 'minimatch';
import { mayFit, possibleRooms } from '../../../lambdas/relay/domain/route.ts';
import type { Route } from '../../../lambdas/relay/domain/settings.ts';
import { type Letter, timeOf } from './letter.ts';

/** What selects dead letters. Of several conditions, all must hold. */
export interface LetterFilter {
  /** SQS message ids, or their beginnings. */
  readonly ids?: readonly string[] | undefined;
  readonly reason?: readonly string[] | undefined;
  /** A room's id, or its name as the routes give it, with or without `#`. */
  readonly room?: string | undefined;
  /** A glob, or a whole key. */
  readonly key?: string | undefined;
  /** Epoch milliseconds. */
  readonly since?: number | undefined;
  /** Epoch milliseconds. */
  readonly until?: number | undefined;
}

/** Makes the test of whether a letter is selected. */
export const matchLetters = (filter: LetterFilter, routes: readonly Route[]): ((letter: Letter) => boolean) => {
  const { ids = [], reason, room, key, since, until } = filter;
  const reasons = reason?.map((name) => name.toUpperCase());
  const matchesKey = key === undefined ? undefined : matchKeys(key);
  const matchesRoom = room === undefined ? undefined : matchRooms(room, routes);
  return (letter) =>
    (ids.length === 0 || ids.some((id) => letter.id.startsWith(id))) &&
    (reasons === undefined || reasons.includes(letter.reason)) &&
    (matchesRoom === undefined || matchesRoom(letter)) &&
    (matchesKey === undefined || letter.objects.some((object) => matchesKey(object.key))) &&
    (since === undefined || timeOf(letter) >= since) &&
    (until === undefined || timeOf(letter) < until);
};

/**
 * Makes the test of whether a key matches a glob: `*` stays within a segment, `**` crosses them. A key is no path: `.` and
 * empty segments are part of it, and a key that equals the glob matches although it contains signs such as `[`.
 */
export const matchKeys = (glob: string): ((key: string) => boolean) => {
  const options = {
    dot: true,
    nonegate: true,
    nocomment: true,
    noext: true,
    preserveMultipleSlashes: true,
    optimizationLevel: 0,
    platform: 'linux',
  } as const;
  return (key) => key === glob || minimatch(key, glob, options);
};

/**
 * A letter has the room's name as its route gave it, and the id unless the room could not be found. Letters of earlier
 * versions, and those that SQS moved itself, have no name: then the object leads to it. The names are those of the first
 * route that fits, or of several if that depends on what a letter does not have, such as the content type.
 */
const matchRooms = (room: string, routes: readonly Route[]): ((letter: Letter) => boolean) => {
  const name = room.replace(/^#/, '');
  const isRoom = (one: string): boolean => one === room || one.replace(/^#/, '') === name;
  const single = routes.map((route) => [route] as const);
  const leadsToRoom = (object: Letter['objects'][number]): boolean => {
    for (const [route] of single.filter((one) => mayFit(one, object))) {
      if (possibleRooms(route).some(isRoom)) return true;
      const { contentTypes, metadata, tags, roomFrom } = route;
      if ([contentTypes, metadata, tags, roomFrom].every((condition) => condition === undefined)) return false;
    }
    return false;
  };
  // An object of several rooms has a letter for each, and leads to all of them.
  return ({ roomId, room: own, objects }) =>
    roomId === room || (own === undefined ? objects.some(leadsToRoom) : isRoom(own));
};
