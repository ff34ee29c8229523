import type { SQSRecord } from 'aws-lambda';
import type { DeadLetter } from '../../../lambdas/relay/ports.ts';

export interface QueueMessage {
  readonly id: string;
  readonly body: string;
  readonly sentAt: number;
  readonly failedAt: number | undefined;
  readonly failedRoomId: string | undefined;
  visibleAt: number;
  receiveCount: number;
  isDeleted: boolean;
}

/** A letter with the time at which it was written, or at which SQS moved the message. */
export type ModelLetter = Pick<DeadLetter, 'body' | 'failedAt' | 'roomId'> & {
  readonly at: number;
  /** Absent if SQS moved the message itself, after too many receives. */
  readonly reason?: string | undefined;
  readonly detail?: string | undefined;
};

/** Longer than the function's time-out, as SQS demands. */
const VISIBILITY_MS = 330_000;
export const RETENTION_MS = 14 * 86_400_000;
/** After this many receives SQS moves a message to the dead-letter queue. */
export const MAX_RECEIVE_COUNT = 1_000;

/**
 * A standard SQS queue with its dead-letter queue: visibility, receive counts, retention, and the move after too many
 * receives. Messages are received in any order.
 */
export const createQueueModel = (now: () => number, pick: (count: number) => number) => {
  const messages: QueueMessage[] = [];
  const deadLetters: ModelLetter[] = [];
  const expired: QueueMessage[] = [];
  const live = () => {
    for (const message of messages) {
      if (message.isDeleted || now() < message.sentAt + RETENTION_MS) continue;
      message.isDeleted = true;
      expired.push(message);
    }
    return messages.filter((message) => !message.isDeleted);
  };
  /** The message of a receipt handle. A handle is good until its message is received again. */
  const ofHandle = (receiptHandle: string) => {
    const [id, receive] = receiptHandle.split('/');
    const message = messages.find((candidate) => candidate.id === id);
    return message === undefined || message.isDeleted || String(message.receiveCount) !== receive ? undefined : message;
  };

  return {
    messages,
    deadLetters,
    /** Messages that SQS deleted at the end of their retention. There must be none. */
    expired,

    send(
      body: string,
      { failedAt, roomId: failedRoomId }: Partial<Pick<ModelLetter, 'failedAt' | 'roomId'>> = {},
    ): void {
      const id = `m${messages.length}`;
      const sentAt = now();
      messages.push({ id, body, sentAt, failedAt, failedRoomId, visibleAt: sentAt, receiveCount: 0, isDeleted: false });
    },

    receive(count: number): SQSRecord[] {
      const visible = live().filter((message) => message.visibleAt <= now());
      const taken: QueueMessage[] = [];
      while (taken.length < count && visible.length > 0) {
        for (const message of visible.splice(pick(visible.length), 1)) {
          if (message.receiveCount < MAX_RECEIVE_COUNT) taken.push(message);
          else {
            message.isDeleted = true;
            deadLetters.push({ body: message.body, failedAt: now(), at: now() });
          }
        }
      }
      return taken.map((message) => {
        message.receiveCount += 1;
        message.visibleAt = now() + VISIBILITY_MS;
        return recordOf(message);
      });
    },

    nextVisibleAt(): number | undefined {
      const times = live().map((message) => message.visibleAt);
      return times.length === 0 ? undefined : Math.min(...times);
    },

    remove(id: string): void {
      for (const message of messages) if (message.id === id) message.isDeleted = true;
    },

    postpone(receiptHandle: string, delayMs: number): void {
      const message = ofHandle(receiptHandle);
      if (message === undefined) throw new Error('ReceiptHandleIsInvalid');
      message.visibleAt = now() + delayMs;
    },

    wake(receiptHandles: readonly string[]): void {
      for (const handle of receiptHandles) {
        const message = ofHandle(handle);
        if (message !== undefined) message.visibleAt = Math.min(message.visibleAt, now());
      }
    },

    depth(): { visible: number; inFlight: number } {
      const visible = live().filter((message) => message.visibleAt <= now()).length;
      return { visible, inFlight: live().length - visible };
    },

    sendDeadLetter(letter: DeadLetter): void {
      deadLetters.push({ ...letter, at: now() });
    },
  };
};
export type QueueModel = ReturnType<typeof createQueueModel>;

const recordOf = ({ id, body, sentAt, receiveCount, failedAt, failedRoomId }: QueueMessage): SQSRecord => ({
  messageId: id,
  receiptHandle: `${id}/${receiveCount}`,
  body,
  attributes: {
    ApproximateReceiveCount: String(receiveCount),
    SentTimestamp: String(sentAt),
    SenderId: 'model',
    ApproximateFirstReceiveTimestamp: String(sentAt),
  },
  messageAttributes: {
    ...(failedAt === undefined ? {} : { failedAt: textAttribute(new Date(failedAt).toISOString()) }),
    ...(failedRoomId === undefined ? {} : { roomId: textAttribute(failedRoomId) }),
  },
  md5OfBody: '',
  eventSource: 'aws:sqs',
  eventSourceARN: 'arn:aws:sqs:eu-central-1:123456789012:uploads',
  awsRegion: 'eu-central-1',
});

const textAttribute = (stringValue: string) => ({ dataType: 'String', stringValue });
