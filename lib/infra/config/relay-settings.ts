/**
 * A rule that sends objects to a room. It matches an object if all its conditions hold; the first matching route wins. It
 * has exactly one of `room`, `rooms`, `roomFrom` and `ignore`.
 */
export type RelayRoute = RelayTarget & RelayRouteOptions;

/** Where the messages go. */
export type RelayTarget =
  | {
      /** The room's id, its name as `#general`, or `@user` for a direct message. */
      readonly room: string;
      readonly rooms?: undefined;
      readonly roomFrom?: undefined;
      readonly ignore?: undefined;
    }
  | {
      /** Several rooms, at most 10; each one gets the message. */
      readonly rooms: readonly string[];
      readonly room?: undefined;
      readonly roomFrom?: undefined;
      readonly ignore?: undefined;
    }
  | {
      /** Takes the room from the key or the metadata. The route matches only objects whose value names a room of `allow`. */
      readonly roomFrom: RelayRoomFrom;
      readonly room?: undefined;
      readonly rooms?: undefined;
      readonly ignore?: undefined;
    }
  | {
      /** Objects that match are not posted. */
      readonly ignore: true;
      readonly room?: undefined;
      readonly rooms?: undefined;
      readonly roomFrom?: undefined;
    };

/** The value that names the room, with exactly one of `keySegment` and `metadata`, and the rooms that it may name. */
export interface RelayRoomFrom {
  /** Number of a segment of the key, from 0; the file name is not a segment. */
  readonly keySegment?: number | undefined;
  /** Name of a metadata value, in lower case. */
  readonly metadata?: string | undefined;
  /** The rooms that may be named, as in `room`. The value `sales` names `#sales`; ids and `@user` must be equal. */
  readonly allow: readonly string[];
}

/** The conditions of a route, and how its messages look. */
export interface RelayRouteOptions {
  /** The object's key starts with it. @default any */
  readonly prefix?: string | undefined;
  /** The object's key ends with it; case-sensitive. @default any */
  readonly suffix?: string | undefined;
  /** Smallest object size that matches, in bytes. @default any */
  readonly minSizeBytes?: number | undefined;
  /** Largest object size that matches, in bytes. @default any */
  readonly maxSizeBytes?: number | undefined;
  /** Content types that match; `image/*` matches all images. @default any */
  readonly contentTypes?: readonly string[] | undefined;
  /** Glob that the whole key must match, such as `reports/**\/*.pdf`. @default any */
  readonly glob?: string | undefined;
  /** User metadata that the object must have. @default any */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** Tags that the object must have. @default any */
  readonly tags?: Readonly<Record<string, string>> | undefined;
  /** The message's text, with the placeholders `{bucket}`, `{key}`, `{fileName}` and `{size}`. @default the key */
  readonly caption?: string | undefined;
  /** Id of a message in that room; the files are posted as replies in its thread. @default none */
  readonly threadId?: string | undefined;
  /** Posts in threads: one for each key, prefix (folder) or day (UTC). @default no threads */
  readonly thread?: 'key' | 'prefix' | 'day' | undefined;
  /** What is posted when a key is overwritten. @default each version */
  readonly overwrites?: 'each' | 'first' | 'changed' | undefined;
  /** Alternative text of an image, a template as `caption`. @default none */
  readonly altText?: string | undefined;
  /** Name that the message shows in place of the bot's. @default the bot's */
  readonly alias?: string | undefined;
  /** Emoji in place of the bot's avatar, such as `:package:`. @default none */
  readonly emoji?: string | undefined;
  /** URL of an image in place of the bot's avatar. @default the bot's */
  readonly avatar?: string | undefined;
  /** Posts a link in place of a file that the server does not accept. @default such a file is dead-lettered */
  readonly link?: { readonly baseUrl?: string | undefined; readonly presignForHours?: number | undefined } | undefined;
}

/** Routes and limits. Values must be known on synth, because they are written to a file in the function's package. */
export interface RelaySettings {
  /** The first matching route wins. An object without a matching route is ignored and counted. */
  readonly routes: readonly RelayRoute[];
  /** Hours for which transient failures are retried, 0 to 288. Waiting for a rate limit does not count. @default 24 */
  readonly retryForHours?: number | undefined;
  /** Files that one function instance sends at the same time, 1 to 10. @default 5 */
  readonly filesAtOnce?: number | undefined;
  /** Files that one function instance posts in a minute, 1 to 6000. @default the server's limit */
  readonly maxCallsPerMinute?: number | undefined;
  /** Retention of the uploads queue in days, 1 to 14. @default 14 */
  readonly queueRetentionDays?: number | undefined;
  /** Retention of ledger items in days, 30 to 3650. After that, a repeated event is posted again. @default 365 */
  readonly ledgerRetentionDays?: number | undefined;
  /**
   * If a confirm call got no answer, it is repeated only after the message has been missing from the room for this many
   * seconds, 1 to 3600.
   * @default 90
   */
  readonly confirmAgainAfterSeconds?: number | undefined;
  /** Posts only objects in which GuardDuty Malware Protection for S3 found no threats. @default false */
  readonly requireMalwareScan?: boolean | undefined;
  /** A room (id or `#name`) to which the relay reports dead letters and misconfigurations. @default none */
  readonly operationsRoom?: string | undefined;
}
