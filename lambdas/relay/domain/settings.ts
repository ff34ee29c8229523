import * as v from 'valibot';
import { expandBraces, MAX_ALTERNATIVES, MAX_EXPANDED_LENGTH } from './glob.ts';
import { type KeyConditions, keyPatterns } from './key-pattern.ts';
import { templateFaults } from './template.ts';

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
  v.check((part) => !part.includes('*'), 'must be literal: write a pattern with wildcards as "glob"'),
);

const glob = v.pipe(
  text(1024),
  v.check(
    (pattern) => expandBraces(pattern).length <= MAX_ALTERNATIVES,
    `must have at most ${MAX_ALTERNATIVES} alternatives in its braces`,
  ),
  v.check(
    (pattern) => expandBraces(pattern).join('').length <= MAX_EXPANDED_LENGTH,
    `must have at most ${MAX_EXPANDED_LENGTH} characters when its braces are expanded`,
  ),
);

/** Either is enough, both are not. */
const isOne = (...values: readonly unknown[]): boolean => values.filter((value) => value !== undefined).length === 1;

const roomName = v.pipe(
  text(255),
  v.regex(/^(?!#$)\S+$/, 'must be a room id, or a name such as "#general", without spaces'),
);

/** Names and values that an object must have. */
const pairs = <Name extends v.GenericSchema<string, string>>(what: string, name: Name) =>
  v.pipe(
    v.record(name, v.string('must be a string'), `must be an object with the names and values of the ${what}`),
    v.minEntries(1, `must have at least one of the ${what}`),
  );

const template = v.pipe(
  v.string('must be a string'),
  v.maxLength(2000, 'must have at most 2000 characters'),
  v.rawCheck(({ dataset, addIssue }) => {
    if (dataset.typed) for (const message of templateFaults(dataset.value)) addIssue({ message });
  }),
);

/** S3 returns the names in lower case. */
const metadataName = v.pipe(
  text(128),
  v.regex(/^(?!x-amz-meta-)[^A-Z]+$/, 'must be the name of a metadata value in lower case, without "x-amz-meta-"'),
);

const httpsUrl = v.pipe(
  text(2000),
  v.check((url) => URL.parse(url)?.protocol === 'https:', 'must be an https URL'),
);

const roomFrom = v.pipe(
  v.strictObject(
    {
      /** Number of a segment of the key, from 0; the file name is not a segment. */
      keySegment: v.optional(wholeNumber(0, 63, 'segments')),
      /** Name of a metadata value. */
      metadata: v.optional(metadataName),
      /** The rooms that may be named, as in `room`. The value `sales` names `#sales`. */
      allow: v.pipe(v.array(roomName, 'must be a list of rooms'), v.nonEmpty('must name at least one room')),
    },
    'must be an object with allow, and with keySegment or metadata',
  ),
  v.partialCheck(
    [['keySegment'], ['metadata']],
    ({ keySegment, metadata }) => isOne(keySegment, metadata),
    'must have either keySegment or metadata',
  ),
);

const link = v.pipe(
  v.strictObject(
    {
      /** Links point below this URL, for example of a CloudFront distribution; the encoded key is appended. */
      baseUrl: v.optional(
        v.pipe(
          httpsUrl,
          v.check(
            (url) => !/[?#@\s]/.test(url),
            'must have no query, fragment, user or space: the key is appended to it',
          ),
        ),
      ),
      /** Links are presigned for this many hours; the credentials of the function's role may expire first. */
      presignForHours: v.optional(wholeNumber(1, 12, 'hours')),
    },
    'must be an object with baseUrl or presignForHours',
  ),
  v.partialCheck(
    [['baseUrl'], ['presignForHours']],
    ({ baseUrl, presignForHours }) => isOne(baseUrl, presignForHours),
    'must have either baseUrl or presignForHours',
  ),
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
      /** Glob that the whole key must match, such as `reports/**\/*.pdf`. @default any */
      glob: v.optional(glob),
      /** User metadata of the object that must have these values. Names are lower-case, without `x-amz-meta-`. @default any */
      metadata: v.optional(pairs('metadata', metadataName)),
      /** Tags of the object that must have these values. @default any */
      tags: v.optional(pairs('tags', text(128))),
      /** Where the message goes: a room's id, its name as `#general`, or `@user` for a direct message. */
      room: v.optional(roomName),
      /** Several rooms; each one gets the message. */
      rooms: v.optional(
        v.pipe(
          v.array(roomName, 'must be a list of rooms'),
          v.nonEmpty('must name at least one room'),
          v.maxLength(10, 'must name at most 10 rooms'),
          v.check((rooms) => new Set(rooms).size === rooms.length, 'must not name a room twice'),
        ),
      ),
      /** Takes the room from the key or the metadata. The route fits only objects whose value names a room of `allow`. */
      roomFrom: v.optional(roomFrom),
      /** Objects that fit are not posted. */
      ignore: v.optional(v.literal(true, 'must be true, or left out')),
      /** The message's text; see `domain/template.ts` for its values. @default the key */
      caption: v.optional(template),
      /** Alternative text of an image: a template as `caption`, such as `{metadata.alt}`. @default none */
      altText: v.optional(template),
      /** Name that the message shows in place of the bot's. Needs the permission `message-impersonate`. @default the bot's */
      alias: v.optional(text(64)),
      /** Emoji in place of the bot's avatar, such as `:package:`. @default none */
      emoji: v.optional(v.pipe(text(64), v.regex(/^:[\w+-]+:$/, 'must be an emoji such as ":package:"'))),
      /** URL of an image in place of the bot's avatar. Needs `message-impersonate`. @default the bot's */
      avatar: v.optional(httpsUrl),
      /** Id of a message in that room, under which the files are posted as a thread. @default none */
      threadId: v.optional(v.pipe(text(64), v.regex(/^[A-Za-z0-9_-]+$/, 'must be the id of a message'))),
      /**
       * Posts the files in threads: `key`: later versions of a key answer the first one; `prefix`: one thread for each
       * folder; `day`: one for each day (UTC). @default no threads
       */
      thread: v.optional(v.picklist(['key', 'prefix', 'day'], 'must be "key", "prefix" or "day"')),
      /**
       * What is posted when a key is overwritten: `each` version, only the `first`, or a version only if its content
       * `changed`. @default each
       */
      overwrites: v.optional(v.picklist(['each', 'first', 'changed'], 'must be "each", "first" or "changed"')),
      /** Posts a link in place of a file that the server does not accept. @default such a file is dead-lettered */
      link: v.optional(link),
    },
    'must be an object with room, rooms, roomFrom or ignore, and optionally conditions and a caption',
  ),
  // Partial checks run although other keys of the route are wrong, so all faults are reported at once.
  v.forward(
    v.partialCheck(
      [['minSizeBytes'], ['maxSizeBytes']],
      ({ minSizeBytes, maxSizeBytes }) => (minSizeBytes ?? 0) <= (maxSizeBytes ?? Number.POSITIVE_INFINITY),
      'must not be smaller than minSizeBytes: no object would fit',
    ),
    ['maxSizeBytes'],
  ),
  v.forward(
    v.partialCheck(
      [['prefix'], ['suffix'], ['glob']],
      (conditions: KeyConditions) => keyPatterns(conditions).length > 0,
      'must match keys that have the prefix and the suffix of the route: no object would fit',
    ),
    ['glob'],
  ),
  v.partialCheck(
    [['room'], ['rooms'], ['roomFrom'], ['ignore']],
    ({ room, rooms, roomFrom: from, ignore }) => isOne(room, rooms, from, ignore),
    'must have exactly one of room, rooms, roomFrom and ignore',
  ),
  v.forward(
    v.partialCheck(
      [['thread'], ['threadId']],
      ({ thread, threadId }) => thread === undefined || threadId === undefined,
      'must not be used with threadId',
    ),
    ['thread'],
  ),
);
export type Route = v.InferOutput<typeof RouteSchema>;

export const settingsEntries = {
  /** The first route that fits an object is used. */
  routes: v.pipe(
    v.array(RouteSchema, 'must be a list of routes'),
    v.nonEmpty('must have at least one route'),
    v.partialCheck(
      [['$', 'ignore']],
      (routes) => routes.length === 0 || routes.some(({ ignore }) => ignore === undefined),
      'must have at least one route that posts: all of them ignore their objects',
    ),
  ),
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
  /**
   * Posts only objects in which Amazon GuardDuty Malware Protection for S3 found no threats. Others wait for the result
   * of the scan. @default all objects are posted
   */
  requireMalwareScan: v.optional(v.boolean('must be true or false')),
  /** A room, by id or name, where the relay reports dead letters and misconfigurations. @default none */
  operationsRoom: v.optional(roomName),
};

export const SettingsSchema = v.strictObject(settingsEntries);
export type Settings = v.InferOutput<typeof SettingsSchema>;
/** As an operator writes them: settings that have a default are optional. */
export type SettingsInput = v.InferInput<typeof SettingsSchema>;
