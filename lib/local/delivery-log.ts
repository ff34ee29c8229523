/** The fields of the function's log entry for a delivery that are used here. */
export interface LoggedDelivery {
  readonly outcome: 'posted' | 'duplicate' | 'ignored' | 'gone' | 'dead-lettered' | 'retrying';
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string;
  readonly eTag?: string;
  readonly sequencer?: string;
  /** SQS's message id. */
  readonly messageId?: string;
  readonly room?: string;
  readonly roomId?: string;
  readonly fileId?: string;
  readonly chatMessageId?: string;
  /** An earlier confirm, whose answer was lost, had posted the message. */
  readonly wasFound?: boolean;
  readonly sizeBytes?: number;
  /** How long this delivery took. */
  readonly durationMs?: number;
  /** The time from the upload to the message. */
  readonly latencyMs?: number;
  readonly reason?: string;
  readonly detail?: string;
  readonly delayMs?: number;
  readonly attempts?: number;
  readonly httpStatus?: number;
  readonly errorType?: string;
}

const OUTCOMES: ReadonlySet<unknown> = new Set<LoggedDelivery['outcome']>([
  'posted',
  'duplicate',
  'ignored',
  'gone',
  'dead-lettered',
  'retrying',
]);

/** Reads a line of the function's stdout or stderr. Returns `undefined` if it is not the log entry of a delivery. */
export const readDeliveryLine = (line: string): LoggedDelivery | undefined => {
  if (!line.startsWith('{')) return undefined;
  let entry: Record<string, unknown>;
  try {
    entry = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  const isDelivery =
    entry['message'] === 'delivery' &&
    OUTCOMES.has(entry['outcome']) &&
    typeof entry['bucket'] === 'string' &&
    typeof entry['key'] === 'string';
  return isDelivery ? (entry as unknown as LoggedDelivery) : undefined;
};
