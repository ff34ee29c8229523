import type { SQSRecord } from 'aws-lambda';
import type { Backlog, Queues } from '../../../lambdas/relay/ports.ts';
import { sqsRecord } from '../factories.ts';
import type { VirtualTime } from './time.ts';

interface Message {
  readonly id: string;
  readonly body: string;
  readonly sentAt: number;
  receiveCount: number;
  receivedAt: number;
  /** `undefined`: the message is visible. */
  visibleAt: number | undefined;
}

const LONGEST_VISIBILITY_MS = 12 * 3_600_000;

/**
 * A standard SQS queue and its dead-letter queue: visibility timeouts in whole seconds, no order, and a quota of
 * messages in flight.
 */
export const createVirtualQueue = (options: {
  readonly time: Pick<VirtualTime, 'now' | 'sleep'>;
  readonly random: () => number;
  /** @default the quota of SQS */
  readonly inFlightQuota?: number | undefined;
}) => {
  const { time, random, inFlightQuota = 120_000 } = options;
  const messages = new Map<string, Message>();
  const receiveCounts: number[] = [];
  const visible: Message[] = [];
  let inFlight = 0;
  let deadLetters = 0;
  let polls: (() => void)[] = [];
  const calls = { receive: 0, postpone: 0, read: 0, wake: 0 };

  const show = (message: Message) => {
    message.visibleAt = undefined;
    inFlight -= 1;
    visible.push(message);
    endPolls();
  };

  const endPolls = () => {
    for (const end of polls) end();
    polls = [];
  };

  const hide = (message: Message, ms: number) => {
    const until = time.now() + ms;
    if (until > message.receivedAt + LONGEST_VISIBILITY_MS) {
      throw new Error('InvalidParameterValue: total visibility time-out is beyond 12 hours');
    }
    message.visibleAt = until;
    void time.sleep(ms).then(() => {
      if (message.visibleAt === until && messages.has(message.id)) show(message);
    });
  };

  /** A handle is valid while its message is in flight, until the message is received again. */
  const ofHandle = (receiptHandle: string): Message | undefined => {
    const [id = '', count] = receiptHandle.split('#');
    const message = messages.get(id);
    return message?.visibleAt !== undefined && message.receiveCount === Number(count) ? message : undefined;
  };

  return {
    calls,
    deadLetters: () => deadLetters,
    /** Receive counts of the deleted messages. */
    receiveCounts,
    left: () => messages.size,

    send(id: string, body: string) {
      const sentAt = time.now();
      const message = { id, body, sentAt, receiveCount: 0, receivedAt: 0, visibleAt: undefined };
      messages.set(id, message);
      visible.push(message);
      endPolls();
    },

    /**
     * Receives up to ten messages. As in SQS, a poll of a short queue can miss messages; the next poll receives them.
     */
    receive(visibilityMs: number): SQSRecord[] {
      const most = Math.min(10, visible.length, inFlightQuota - inFlight);
      const count = most <= 1 ? most : Math.ceil(most * (0.5 + random() / 2));
      if (count <= 0) return [];
      calls.receive += 1;
      return Array.from({ length: count }, () => {
        const index = Math.floor(random() * visible.length);
        const message = visible[index];
        const last = visible.pop();
        if (message === undefined || last === undefined)
          throw new Error('the virtual queue has fewer visible messages than it counted');
        if (message !== last) visible[index] = last;
        message.receiveCount += 1;
        message.receivedAt = time.now();
        inFlight += 1;
        hide(message, visibilityMs);
        return recordOf(message, time.now());
      });
    },

    /** A long poll on the empty queue. Resolves when there may be a message, or on `endPolls`. */
    poll: (): Promise<void> => new Promise((resolve) => polls.push(resolve)),
    endPolls,

    delete(receiptHandle: string) {
      const message = ofHandle(receiptHandle);
      if (message === undefined) return;
      messages.delete(message.id);
      receiveCounts.push(message.receiveCount);
      inFlight -= 1;
      endPolls();
    },

    queues: {
      async postpone(receiptHandle, delayMs) {
        calls.postpone += 1;
        const message = ofHandle(receiptHandle);
        if (message === undefined) throw new Error('InvalidParameterValue: the receipt handle has expired');
        hide(message, Math.ceil(delayMs / 1_000) * 1_000);
      },
      async sendDeadLetter() {
        deadLetters += 1;
      },
    } satisfies Queues,

    backlog: {
      async read() {
        calls.read += 1;
        return { visible: visible.length, inFlight };
      },
      async wake(receiptHandles) {
        calls.wake += Math.ceil(receiptHandles.length / 10);
        for (const receiptHandle of receiptHandles) {
          const message = ofHandle(receiptHandle);
          if (message !== undefined) show(message);
        }
      },
    } satisfies Backlog,
  };
};
export type VirtualQueue = ReturnType<typeof createVirtualQueue>;

const recordOf = ({ id, body, sentAt, receiveCount }: Message, now: number): SQSRecord =>
  sqsRecord(body, {
    messageId: id,
    receiptHandle: `${id}#${receiveCount}`,
    attributes: {
      ApproximateReceiveCount: String(receiveCount),
      SentTimestamp: String(sentAt),
      ApproximateFirstReceiveTimestamp: String(now),
    },
  });
