import type {
  ChangeMessageVisibilityBatchRequest,
  GetQueueAttributesRequest,
  GetQueueAttributesResult,
} from '@aws-sdk/client-sqs';
import pMap from 'p-map';
import type { Backlog } from '../../ports.ts';
import type { AwsJson } from '../aws/json.ts';

/** SQS's largest batch. */
const BATCH_SIZE = 10;

/** What waits in the uploads queue, in SQS. Throws AwsError. */
export const createSqsBacklog = (options: { readonly call: AwsJson; readonly queueUrl: string }): Backlog => {
  const { call, queueUrl: QueueUrl } = options;
  return {
    async read() {
      const { Attributes = {} } = await call<GetQueueAttributesRequest, GetQueueAttributesResult>(
        'GetQueueAttributes',
        { QueueUrl, AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] },
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
      // The answer names those that could not be changed: they are awake already, or gone.
      await pMap(
        batches,
        (handles) =>
          call<ChangeMessageVisibilityBatchRequest, object>('ChangeMessageVisibilityBatch', {
            QueueUrl,
            Entries: handles.map((ReceiptHandle, index) => ({
              Id: String(index),
              ReceiptHandle,
              VisibilityTimeout: 0,
            })),
          }),
        { concurrency: 10 },
      );
    },
  };
};
