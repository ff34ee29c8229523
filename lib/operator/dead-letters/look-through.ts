import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import pMap from 'p-map';
import { awsCodeOf } from '../../../lambdas/relay/adapters/aws-error.ts';
import { readQueueState } from '../queue/queue-state.ts';
import { type Letter, readLetter } from './letter.ts';

/**
 * Looks through a dead-letter queue, each letter once.
 *
 * SQS has no way to read a queue without receiving it, and hides what is received. The letters that were looked at stay
 * hidden until the end of the pass: that is how SQS keeps the place. Then they are made visible again at once. If the
 * process is killed, SQS shows them again when `hideForSeconds` have passed. Meanwhile, others who look see only the rest.
 *
 * A letter that becomes visible again during the pass is recognised by its id. If it was to be deleted, it is deleted
 * again: SQS accepts a receipt handle that is no longer the newest one without deleting the message
 * (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html). SQS hides at most 120,000 messages of a
 * queue at a time, so a pass ends early when it holds `MAX_HELD`.
 */
export interface Pass {
  /** How many letters were visible before, and how many others had hidden. Approximate. */
  readonly visibleBefore: number;
  readonly hiddenBefore: number;
  /** How long the queue keeps a message. */
  readonly retentionMs: number;
  /** The time at which the pass began, by the clock of SQS, epoch milliseconds. Exact to a second; not earlier. */
  readonly startedAt: () => number;
  /** The letters, in batches of up to 50. Ends when the queue shows no other letter, or the signal aborts. */
  batches(): AsyncGenerator<readonly Letter[]>;
  /** Whether the pass ended before it had seen all letters, because SQS hides no more of them. */
  readonly isCutShort: boolean;
  /** Deletes letters. What SQS does not delete is in `undeleted`. @throws the SDK's errors */
  delete(letters: readonly Letter[]): Promise<void>;
  /** The letters that should be deleted and are still in the queue, with SQS's error. Complete at the end of the pass. */
  readonly undeleted: readonly { readonly letter: Letter; readonly error: string }[];
  /** Makes the letters visible that were not deleted. Must be called at the end, also after an error. */
  giveBack(): Promise<void>;
}

/** SQS's limit is 120,000. The rest is for other commands and for letters that come meanwhile. */
const MAX_HELD = 100_000;

const RECEIVES_AT_ONCE = 5;
const BATCH = 10;

export interface PassOptions {
  readonly sqs: SQSClient;
  readonly queueUrl: string;
  readonly signal: AbortSignal;
  /** How many letters per second are handled if that is slower than reading them. */
  readonly perSecond?: number | undefined;
  /** How long a letter stays hidden if the process is killed. @default enough for the pass */
  readonly hideForSeconds?: number | undefined;
  /** @default 100000 */
  readonly maxHeld?: number | undefined;
}

export const startPass = async (options: PassOptions): Promise<Pass> => {
  const { sqs, queueUrl: QueueUrl, signal, maxHeld = MAX_HELD } = options;
  const before = await readQueueState(sqs, QueueUrl);
  const VisibilityTimeout = options.hideForSeconds ?? hideForSeconds(before.visible, options.perSecond);
  const receivers = Math.min(RECEIVES_AT_ONCE, Math.max(1, Math.ceil(before.visible / BATCH)));

  /** The newest receipt handle of each letter that is hidden; only this one makes it visible or deletes it. */
  const held = new Map<string, string>();
  const seen = new Set<string>();
  const deleted = new Set<string>();
  const undeleted = new Map<string, { letter: Letter; error: string }>();
  let isCutShort = false;
  let startedAt: number | undefined;

  const receive = async (): Promise<readonly Letter[]> => {
    const command = new ReceiveMessageCommand({
      QueueUrl,
      MaxNumberOfMessages: BATCH,
      VisibilityTimeout,
      // A long poll asks all of SQS's servers, so an empty answer means that the queue shows nothing.
      WaitTimeSeconds: 1,
      MessageSystemAttributeNames: ['All'],
      MessageAttributeNames: ['All'],
    });
    const now = serverTime(command);
    // It must not be aborted in the middle: its letters would be hidden, but not known here.
    const { Messages = [] } = await sqs.send(command);
    startedAt ??= now();
    const letters = Messages.map(readLetter);
    for (const { id, receiptHandle } of letters) held.set(id, receiptHandle);
    return letters;
  };

  /** Several receives at once. If one fails, the letters of the others are held nevertheless. */
  const receiveSome = async (): Promise<readonly Letter[] | undefined> => {
    const results = await Promise.allSettled(Array.from({ length: receivers }, receive));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed === undefined) return results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
    if (awsCodeOf(failed.reason) === 'OverLimit') return undefined;
    throw failed.reason;
  };

  const deleteSome = async (letters: readonly Letter[]): Promise<void> => {
    const Entries = letters.map(({ id, receiptHandle }, index) => ({
      Id: String(index),
      ReceiptHandle: held.get(id) ?? receiptHandle,
    }));
    const { Failed = [] } = await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
    const errors = new Map(Failed.map(({ Id, Code, Message }) => [Id, `${Code}: ${Message ?? 'no message'}`]));
    for (const [index, letter] of letters.entries()) {
      const error = errors.get(String(index));
      deleted.add(letter.id);
      if (error === undefined) {
        held.delete(letter.id);
        undeleted.delete(letter.id);
      } else undeleted.set(letter.id, { letter, error });
    }
  };

  const deleteLetters = async (letters: readonly Letter[]): Promise<void> => {
    await pMap(chunks(letters, BATCH), deleteSome, { concurrency: RECEIVES_AT_ONCE });
  };

  async function* batches(): AsyncGenerator<readonly Letter[]> {
    let repeats = 0;
    while (!signal.aborted) {
      const received = held.size >= maxHeld ? undefined : await receiveSome();
      if (received === undefined) {
        isCutShort = true;
        return;
      }
      if (received.length === 0) return;
      const again = received.filter(({ id }) => deleted.has(id));
      await deleteLetters(again);
      const letters: Letter[] = [];
      for (const letter of received) {
        if (seen.has(letter.id)) continue;
        seen.add(letter.id);
        letters.push(letter);
      }
      // Letters that came back while the pass went on are hidden again; after several such rounds nothing else is left.
      repeats = letters.length + again.length === 0 ? repeats + 1 : 0;
      if (repeats >= MAX_REPEATS) return;
      if (letters.length > 0) yield letters;
    }
  }

  return {
    visibleBefore: before.visible,
    hiddenBefore: before.inFlight,
    retentionMs: before.retentionMs,
    startedAt: () => startedAt ?? Date.now(),
    batches,
    get isCutShort() {
      return isCutShort;
    },
    delete: deleteLetters,
    get undeleted() {
      return [...undeleted.values()];
    },
    async giveBack() {
      const handles = [...held.values()];
      held.clear();
      await pMap(
        chunks(handles, BATCH),
        (chunk) =>
          sqs.send(
            new ChangeMessageVisibilityBatchCommand({
              QueueUrl,
              // Entries that the answer lists as failed are visible already, or deleted.
              Entries: chunk.map((ReceiptHandle, index) => ({
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

const MAX_REPEATS = 5;

/** A minute, and the time for the letters at the slowest rate that is expected. SQS hides a message for at most 12 h. */
const hideForSeconds = (letters: number, perSecond = 100): number =>
  Math.min(43_200, 60 + Math.ceil((2 * letters) / Math.min(100, perSecond)));

/** Reads the `Date` of the answer, which has no fraction of a second. Falls back to this machine's clock. */
const serverTime = (command: ReceiveMessageCommand): (() => number) => {
  let date: number | undefined;
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const { headers } = result.response as { headers?: Record<string, string> };
      date = Date.parse(headers?.['date'] ?? '');
      return result;
    },
    { step: 'deserialize', name: 'serverTime' },
  );
  return () => (date === undefined || Number.isNaN(date) ? Date.now() : date + 999);
};

const chunks = <Item>(items: readonly Item[], size: number): Item[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size));
