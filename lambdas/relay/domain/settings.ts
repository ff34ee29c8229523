import * as v from 'valibot';

/**
 * What the operator decides: where objects go and how patiently. The stack checks it on synth and writes it to
 * `relay.json` beside the bundle; the function reads it there. Every value has a default but the routes.
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

/** S3 keys have at most 1,024 bytes; so have the prefixes and suffixes of a notification. */
const keyPart = v.pipe(
  v.string('must be a string'),
  v.check((part) => Buffer.byteLength(part) <= 1024, 'must have at most 1024 bytes, as S3 keys do'),
  v.check((part) => !part.includes('*'), 'must be literal: S3 notifications know no wildcards'),
);

const roomName = v.pipe(
  text(255),
  v.regex(/^(?!#$)\S+$/, 'must be a room id, or a name such as "#general", without spaces'),
);

const MAX_OBJECT_BYTES = 50 * 1024 ** 4;

/** One rule. It fits an object if every condition it states holds; the first rule that fits wins. */
export const RouteSchema = v.pipe(
  v.strictObject(
    {
      /** The key starts with it. @default any */
      prefix: v.optional(keyPart),
      /** The key ends with it. @default any */
      suffix: v.optional(keyPart),
      /** Smallest size that fits. @default any */
      minSizeBytes: v.optional(wholeNumber(0, MAX_OBJECT_BYTES, 'bytes')),
      /** Largest size that fits. @default any */
      maxSizeBytes: v.optional(wholeNumber(1, MAX_OBJECT_BYTES, 'bytes')),
      /** Content types that fit, `image/*` for a whole family. @default any */
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
    'must be an object with a room and, at will, prefix, suffix, minSizeBytes, maxSizeBytes, contentTypes, caption, threadId',
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
  /** Rules, first match wins. */
  routes: v.pipe(v.array(RouteSchema, 'must be a list of routes'), v.nonEmpty('must have at least one route')),
  /** How long passing faults are retried before an object goes to the dead-letter queue. Waiting for a rate limit does not count. */
  retryForHours: v.optional(
    v.pipe(
      v.number('must be a number of hours'),
      v.minValue(0, 'must be at least 0 hours'),
      v.maxValue(288, 'must be at most 288 hours (12 days): SQS forgets a message after 14'),
    ),
    24,
  ),
  /** Files that one process sends at the same time. */
  filesAtOnce: v.optional(wholeNumber(1, 10, 'files'), 5),
  /** Calls a minute that one process makes to upload, and as many to post. @default as many as the server allows */
  maxCallsPerMinute: v.optional(wholeNumber(1, 6000, 'calls')),
  /** How long the uploads queue keeps a message (SQS `MessageRetentionPeriod`). */
  queueRetentionDays: v.optional(wholeNumber(1, 14, 'days'), 14),
  /** How long the ledger remembers what was posted. Past that, a repeated event would post again. */
  ledgerRetentionDays: v.optional(wholeNumber(30, 3650, 'days'), 365),
  /** A confirm without an answer is repeated only after looks into the room have found nothing for this long. */
  confirmAgainAfterSeconds: v.optional(wholeNumber(1, 3600, 'seconds'), 90),
  /** A room, by id or name, where the relay tells of dead letters and of what has to be mended. @default none */
  operationsRoom: v.optional(roomName),
};

export const SettingsSchema = v.strictObject(settingsEntries);
export type Settings = v.InferOutput<typeof SettingsSchema>;
/** As written by hand: what has a default may be left out. */
export type SettingsInput = v.InferInput<typeof SettingsSchema>;
