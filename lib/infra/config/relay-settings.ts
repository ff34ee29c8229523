/** One rule. It fits an object if every condition it states holds; the first rule that fits wins. */
export interface RelayRoute {
  /** Where the file is posted: a room's id, or its name as `#general`. */
  readonly room: string;
  /** The key starts with it. @default any */
  readonly prefix?: string | undefined;
  /** The key ends with it. @default any */
  readonly suffix?: string | undefined;
  /** Smallest size that fits. @default any */
  readonly minSizeBytes?: number | undefined;
  /** Largest size that fits. @default any */
  readonly maxSizeBytes?: number | undefined;
  /** Content types that fit, `image/*` for a whole family. @default any */
  readonly contentTypes?: readonly string[] | undefined;
  /** The message's text; `{bucket}`, `{key}`, `{fileName}` and `{size}` are filled in. @default the key */
  readonly caption?: string | undefined;
  /** Id of a message in that room, under which the files are posted as a thread. @default none */
  readonly threadId?: string | undefined;
}

/** Where objects go and how patiently. Values must be known on synth: they go into a file beside the function. */
export interface RelaySettings {
  /** Rules, first match wins. An object that none fits is ignored and counted. */
  readonly routes: readonly RelayRoute[];
  /** Hours that passing faults are retried, 0 to 288; waiting for a rate limit does not count. @default 24 */
  readonly retryForHours?: number | undefined;
  /** Files that one instance of the function sends at the same time, 1 to 10. @default 5 */
  readonly filesAtOnce?: number | undefined;
  /** Files that one instance of the function posts in a minute, 1 to 6000. @default as many as the server allows */
  readonly maxCallsPerMinute?: number | undefined;
  /** Days that the uploads queue keeps a message, 1 to 14. @default 14 */
  readonly queueRetentionDays?: number | undefined;
  /** Days that the ledger remembers what was posted, 30 to 3650; past that, a repeated event posts again. @default 365 */
  readonly ledgerRetentionDays?: number | undefined;
  /** A message whose posting got no answer is posted again only after looks into the room found nothing for so long. @default 90 */
  readonly confirmAgainAfterSeconds?: number | undefined;
  /** A room, by id or `#name`, where the relay tells of dead letters and of what has to be mended. @default none */
  readonly operationsRoom?: string | undefined;
}
