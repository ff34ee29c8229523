import { setTimeout as sleep } from 'node:timers/promises';
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  type ReceiveMessageCommandOutput,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { type BatchOutcome, readBatchResponse } from './batch-response.ts';
import type { Invocation } from './invocation.ts';
import { toSqsEvent } from './sqs-event.ts';

/** One execution environment. It runs one invocation at a time. */
export interface InvokedFunction {
  invoke(event: unknown): Promise<Invocation>;
}

export interface EventSourceMappingOptions {
  readonly sqs: SQSClient;
  readonly queueUrl: string;
  readonly queueArn: string;
  readonly region: string;
  /** Each function processes one batch at a time, so their number is the mapping's maximum concurrency. */
  readonly functions: readonly InvokedFunction[];
  /** The most messages in a batch. @default 10 */
  readonly batchSize?: number | undefined;
  /** Called before each invocation. */
  readonly onReceive?: ((messages: readonly Message[]) => void) | undefined;
  /** Called after each invocation, when the succeeded messages have been deleted. */
  readonly onBatch?: ((batch: FinishedBatch) => void) | undefined;
}

export interface FinishedBatch {
  readonly messageIds: readonly string[];
  readonly invocation: Invocation;
  readonly outcome: BatchOutcome;
}

export interface EventSourceMapping {
  /** The number of batches that are being processed. */
  readonly inFlight: number;
  /** `Disabling`: a poll that began before may still receive messages. */
  readonly state: 'Enabled' | 'Disabling' | 'Disabled';
  /** A disabled mapping receives nothing. Batches in process are finished. */
  setEnabled(isEnabled: boolean): void;
  /**
   * Stops receiving and deletes nothing more. The messages of batches in process return to the queue when their visibility
   * timeout ends.
   */
  stop(): Promise<void>;
}

// The emulator does not notice that a poll was aborted, and the poll may still take messages. A short wait limits that.
const WAIT_SECONDS = 1;

/**
 * Does what Lambda's event source mapping does for an SQS queue: long-polls the queue, invokes the function with each batch
 * and deletes the messages that succeeded. A failed message stays in the queue and is received again when its visibility
 * timeout ends, which the function may have changed.
 */
export const startEventSourceMapping = (options: EventSourceMappingOptions): EventSourceMapping => {
  const { sqs, queueUrl: QueueUrl, batchSize = 10 } = options;
  const stopping = new AbortController();
  let inFlight = 0;
  let enabled = Promise.withResolvers<void>();
  let isEnabled = true;
  let receiving = 0;
  enabled.resolve();
  stopping.signal.addEventListener('abort', () => enabled.resolve());

  const receive = async (): Promise<readonly Message[]> => {
    const command = new ReceiveMessageCommand({
      QueueUrl,
      MaxNumberOfMessages: batchSize,
      WaitTimeSeconds: WAIT_SECONDS,
      MessageSystemAttributeNames: ['All'],
      MessageAttributeNames: ['All'],
    });
    const received: ReceiveMessageCommandOutput = await sqs.send(command, { abortSignal: stopping.signal });
    return received.Messages ?? [];
  };

  const relayBatch = async (target: InvokedFunction, messages: readonly Message[]): Promise<void> => {
    const messageIds = messages.map((message) => message.MessageId ?? '');
    options.onReceive?.(messages);
    const invocation = await target.invoke(toSqsEvent(messages, options));
    if (stopping.signal.aborted) return;
    const outcome: BatchOutcome =
      invocation.kind === 'answered'
        ? readBatchResponse(invocation.payload, messageIds)
        : { kind: 'failed', why: `${invocation.errorType}: ${invocation.errorMessage}` };
    const done =
      outcome.kind === 'partial'
        ? messages.filter((message) => !outcome.failedMessageIds.has(message.MessageId ?? ''))
        : [];
    if (done.length > 0) {
      const Entries = done.map((message, index) => ({ Id: String(index), ReceiptHandle: message.ReceiptHandle }));
      await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }), { abortSignal: stopping.signal });
    }
    options.onBatch?.({ messageIds, invocation, outcome });
  };

  const giveBack = async (messages: readonly Message[]): Promise<void> => {
    const Entries = messages.map(({ ReceiptHandle }, index) => ({
      Id: String(index),
      ReceiptHandle,
      VisibilityTimeout: 0,
    }));
    await sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries }), { abortSignal: stopping.signal });
  };

  const poll = async (target: InvokedFunction): Promise<void> => {
    for (;;) {
      await enabled.promise;
      if (stopping.signal.aborted) return;
      try {
        receiving += 1;
        const messages = await receive().finally(() => {
          receiving -= 1;
        });
        if (messages.length === 0) continue;
        // A poll that had begun before the mapping was disabled.
        if (!isEnabled) {
          await giveBack(messages);
          continue;
        }
        inFlight += 1;
        await relayBatch(target, messages).finally(() => {
          inFlight -= 1;
        });
      } catch (error) {
        if (stopping.signal.aborted) return;
        // As on AWS, an error of the queue does not stop the mapping.
        process.emitWarning(`The event source mapping will poll again after this error: ${String(error)}`);
        await sleep(WAIT_SECONDS * 1000, undefined, { signal: stopping.signal }).catch(() => {});
      }
    }
  };

  const polling = options.functions.map(poll);
  return {
    get inFlight() {
      return inFlight;
    },
    get state() {
      if (isEnabled) return 'Enabled';
      return receiving > 0 ? 'Disabling' : 'Disabled';
    },
    setEnabled(value) {
      if (value) enabled.resolve();
      else if (isEnabled) enabled = Promise.withResolvers<void>();
      isEnabled = value;
    },
    async stop() {
      stopping.abort();
      await Promise.race([Promise.allSettled(polling), sleep(0)]);
    },
  };
};
