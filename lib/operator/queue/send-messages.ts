import { type MessageAttributeValue, SendMessageBatchCommand, type SQSClient } from '@aws-sdk/client-sqs';
import pMap from 'p-map';

export interface OutgoingMessage {
  readonly body: string;
  readonly attributes?: Readonly<Record<string, MessageAttributeValue>>;
}

export type Sent<Message> = { readonly message: Message; readonly error: string | undefined };

/** SQS's limits of one batch. The size counts bodies and attributes. */
const MAX_MESSAGES = 10;
const MAX_BYTES = 262_144;

/** Batches that are sent at the same time. */
const CONCURRENCY = 5;

/**
 * Sends messages in as few batches as SQS allows.
 * @returns each message, with SQS's error if SQS does not have it
 * @throws the SDK's errors; then it is not known which messages SQS has
 */
export const sendMessages = async <Message extends OutgoingMessage>(
  sqs: SQSClient,
  queueUrl: string,
  messages: readonly Message[],
): Promise<Sent<Message>[]> => {
  const results = await pMap(
    batchesOf(messages),
    async (batch) => {
      const Entries = batch.map(({ body, attributes }, index) => ({
        Id: String(index),
        MessageBody: body,
        ...(attributes === undefined ? {} : { MessageAttributes: attributes }),
      }));
      const { Failed = [] } = await sqs.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
      const errors = new Map(Failed.map(({ Id, Code, Message }) => [Id, `${Code}: ${Message ?? 'no message'}`]));
      return batch.map((message, index) => ({ message, error: errors.get(String(index)) }));
    },
    { concurrency: CONCURRENCY },
  );
  return results.flat();
};

/** Splits messages by SQS's limits of a batch. */
export const batchesOf = <Message extends OutgoingMessage>(messages: readonly Message[]): Message[][] => {
  const batches: Message[][] = [];
  let batch: Message[] = [];
  let bytes = 0;
  for (const message of messages) {
    const size = sizeOf(message);
    if (batch.length === MAX_MESSAGES || (batch.length > 0 && bytes + size > MAX_BYTES)) {
      batches.push(batch);
      batch = [];
      bytes = 0;
    }
    batch.push(message);
    bytes += size;
  }
  return batch.length === 0 ? batches : [...batches, batch];
};

// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
const sizeOf = ({ body, attributes = {} }: OutgoingMessage): number =>
  Object.entries(attributes).reduce(
    (sum, [name, { DataType = '', StringValue = '', BinaryValue }]) =>
      sum + Buffer.byteLength(name) + DataType.length + Buffer.byteLength(StringValue) + (BinaryValue?.byteLength ?? 0),
    Buffer.byteLength(body),
  );
