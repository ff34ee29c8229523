import { randomBytes, randomInt } from 'node:crypto';

/** Rocket.Chat's ids avoid letters that look alike (Meteor's `Random.id`). */
const UNMISTAKABLE = '23456789ABCDEFGHJKLMNPQRSTWXYZabcdefghijkmnopqrstuvwxyz';

/** An id as Rocket.Chat makes them for users, rooms, files and messages. */
export const randomId = (length = 17): string =>
  Array.from({ length }, () => UNMISTAKABLE[randomInt(UNMISTAKABLE.length)]).join('');

/** A personal access token: 43 characters. */
export const randomToken = (): string => randomBytes(32).toString('base64url');
