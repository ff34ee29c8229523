import * as v from 'valibot';

/** One object version that was created, read from any of the event formats. */
export interface CreatedObject {
  readonly bucket: string;
  /** Decoded, as `GetObject` expects it. */
  readonly key: string;
  readonly versionId: string | undefined;
  /** Without quotes. */
  readonly eTag: string | undefined;
  readonly sizeBytes: number;
  /**
   * Orders the versions of a key; upper-case hex, the same in every copy of an event. `undefined` in backfilled events.
   */
  readonly sequencer: string | undefined;
  /** The time of the event, in epoch milliseconds. */
  readonly createdAt: number;
  /**
   * Who made the request, as S3 names it: in notifications a principal such as `AWS:AROAEXAMPLE:session`, in EventBridge
   * events the id of an account or the name of an AWS service.
   */
  readonly uploader?: string | undefined;
  /** An event with only this record, for the dead-letter queue; it can be redriven unchanged. */
  readonly eventBody: string;
}

export type ParsedEvent =
  | { readonly kind: 'objects'; readonly objects: readonly CreatedObject[]; readonly unreadable: readonly Unreadable[] }
  /** A test event, or only events that create no object. */
  | { readonly kind: 'ignored'; readonly why: string }
  | { readonly kind: 'unreadable'; readonly detail: string };

export interface Unreadable {
  readonly eventBody: string;
  readonly detail: string;
}

// Names that S3 does not allow could change the host or the path of a request:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
const isBucketName = (name: string): boolean =>
  /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) && !name.includes('..') && !/^\d+\.\d+\.\d+\.\d+$/.test(name);
const BucketName = v.pipe(v.string(), v.check(isBucketName, 'is not a bucket name that S3 allows'));

const isKey = (key: string): boolean => key.isWellFormed() && Buffer.byteLength(key) <= 1_024 && key.length > 0;
const NOT_A_KEY = 'is not a key that S3 allows: 1 to 1,024 bytes of UTF-8';

// The formats that S3 documents are shorter. Both values become parts of a request and of the ledger's keys.
const ETag = v.pipe(
  v.string(),
  v.check((eTag) => /^"?[\x21\x23-\x7e]{0,200}"?$/.test(eTag), 'is not an eTag'),
);
const VersionId = v.pipe(
  v.string(),
  v.check((id) => /^[\x21-\x7e]{0,1024}$/.test(id), 'is not a version id'),
);

// JSON can contain numbers that parse to Infinity, such as 1e999.
const SizeBytes = v.pipe(v.number(), v.safeInteger('is not a whole number'), v.minValue(0));

// Checks only the fields that are used: new event versions add fields, and `sourceIPAddress` can be "AWS Internal".
const NotificationRecord = v.object({
  eventTime: v.string(),
  userIdentity: v.fallback(v.optional(v.object({ principalId: v.optional(v.string()) })), undefined),
  s3: v.object({
    bucket: v.object({ name: BucketName }),
    object: v.object({
      key: v.pipe(v.string(), v.nonEmpty()),
      size: SizeBytes,
      eTag: v.optional(ETag),
      versionId: v.nullish(VersionId),
      sequencer: v.optional(v.string()),
    }),
  }),
});

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html: its keys are not form-encoded.
const EventBridgeEvent = v.object({
  time: v.string(),
  detail: v.object({
    requester: v.fallback(v.optional(v.string()), undefined),
    bucket: v.object({ name: BucketName }),
    object: v.object({
      key: v.pipe(v.string(), v.check(isKey, NOT_A_KEY)),
      size: SizeBytes,
      etag: v.optional(ETag),
      'version-id': v.nullish(VersionId),
      sequencer: v.optional(v.string()),
    }),
  }),
});

/**
 * Reads the body of one SQS message: an S3 notification with any number of records, the same inside an SNS envelope,
 * an EventBridge `Object Created` event, or S3's test event. Never throws.
 */
export const parseEvent = (body: string): ParsedEvent => {
  const event = parseJson(body);
  if (!isRecord(event)) return { kind: 'unreadable', detail: 'the message body is not a JSON object' };

  if (event['Type'] === 'Notification' && typeof event['Message'] === 'string') return parseEvent(event['Message']);
  if (event['Event'] === 's3:TestEvent') return { kind: 'ignored', why: 'test event' };
  if (Array.isArray(event['Records'])) return parseNotification(event['Records']);
  if (event['source'] === 'aws.s3' && typeof event['detail-type'] === 'string') return parseEventBridge(event, body);
  return {
    kind: 'unreadable',
    detail: 'the message body is not an S3 notification, an SNS envelope of one, or an EventBridge event of aws.s3',
  };
};

const parseNotification = (records: readonly unknown[]): ParsedEvent => {
  const objects: CreatedObject[] = [];
  const unreadable: Unreadable[] = [];
  const ignoredNames: string[] = [];
  for (const record of records) {
    const eventBody = stringify({ Records: [record] });
    if (eventBody === undefined) return { kind: 'unreadable', detail: 'a record is nested too deeply' };
    const eventName = isRecord(record) ? record['eventName'] : undefined;
    if (typeof eventName !== 'string') {
      unreadable.push({ eventBody, detail: 'a record has no eventName' });
      continue;
    }
    // Notifications have "ObjectCreated:Put"; the bucket's configuration has "s3:ObjectCreated:Put".
    if (!/^(s3:)?ObjectCreated:/.test(eventName)) {
      ignoredNames.push(eventName);
      continue;
    }
    const parsed = v.safeParse(NotificationRecord, record);
    if (!parsed.success) {
      unreadable.push({ eventBody, detail: describe(parsed.issues) });
      continue;
    }
    const { bucket, object } = parsed.output.s3;
    const key = decodeKey(object.key);
    const createdAt = Date.parse(parsed.output.eventTime);
    if (key === undefined || !isKey(key)) {
      const fault = key === undefined ? 'is not form-encoded UTF-8' : NOT_A_KEY;
      unreadable.push({ eventBody, detail: `s3.object.key: ${fault}` });
      continue;
    }
    if (Number.isNaN(createdAt)) {
      unreadable.push({ eventBody, detail: 'eventTime: is not a date' });
      continue;
    }
    objects.push({
      bucket: bucket.name,
      key,
      versionId: object.versionId || undefined,
      eTag: unquote(object.eTag),
      sizeBytes: object.size,
      sequencer: normaliseSequencer(object.sequencer),
      createdAt,
      uploader: parsed.output.userIdentity?.principalId || undefined,
      eventBody,
    });
  }
  if (objects.length + unreadable.length > 0) return { kind: 'objects', objects, unreadable };
  return { kind: 'ignored', why: ignoredNames[0] === undefined ? 'no records' : `event ${clip(ignoredNames[0])}` };
};

const parseEventBridge = (event: Record<string, unknown>, body: string): ParsedEvent => {
  if (event['detail-type'] !== 'Object Created') {
    return { kind: 'ignored', why: `event ${clip(String(event['detail-type']))}` };
  }
  const parsed = v.safeParse(EventBridgeEvent, event);
  if (!parsed.success) return { kind: 'unreadable', detail: describe(parsed.issues) };
  const { bucket, object, requester } = parsed.output.detail;
  const createdAt = Date.parse(parsed.output.time);
  if (Number.isNaN(createdAt)) return { kind: 'unreadable', detail: 'time: is not a date' };
  return {
    kind: 'objects',
    unreadable: [],
    objects: [
      {
        bucket: bucket.name,
        key: object.key,
        versionId: object['version-id'] || undefined,
        eTag: unquote(object.etag),
        sizeBytes: object.size,
        sequencer: normaliseSequencer(object.sequencer),
        createdAt,
        uploader: requester || undefined,
        eventBody: body,
      },
    ],
  };
};

/** S3 form-encodes keys in notifications: '+' is a space, '%2B' is a plus sign. */
const decodeKey = (encoded: string): string | undefined => {
  try {
    return decodeURIComponent(encoded.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
};

// Notifications and EventBridge give the same number in different forms: notifications have 18 upper-case digits that
// begin with two zeros; EventBridge has those or, as in its documentation, lower-case digits without the zeros.
const normaliseSequencer = (sequencer: string | undefined): string | undefined => {
  if (sequencer === undefined || !/^[0-9A-Fa-f]{1,32}$/.test(sequencer)) return undefined;
  const digits = sequencer.toUpperCase();
  return digits.length === 16 && !digits.startsWith('00') ? `00${digits}` : digits;
};

const unquote = (eTag: string | undefined): string | undefined => eTag?.replace(/^"|"$/g, '') || undefined;

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** `undefined` if the value is nested too deeply for the call stack. */
const stringify = (value: unknown): string | undefined => {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined;
  }
};

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const describe = (issues: readonly v.BaseIssue<unknown>[]): string =>
  issues
    .map((issue) => {
      const fault = issue.expected === null ? issue.message : `expected ${issue.expected}`;
      return `${v.getDotPath(issue) ?? 'record'}: ${fault}`;
    })
    .join('; ');

const clip = (text: string): string => text.slice(0, 64);
