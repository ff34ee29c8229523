/** Why an object looks as if Rocket.Chat itself had put it into the bucket. */
export interface LoopSuspicion {
  /** Who uploaded the file to Rocket.Chat, by its key. */
  readonly uploaderId: string;
  /** Every part of the key is as Rocket.Chat makes it; otherwise only the order of the parts is. */
  readonly isExact: boolean;
}

/**
 * A server that keeps its uploads in S3 writes each file under `<uniqueID>/uploads/<roomId>/<userId>/<fileId>`
 * (`getPath` in apps/meteor/app/file-upload/server/lib/FileUpload.ts of RocketChat/Rocket.Chat). In a bucket that the
 * relay watches, each file that it posts would come back as one more to post, for ever.
 *
 * An exact key is beyond chance: five segments, "uploads" the second of them, an id of Rocket.Chat the last, without an
 * extension, and a user the last but one. A key that only resembles it (behind a prefix, as a replica of the bucket may
 * have, or with ids of another make) is a loop if its uploader is the relay's own bot.
 */
export const suspectLoop = (key: string): LoopSuspicion | undefined => {
  const [fileId = '', uploaderId = '', roomId = '', folder, uniqueId = '', ...prefix] = key.split('/').reverse();
  if (folder !== 'uploads' || uploaderId === '' || fileId === '') return undefined;
  const isExact =
    prefix.length === 0 &&
    uniqueId !== '' &&
    ROOM_ID.test(roomId) &&
    (ID.test(uploaderId) || UPLOADERS_WITHOUT_ID.has(uploaderId)) &&
    ID.test(fileId);
  return { uploaderId, isExact };
};

/** Meteor's `Random.id()`: 17 characters, those left out that are easily mistaken (packages/random of meteor/meteor). */
const ID = /^[23456789ABCDEFGHJKLMNPQRSTWXYZabcdefghijkmnopqrstuvwxyz]{17}$/;

/** An id, `GENERAL`, or for a direct room the ids of its two users in one, `rocket.cat` possibly one of them. */
const ROOM_ID = /^[\w.-]{1,64}$/;

/** The server's own user; and visitors of a livechat, who have none. */
const UPLOADERS_WITHOUT_ID = new Set(['rocket.cat', 'undefined']);
