/** Names that the function shares with the stack that deploys it and with the local runtime. */

/** Environment variables that the function requires. */
export const Env = {
  /** Base URL of the Rocket.Chat server, e.g. `https://chat.example.com`. */
  RocketChatUrl: 'ROCKET_CHAT_URL',
  /** Id or ARN of the secret that holds `{"userId","authToken"}`. */
  SecretId: 'ROCKET_CHAT_SECRET_ID',
  /** Name of the ledger's DynamoDB table. */
  LedgerTable: 'LEDGER_TABLE',
  /** URL of the uploads queue. */
  QueueUrl: 'QUEUE_URL',
  /** URL of the dead-letter queue. */
  DeadLetterQueueUrl: 'DEAD_LETTER_QUEUE_URL',
  /** The names of the buckets that the relay was deployed for, joined by commas. */
  BucketNames: 'BUCKET_NAMES',
  /** The `maxReceiveCount` of the uploads queue: after so many receives SQS moves a message to the dead-letter queue. */
  MaxReceiveCount: 'MAX_RECEIVE_COUNT',
} as const;

/** Environment variables that are optional. */
export const OptionalEnv = {
  /**
   * URL of the proxy for calls to the chat server, e.g. `http://proxy.example.com:3128`. Calls to AWS do not use it.
   */
  RocketChatProxyUrl: 'ROCKET_CHAT_PROXY_URL',
  /** "1": calls to the chat server and to S3 become X-Ray subsegments, if the invocation is traced. */
  Tracing: 'RELAY_TRACING',
} as const;

/**
 * The file with the routes and settings, in the bundle's folder (see `config.ts`). Lambda limits the environment to 4
 * KB, but not this file.
 */
export const SETTINGS_FILE = 'relay.json';

/** Attributes of the ledger's table that the stack refers to. */
export const LedgerTable = { PartitionKey: 'pk', SortKey: 'sk', TimeToLive: 'expiresAt' } as const;

/**
 * The longest time for which the pacer hides a message, in milliseconds. SQS allows 12 hours, but if the limit is
 * lifted meanwhile, only the process that hid the message can make it visible again. Messages that must wait longer
 * become visible at different times and then get a new slot.
 */
export const LONGEST_SLEEP_MS = 3 * 3_600_000;

/** CloudWatch metrics, written by the function in Embedded Metric Format. Each has the dimension `service`. */
export const METRICS_NAMESPACE = 'RocketChatRelay';
export const Metric = {
  /** Count. Objects that were posted. */
  ObjectsPosted: 'ObjectsPosted',
  /** Bytes. Size of the objects that were posted. */
  BytesPosted: 'BytesPosted',
  /** Milliseconds from the upload to S3 until the object was posted. */
  RelayLatency: 'RelayLatency',
  /** Count. Deliveries of an object that the ledger shows as posted. */
  DuplicatesSkipped: 'DuplicatesSkipped',
  /** Count. Deliveries that wait for the server's rate limit. */
  Throttled: 'Throttled',
  /**
   * Seconds that one process alone would take to empty the queue under the rate limit; written only while there is a
   * limit.
   */
  ExpectedDrainTime: 'ExpectedDrainTime',
  /** Seconds since the upload of an object that was put back into the queue, except to wait for its malware scan. */
  OldestWaiting: 'OldestWaiting',
  /** Count. Deliveries that are retried after a transient failure. */
  Retried: 'Retried',
  /** Count. Objects that the server refuses permanently. */
  Refused: 'Refused',
  /** Count. Deliveries that wait for an operator: credentials, room, permissions. */
  Misconfigured: 'Misconfigured',
  /** Count. Events without anything to post: no route, a directory marker, not a create event, a deleted object. */
  Ignored: 'Ignored',
  /** Count. Messages written to the dead-letter queue. */
  DeadLettered: 'DeadLettered',
  /** Count. Objects that were dead-lettered because GuardDuty found malware in them. */
  MalwareFound: 'MalwareFound',
  /** Count. Objects that Rocket.Chat itself wrote into the bucket: posting them would create a loop. */
  LoopSuspected: 'LoopSuspected',
} as const;
export type MetricName = (typeof Metric)[keyof typeof Metric];
