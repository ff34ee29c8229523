/** The names that the function shares with the stack that deploys it and the embedded runtime that runs it. */

/** Environment variables the function reads. All are needed. */
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
} as const;

/** Environment variables the function reads where they are set. */
export const OptionalEnv = {
  /** URL of the proxy through which the chat server is reached, e.g. `http://proxy.example.com:3128`; AWS is not. */
  RocketChatProxyUrl: 'ROCKET_CHAT_PROXY_URL',
  /** "1": calls to the chat server and to S3 become subsegments of X-Ray's trace, where the invocation is traced. */
  Tracing: 'RELAY_TRACING',
} as const;

/** The file beside the bundle that holds the routes and the settings (see `config.ts`). It has no size limit, which Lambda's environment has (4 KB). */
export const SETTINGS_FILE = 'relay.json';

/** Attributes of the ledger's table that the stack must know. */
export const LedgerTable = { PartitionKey: 'pk', SortKey: 'sk', TimeToLive: 'expiresAt' } as const;

/**
 * The longest time a message sleeps for the rate limit. SQS allows 12 hours, but a sleeping message does not learn that
 * the limit was lifted unless the process that put it to sleep still runs. Messages that must wait longer come back at
 * different times and are given a place then.
 */
export const LONGEST_SLEEP_MS = 3 * 3_600_000;

/** CloudWatch metrics, written by the function in Embedded Metric Format. Each has the dimension `service`. */
export const METRICS_NAMESPACE = 'RocketChatRelay';
export const Metric = {
  /** Count. Objects that became a message. */
  ObjectsPosted: 'ObjectsPosted',
  /** Bytes. Size of the objects that became a message. */
  BytesPosted: 'BytesPosted',
  /** Milliseconds from the upload to S3 to the message. */
  RelayLatency: 'RelayLatency',
  /** Count. Repeated deliveries that the ledger answered. */
  DuplicatesSkipped: 'DuplicatesSkipped',
  /** Count. Deliveries that wait for the server's rate limit. */
  Throttled: 'Throttled',
  /** Seconds in which one process alone would drain the queue at the limit's pace; only while there is a limit. */
  ExpectedDrainTime: 'ExpectedDrainTime',
  /** Count. Deliveries put back after a passing fault. */
  Retried: 'Retried',
  /** Count. Objects that the server will never take. */
  Refused: 'Refused',
  /** Count. Deliveries that wait for an operator: credentials, room, permissions. */
  Misconfigured: 'Misconfigured',
  /** Count. Events that ask for no message: no route, a directory marker, not a create event, an object gone. */
  Ignored: 'Ignored',
  /** Count. Messages written to the dead-letter queue. */
  DeadLettered: 'DeadLettered',
  /** Count. Objects that came out of Rocket.Chat itself: posting them would feed the relay with its own files. */
  LoopSuspected: 'LoopSuspected',
} as const;
export type MetricName = (typeof Metric)[keyof typeof Metric];
