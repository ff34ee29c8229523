import { randomBytes, randomInt } from 'node:crypto';

/** Meteor's `Random.id` uses no characters that look alike. */
const UNMISTAKABLE = '23456789ABCDEFGHJKLMNPQRSTWXYZabcdefghijkmnopqrstuvwxyz';

/** An id in Rocket.Chat's format for users, rooms, files and messages. */
export const randomId = (length = 17): string =>
  Array.from({ length }, () => UNMISTAKABLE[randomInt(UNMISTAKABLE.length)]).join('');

/** A MongoDB ObjectId: the id of a confirm's message, and of a file in a store other than S3. */
export const hexId = (): string => randomBytes(12).toString('hex');

/** A personal access token of 43 characters, as Rocket.Chat's are. */
export const randomToken = (): string => randomBytes(32).toString('base64url');
