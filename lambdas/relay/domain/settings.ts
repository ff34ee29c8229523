import * as v from 'valibot';

/**
 * The operator's settings. The stack checks them on synth and writes them to `relay.json` beside the bundle, where the
 * function reads them. Each setting has a default, except the routes.
 */

const text = (maxLength: number) =>
  v.pipe(
    v.string('must be a string'),
    v.nonEmpty('must not be empty'),
    v.maxLength(maxLength, `must have at most ${maxLength} characters`),
  );

const wholeNumber = (min: number, max: number, unit: string) =>
  v.pipe(
    v.number(`must be a number of ${unit}`),
    v.integer(`must be a whole number of ${unit}`),
    v.minValue(min, `must be at least ${min} ${unit}`),
    v.maxValue(max, `must be at most ${max} ${unit}`),
  );

/** S3 keys, and the prefixes and suffixes of a notification, have at most 1,024 bytes. */
const keyPart = v.pipe(
  v.string('must be a string'),
  v.check((part) => Buffer.byteLength(part) <= 1024, 'must have at most 1024 bytes, as S3 keys do'),
  v.check((part) => !part.includes('*'), 'must be literal: S3 notifications do not support wildcards'),
);

const roomName = v.pipe(
  text(255),
  v.regex(/^(?!#$)\S+$/, 'must be a room id, or a name such as "#general", without spaces'),
);

const MAX_OBJECT_BYTES = 50 * 1024 ** 4;

/** One route. It fits an object if all its conditions hold; the first route that fits is used. */
export const RouteSchema = v.pipe(
  v.strictObject(
    {
      /** How the key must start. @default any */
      prefix: v.optional(keyPart),
      /** How the key must end. @default any */
      suffix: v.optional(keyPart),
      /** Smallest size that fits. @default any */
      minSizeBytes: v.optional(wholeNumber(0, MAX_OBJECT_BYTES, 'bytes')),
      /** Largest size that fits. @default any */
      maxSizeBytes: v.optional(wholeNumber(1, MAX_OBJECT_BYTES, 'bytes')),
      /** Content types that fit; `image/*` means all images. @default any */
      contentTypes: v.optional(
        v.pipe(
          v.array(
            v.pipe(
              v.string('must be a string'),
              v.regex(/^[\w.+-]+\/(\*|[\w.+-]+)$/, 'must be a content type such as "application/pdf" or "image/*"'),
            ),
            'must be a list of content types',
          ),
          v.nonEmpty('must name at least one content type'),
        ),
      ),
      /** Where the message goes: a room's id, or its name as `#general`. */
      room: roomName,
      /** The message's text; see `domain/caption.ts` for its placeholders. @default the key */
      caption: v.optional(v.pipe(v.string('must be a string'), v.maxLength(2000, 'must have at most 2000 characters'))),
      /** Id of a message in that room, under which the files are posted as a thread. @default none */
      threadId: v.optional(v.pipe(text(64), v.regex(/^[A-Za-z0-9_-]+$/, 'must be the id of a message'))),
    },
    'must be an object with a room and, optionally, prefix, suffix, minSizeBytes, maxSizeBytes, contentTypes, caption, threadId',
  ),
  v.forward(
    v.check(
      ({ minSizeBytes, maxSizeBytes }) => (minSizeBytes ?? 0) <= (maxSizeBytes ?? Number.POSITIVE_INFINITY),
      'must not be smaller than minSizeBytes: no object would fit',
    ),
    ['maxSizeBytes'],
  ),
);
export type Route = v.InferOutput<typeof RouteSchema>;

export const settingsEntries = {
  /** The first route that fits an object is used. */
  routes: v.pipe(v.array(RouteSchema, 'must be a list of routes'), v.nonEmpty('must have at least one route')),
  /**
   * How long transient failures are retried before an object goes to the dead-letter queue. Waiting for the rate limit
   * is not counted.
   */
  retryForHours: v.optional(
    v.pipe(
      v.number('must be a number of hours'),
      v.minValue(0, 'must be at least 0 hours'),
      v.maxValue(288, 'must be at most 288 hours (12 days): SQS deletes a message after 14'),
    ),
    24,
  ),
  /** Files that one process sends concurrently. */
  filesAtOnce: v.optional(wholeNumber(1, 10, 'files'), 5),
  /** Upload calls that one process makes a minute, and as many confirm calls. @default as many as the server allows */
  maxCallsPerMinute: v.optional(wholeNumber(1, 6000, 'calls')),
  /** How long the uploads queue keeps a message (SQS `MessageRetentionPeriod`). */
  queueRetentionDays: v.optional(wholeNumber(1, 14, 'days'), 14),
  /** How long the ledger keeps its items. A repeated event that arrives later posts the file again. */
  ledgerRetentionDays: v.optional(wholeNumber(30, 3650, 'days'), 365),
  /** A confirm without an answer is repeated only after lookups in the room have found no message for this long. */
  confirmAgainAfterSeconds: v.optional(wholeNumber(1, 3600, 'seconds'), 90),
  /** A room, by id or name, where the relay reports dead letters and misconfigurations. @default none */
  operationsRoom: v.optional(roomName),
};

export const SettingsSchema = v.strictObject(settingsEntries);
export type Settings = v.InferOutput<typeof SettingsSchema>;
/** As an operator writes them: settings that have a default are optional. */
export type SettingsInput = v.InferInput<typeof SettingsSchema>;
