import { ChangeMessageVisibilityBatchCommand, GetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import pMap from 'p-map';
import type { Backlog } from '../../ports.ts';

/** SQS's largest batch. */
const BATCH_SIZE = 10;

/** The messages that wait in the uploads queue, in SQS. Throws the SDK's errors. */
export const createSqsBacklog = (options: { readonly client: SQSClient; readonly queueUrl: string }): Backlog => {
  const { client, queueUrl: QueueUrl } = options;
  return {
    async read() {
      const { Attributes = {} } = await client.send(
        new GetQueueAttributesCommand({
          QueueUrl,
          AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
        }),
      );
      return {
        visible: Number(Attributes['ApproximateNumberOfMessages'] ?? 0),
        inFlight: Number(Attributes['ApproximateNumberOfMessagesNotVisible'] ?? 0),
      };
    },

    async wake(receiptHandles) {
      const batches = Array.from({ length: Math.ceil(receiptHandles.length / BATCH_SIZE) }, (_, index) =>
        receiptHandles.slice(index * BATCH_SIZE, (index + 1) * BATCH_SIZE),
      );
      // Messages that the response lists as failed are already visible, or deleted.
      await pMap(
        batches,
        (handles) =>
          client.send(
            new ChangeMessageVisibilityBatchCommand({
              QueueUrl,
              Entries: handles.map((ReceiptHandle, index) => ({
                Id: String(index),
                ReceiptHandle,
                VisibilityTimeout: 0,
              })),
            }),
          ),
        { concurrency: 10 },
      );
    },
  };
};
