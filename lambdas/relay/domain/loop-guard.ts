/** What a key says about an object that Rocket.Chat itself may have written into the bucket. */
export interface LoopSuspicion {
  /** The id of the user who uploaded the file to Rocket.Chat, taken from the key. */
  readonly uploaderId: string;
  /** Whether each part of the key has Rocket.Chat's format. If false, only the order of the parts matches. */
  readonly isExact: boolean;
}

/**
 * A server that keeps its uploads in S3 writes each file under `<uniqueID>/uploads/<roomId>/<userId>/<fileId>`
 * (`getPath` in apps/meteor/app/file-upload/server/lib/FileUpload.ts of RocketChat/Rocket.Chat). If the relay watches
 * that bucket, each file that it posts creates another object to post, without end.
 *
 * An exact key cannot be a coincidence: it has five segments, the second is "uploads", the fourth is a user's id, and
 * the fifth is an id without an extension. A key that only resembles it (behind a prefix, as in a replica of the
 * bucket, or with ids of another format) is a loop if the uploader is the relay's own bot.
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

/** Meteor's `Random.id()`: 17 characters, without those that are easily confused (packages/random of meteor/meteor). */
const ID = /^[23456789ABCDEFGHJKLMNPQRSTWXYZabcdefghijkmnopqrstuvwxyz]{17}$/;

/** An id, `GENERAL`, or for a direct room the ids of its two users joined, one of which can be `rocket.cat`. */
const ROOM_ID = /^[\w.-]{1,64}$/;

/** The server's own user `rocket.cat`, and livechat visitors, who have no user id. */
const UPLOADERS_WITHOUT_ID = new Set(['rocket.cat', 'undefined']);
