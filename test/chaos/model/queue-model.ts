import type { SQSRecord } from 'aws-lambda';
import type { DeadLetter } from '../../../lambdas/relay/ports.ts';

export interface QueueMessage {
  readonly id: string;
  readonly body: string;
  readonly sentAt: number;
  readonly failedAt: number | undefined;
  visibleAt: number;
  receiveCount: number;
  isDeleted: boolean;
}

/** A standard SQS queue with visibility timeouts and receive counts. Messages are received in any order. */
export interface QueueModel {
  readonly messages: QueueMessage[];
  readonly deadLetters: DeadLetter[];
  send(body: string, failedAt?: number): void;
  receive(count: number): SQSRecord[];
  nextVisibleAt(): number | undefined;
  remove(id: string): void;
  postpone(receiptHandle: string, delayMs: number): void;
}

/** Longer than the function's time-out, as Lambda requires. */
const VISIBILITY_MS = 330_000;

export const createQueueModel = (now: () => number, pick: (count: number) => number): QueueModel => {
  const messages: QueueMessage[] = [];
  const deadLetters: DeadLetter[] = [];
  const live = () => messages.filter((message) => !message.isDeleted);

  return {
    messages,
    deadLetters,

    send(body, failedAt) {
      messages.push({
        id: `m${messages.length}`,
        body,
        sentAt: now(),
        failedAt,
        visibleAt: now(),
        receiveCount: 0,
        isDeleted: false,
      });
    },

    receive(count) {
      const visible = live().filter((message) => message.visibleAt <= now());
      const taken: QueueMessage[] = [];
      while (taken.length < count && visible.length > 0) taken.push(...visible.splice(pick(visible.length), 1));
      return taken.map((message) => {
        message.receiveCount += 1;
        message.visibleAt = now() + VISIBILITY_MS;
        return recordOf(message);
      });
    },

    nextVisibleAt() {
      const times = live().map((message) => message.visibleAt);
      return times.length === 0 ? undefined : Math.min(...times);
    },

    remove(id) {
      for (const message of messages) if (message.id === id) message.isDeleted = true;
    },

    postpone(receiptHandle, delayMs) {
      const [id, receive] = receiptHandle.split('/');
      const message = messages.find((candidate) => candidate.id === id);
      // A receipt handle is valid until the message is received again.
      if (message === undefined || message.isDeleted || String(message.receiveCount) !== receive) {
        throw new Error('ReceiptHandleIsInvalid');
      }
      message.visibleAt = now() + delayMs;
    },
  };
};

const recordOf = ({ id, body, sentAt, receiveCount, failedAt }: QueueMessage): SQSRecord => ({
  messageId: id,
  receiptHandle: `${id}/${receiveCount}`,
  body,
  attributes: {
    ApproximateReceiveCount: String(receiveCount),
    SentTimestamp: String(sentAt),
    SenderId: 'model',
    ApproximateFirstReceiveTimestamp: String(sentAt),
  },
  messageAttributes:
    failedAt === undefined ? {} : { failedAt: { dataType: 'String', stringValue: new Date(failedAt).toISOString() } },
  md5OfBody: '',
  eventSource: 'aws:sqs',
  eventSourceARN: 'arn:aws:sqs:eu-central-1:123456789012:uploads',
  awsRegion: 'eu-central-1',
});
