import { GetQueueAttributesCommand, type QueueAttributeName, type SQSClient } from '@aws-sdk/client-sqs';

/** What SQS tells about a queue. Its counts are approximate. */
export interface QueueState {
  readonly name: string;
  readonly arn: string;
  /** Can be received now. */
  readonly visible: number;
  /** Received and neither deleted nor visible again: in progress, asleep, or held by a command. */
  readonly inFlight: number;
  readonly delayed: number;
  /** How long SQS keeps a message. */
  readonly retentionMs: number;
}

export const readQueueState = async (sqs: SQSClient, queueUrl: string): Promise<QueueState> => {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['All'] }),
  );
  const number = (name: QueueAttributeName): number => Number(Attributes[name] ?? 0);
  return {
    name: queueNameOf(queueUrl),
    arn: Attributes['QueueArn'] ?? '',
    visible: number('ApproximateNumberOfMessages'),
    inFlight: number('ApproximateNumberOfMessagesNotVisible'),
    delayed: number('ApproximateNumberOfMessagesDelayed'),
    retentionMs: number('MessageRetentionPeriod') * 1_000,
  };
};

export const queueNameOf = (queueUrl: string): string => new URL(queueUrl).pathname.split('/').at(-1) ?? queueUrl;
