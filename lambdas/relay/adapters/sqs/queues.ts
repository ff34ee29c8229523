import {
  ChangeMessageVisibilityCommand,
  type MessageAttributeValue,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { DeadLetter, Queues } from '../../ports.ts';

/** SQS hides a message for at most 12 h from when it was received; the longest time of an invocation is subtracted. */
const LONGEST_VISIBILITY_SECONDS = 12 * 3_600 - 15 * 60;

/** The uploads queue and its dead-letter queue in SQS. Throws the SDK's errors. */
export const createSqsQueues = (options: {
  readonly client: SQSClient;
  readonly queueUrl: string;
  readonly deadLetterQueueUrl: string;
}): Queues => {
  const { client, queueUrl, deadLetterQueueUrl } = options;
  return {
    async postpone(receiptHandle, delayMs) {
      const seconds = Math.min(LONGEST_VISIBILITY_SECONDS, Math.ceil(delayMs / 1_000));
      await client.send(
        new ChangeMessageVisibilityCommand({
          QueueUrl: queueUrl,
          ReceiptHandle: receiptHandle,
          VisibilityTimeout: Math.max(0, seconds),
        }),
      );
    },

    async sendDeadLetter(letter) {
      await client.send(
        new SendMessageCommand({
          QueueUrl: deadLetterQueueUrl,
          MessageBody: letter.body,
          MessageAttributes: attributesOf(letter),
        }),
      );
    },
  };
};

/** The attributes that an operator reads first. SQS allows ten, and no empty values. */
const attributesOf = (letter: DeadLetter): Record<string, MessageAttributeValue> => {
  const texts = {
    reason: letter.reason,
    errorType: letter.errorType,
    detail: letter.detail,
    roomId: letter.roomId,
    room: letter.room,
    failedAt: new Date(letter.failedAt).toISOString(),
  };
  const numbers = { httpStatus: letter.httpStatus, attempts: letter.attempts };
  return Object.fromEntries([
    ...Object.entries(texts).flatMap(([name, text]) => {
      const value = text === undefined ? '' : attributeText(text);
      return value === '' ? [] : [[name, { DataType: 'String', StringValue: value }] as const];
    }),
    ...Object.entries(numbers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, { DataType: 'Number', StringValue: String(value) }] as const],
    ),
  ]);
};

// SQS accepts only the characters that XML allows; a server's answer may hold others.
// biome-ignore lint/suspicious/noControlCharactersInRegex: it removes control characters.
const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;
const attributeText = (text: string): string => text.replace(NOT_XML, '').trim().slice(0, 1_000).toWellFormed();
