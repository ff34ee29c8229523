import { setTimeout as sleep } from 'node:timers/promises';
import {
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  type ReceiveMessageCommandOutput,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { type BatchOutcome, readBatchResponse } from './batch-response.ts';
import type { Invocation } from './invocation.ts';
import { toSqsEvent } from './sqs-event.ts';

/** One execution environment: it runs one invocation at a time. */
export interface InvokedFunction {
  invoke(event: unknown): Promise<Invocation>;
}

export interface EventSourceMappingOptions {
  readonly sqs: SQSClient;
  readonly queueUrl: string;
  readonly queueArn: string;
  readonly region: string;
  /** As many batches are on their way at once as there are functions (the mapping's maximum concurrency). */
  readonly functions: readonly InvokedFunction[];
  /** @default 10 */
  readonly batchSize?: number | undefined;
  readonly onBatch?: ((batch: FinishedBatch) => void) | undefined;
}

export interface FinishedBatch {
  readonly messageIds: readonly string[];
  readonly invocation: Invocation;
  readonly outcome: BatchOutcome;
}

export interface EventSourceMapping {
  /** Batches that a function has and has not answered. */
  readonly inFlight: number;
  /** Takes no more messages and forgets the batches on their way: their messages come back when their visibility ends. */
  stop(): Promise<void>;
}

// A poll that was given up lingers in the emulator and takes messages with it; a short one does so for a short time.
const WAIT_SECONDS = 1;

/**
 * What Lambda's event source mapping does for an SQS queue: long polls it, hands batches to the function and deletes
 * what succeeded. What failed stays until its visibility ends, which the function may have changed by itself.
 */
export const startEventSourceMapping = (options: EventSourceMappingOptions): EventSourceMapping => {
  const { sqs, queueUrl: QueueUrl, batchSize = 10 } = options;
  const stopping = new AbortController();
  let inFlight = 0;

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

  const poll = async (target: InvokedFunction): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        const messages = await receive();
        if (messages.length === 0) continue;
        inFlight += 1;
        await relayBatch(target, messages).finally(() => {
          inFlight -= 1;
        });
      } catch (error) {
        if (stopping.signal.aborted) return;
        // As on AWS, a queue that does not answer is asked again; the messages are safe in it.
        process.emitWarning(`The event source mapping goes on after: ${String(error)}`);
        await sleep(WAIT_SECONDS * 1000, undefined, { signal: stopping.signal }).catch(() => {});
      }
    }
  };

  const polling = options.functions.map(poll);
  return {
    get inFlight() {
      return inFlight;
    },
    async stop() {
      stopping.abort();
      await Promise.race([Promise.allSettled(polling), sleep(0)]);
    },
  };
};
