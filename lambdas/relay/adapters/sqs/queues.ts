import type { ChangeMessageVisibilityRequest, MessageAttributeValue, SendMessageRequest } from '@aws-sdk/client-sqs';
import type { DeadLetter, Queues } from '../../ports.ts';
import type { AwsJson } from '../aws/json.ts';

/** SQS hides a message for 12 h at the most, counted from when it was received: an invocation's time is kept off. */
const LONGEST_VISIBILITY_SECONDS = 12 * 3_600 - 15 * 60;

/** The uploads queue and its dead-letter queue in SQS. Throws AwsError. */
export const createSqsQueues = (options: {
  readonly call: AwsJson;
  readonly queueUrl: string;
  readonly deadLetterQueueUrl: string;
}): Queues => {
  const { call, queueUrl, deadLetterQueueUrl } = options;
  return {
    async postpone(receiptHandle, delayMs) {
      const seconds = Math.min(LONGEST_VISIBILITY_SECONDS, Math.ceil(delayMs / 1_000));
      await call<ChangeMessageVisibilityRequest, object>('ChangeMessageVisibility', {
        QueueUrl: queueUrl,
        ReceiptHandle: receiptHandle,
        VisibilityTimeout: Math.max(0, seconds),
      });
    },

    async sendDeadLetter(letter) {
      await call<SendMessageRequest, object>('SendMessage', {
        QueueUrl: deadLetterQueueUrl,
        MessageBody: letter.body,
        MessageAttributes: attributesOf(letter),
      });
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

// SQS takes only the characters that XML does; a server's answer may hold others.
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are what it removes.
const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;
const attributeText = (text: string): string => text.replace(NOT_XML, '').trim().slice(0, 1_000).toWellFormed();
