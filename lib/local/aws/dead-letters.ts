import { parseEvent } from '../../../lambdas/relay/domain/s3-event.ts';
import type { Emulators, PeekedMessage } from './emulators.ts';

/** A message of the dead-letter queue, read from its body and its attributes. */
export interface ReadDeadLetter {
  readonly bucket: string | undefined;
  readonly key: string | undefined;
  readonly sequencer: string | undefined;
  readonly sizeBytes: number | undefined;
  /** The time of the upload, epoch milliseconds. */
  readonly createdAt: number | undefined;
  readonly reason: string;
  readonly detail: string;
  readonly errorType: string | undefined;
  readonly httpStatus: number | undefined;
  readonly roomId: string | undefined;
  readonly attempts: number | undefined;
  /** Epoch milliseconds. */
  readonly failedAt: number | undefined;
}

/** Calls `onLetter` once for each dead letter, without receiving it. @returns a function that stops watching */
export const watchDeadLetters = (
  emulators: Pick<Emulators, 'peekDeadLetters'>,
  onLetter: (letter: ReadDeadLetter) => void,
  intervalMs = 100,
): (() => void) => {
  const seen = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  const look = async (): Promise<void> => {
    const startedAt = performance.now();
    for (const message of await emulators.peekDeadLetters()) {
      if (seen.has(message.messageId)) continue;
      seen.add(message.messageId);
      onLetter(readDeadLetter(message));
    }
    // Thousands of letters take long to read.
    if (!isStopped) timer = setTimeout(look, Math.max(intervalMs, 10 * (performance.now() - startedAt)));
  };
  timer = setTimeout(look, intervalMs);
  return () => {
    isStopped = true;
    clearTimeout(timer);
  };
};

export const readDeadLetter = ({ body, messageAttributes }: PeekedMessage): ReadDeadLetter => {
  const text = (name: string): string | undefined => messageAttributes[name]?.StringValue;
  const event = parseEvent(body);
  const object = event.kind === 'objects' ? event.objects[0] : undefined;
  return {
    bucket: object?.bucket,
    key: object?.key,
    sequencer: object?.sequencer,
    sizeBytes: object?.sizeBytes,
    createdAt: object?.createdAt,
    // SQS adds no attributes when it moves a message after maxReceiveCount receives.
    reason: text('reason') ?? 'ABANDONED',
    detail: text('detail') ?? 'received too often without an answer: the function crashed or timed out each time',
    errorType: text('errorType'),
    httpStatus: numberOf(text('httpStatus')),
    roomId: text('roomId'),
    attempts: numberOf(text('attempts')),
    failedAt: timeOf(text('failedAt')),
  };
};

const numberOf = (text: string | undefined): number | undefined => {
  const value = Number(text);
  return text === undefined || text === '' || Number.isNaN(value) ? undefined : value;
};

const timeOf = (isoDate: string | undefined): number | undefined =>
  isoDate === undefined ? undefined : numberOf(String(Date.parse(isoDate)));
