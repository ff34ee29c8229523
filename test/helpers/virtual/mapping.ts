import type { Context } from 'aws-lambda';
import { sqsEvent } from '../factories.ts';
import type { RelayFunction } from './function.ts';
import type { VirtualQueue } from './queue.ts';
import type { VirtualTime } from './time.ts';

const VISIBILITY_MS = 16 * 60_000;
const FUNCTION_MS = 15 * 60_000;

/**
 * Lambda's event source mapping on the virtual queue. Each process handles one batch at a time. Ends with the queue
 * empty.
 */
export const relayQueue = async (options: {
  readonly queue: VirtualQueue;
  readonly time: Pick<VirtualTime, 'now' | 'sleep'>;
  readonly random: () => number;
  /** One function per process. The caller may replace one at any time. */
  readonly processes: RelayFunction[];
}): Promise<{ readonly invocations: number; readonly busyMs: number }> => {
  const { queue, time, random, processes } = options;
  let invocations = 0;
  let busyMs = 0;

  const work = async (index: number): Promise<void> => {
    while (queue.left() > 0) {
      const records = queue.receive(VISIBILITY_MS);
      if (records.length === 0) {
        await queue.poll();
        await time.sleep(5 + random() * 40);
        continue;
      }
      invocations += 1;
      await time.sleep(5 + random() * 20);
      const startedAt = time.now();
      const context = {
        awsRequestId: `request-${invocations}`,
        getRemainingTimeInMillis: () => FUNCTION_MS - (time.now() - startedAt),
      } as Context;
      const relay = processes[index];
      if (relay === undefined) throw new Error(`there is no process ${index}`);
      const { batchItemFailures } = await relay(sqsEvent(...records), context);
      busyMs += time.now() - startedAt;
      const failed = new Set(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier));
      for (const { messageId, receiptHandle } of records) {
        if (!failed.has(messageId)) queue.delete(receiptHandle);
      }
    }
    queue.endPolls();
  };

  await Promise.all(processes.map((_, index) => work(index)));
  return { invocations, busyMs };
};
