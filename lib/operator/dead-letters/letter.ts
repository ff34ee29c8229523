import type { Message, MessageAttributeValue } from '@aws-sdk/client-sqs';
import { type CreatedObject, parseEvent } from '../../../lambdas/relay/domain/s3-event.ts';

/** A message of the dead-letter queue. */
export interface Letter {
  /** SQS's message id. */
  readonly id: string;
  readonly receiptHandle: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, MessageAttributeValue>>;
  /** When it was sent, epoch milliseconds: to the dead-letter queue, or to the uploads queue if SQS moved it itself. */
  readonly sentAt: number;
  /** One, unless SQS moved the message itself: then as many as the event has, and none if it can't be read. */
  readonly objects: readonly Pick<CreatedObject, 'bucket' | 'key' | 'sizeBytes' | 'sequencer' | 'eTag' | 'createdAt'>[];
  /** SQS moved it after `maxReceiveCount` receives. Then the relay has not given a reason. */
  readonly isMovedBySqs: boolean;
  readonly reason: string;
  readonly detail: string;
  readonly errorType: string | undefined;
  readonly httpStatus: number | undefined;
  readonly roomId: string | undefined;
  /** As its route named it. Undefined in letters of earlier versions. */
  readonly room?: string | undefined;
  readonly attempts: number | undefined;
  /** When the relay gave up, epoch milliseconds. */
  readonly failedAt: number | undefined;
}

const MOVED_BY_SQS = 'received too often without an answer: the function crashed or timed out each time';

/** Reads a message that was received from the dead-letter queue, with all its attributes. */
export const readLetter = (message: Message): Letter => {
  const { MessageAttributes: attributes = {}, Attributes: system = {}, Body: body = '' } = message;
  const text = (name: string): string | undefined => attributes[name]?.StringValue;
  const event = parseEvent(body);
  // A redriven message keeps its attributes, so SQS may move a message that has the reason of an earlier letter.
  const isMovedBySqs = text('reason') === undefined || system['DeadLetterQueueSourceArn'] !== undefined;
  return {
    id: message.MessageId ?? '',
    receiptHandle: message.ReceiptHandle ?? '',
    body,
    attributes,
    sentAt: numberOf(system.SentTimestamp) ?? 0,
    objects: event.kind === 'objects' ? event.objects.map(withoutBody) : [],
    isMovedBySqs,
    reason: isMovedBySqs ? 'ABANDONED' : (text('reason') ?? 'ABANDONED'),
    detail: isMovedBySqs ? MOVED_BY_SQS : (text('detail') ?? ''),
    errorType: text('errorType'),
    httpStatus: numberOf(text('httpStatus')),
    roomId: text('roomId'),
    room: text('room'),
    attempts: numberOf(text('attempts') ?? (isMovedBySqs ? system.ApproximateReceiveCount : undefined)),
    failedAt: numberOf(String(Date.parse(text('failedAt') ?? ''))),
  };
};

const withoutBody = ({ eventBody: _, ...object }: CreatedObject) => object;

const numberOf = (text: string | undefined): number | undefined => {
  const value = Number(text);
  return text === undefined || text === '' || !Number.isFinite(value) ? undefined : value;
};

/** The time that the operator thinks of: when the relay gave up or, without a reason, when the message was sent. */
export const timeOf = ({ failedAt, sentAt }: Pick<Letter, 'failedAt' | 'sentAt'>): number => failedAt ?? sentAt;

/** The first object's key, for a list; a text in parentheses if there is none. */
export const titleOf = ({ objects }: Pick<Letter, 'objects'>): string => {
  const [first, ...more] = objects;
  if (first === undefined) return '(no S3 event)';
  return more.length === 0 ? first.key : `${first.key} (and ${more.length} more)`;
};

/** All that is known of a letter, as JSON. */
export const recordOf = ({ receiptHandle: _, attributes, sentAt, failedAt, objects, ...letter }: Letter): object => ({
  ...letter,
  objects: objects.map(({ createdAt, ...object }) => ({ ...object, createdAt: new Date(createdAt).toISOString() })),
  sentAt: new Date(sentAt).toISOString(),
  failedAt: failedAt === undefined ? undefined : new Date(failedAt).toISOString(),
  attributes: Object.fromEntries(
    Object.entries(attributes).map(([name, { DataType, StringValue, BinaryValue }]) => [
      name,
      { DataType, StringValue, BinaryValue: BinaryValue && Buffer.from(BinaryValue).toString('base64') },
    ]),
  ),
});
