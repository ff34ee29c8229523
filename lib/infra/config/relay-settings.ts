/** A rule that sends objects to a room. It matches an object if all its conditions hold; the first matching route wins. */
export interface RelayRoute {
  /** The room's id, or its name with `#`, such as `#general`. */
  readonly room: string;
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
  /** The message's text, with the placeholders `{bucket}`, `{key}`, `{fileName}` and `{size}`. @default the key */
  readonly caption?: string | undefined;
  /** Id of a message in that room; the files are posted as replies in its thread. @default none */
  readonly threadId?: string | undefined;
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
  /** A room (id or `#name`) to which the relay reports dead letters and misconfigurations. @default none */
  readonly operationsRoom?: string | undefined;
}
