import {
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { describe, expect, it } from 'vitest';
import { startPass } from '../../../../lib/operator/dead-letters/look-through.ts';

const QUEUE = 'https://sqs.us-east-1.amazonaws.com/000000000000/dead-letters';

/** A queue of one letter, which is received once for each handle. Deletes with the `refused` handles fail. */
const createQueue = ({ handles, refused = [] }: { handles: string[]; refused?: string[] }) => {
  const deletes: (string | undefined)[] = [];
  const waiting = [...handles];
  const send = async (command: unknown): Promise<object> => {
    if (command instanceof GetQueueAttributesCommand) return { Attributes: { ApproximateNumberOfMessages: '1' } };
    if (command instanceof ReceiveMessageCommand) {
      const handle = waiting.shift();
      const letter: Message = { MessageId: 'letter', ReceiptHandle: handle, Body: '{}' };
      return { Messages: handle === undefined ? [] : [letter] };
    }
    if (command instanceof DeleteMessageBatchCommand) {
      const entries = command.input.Entries ?? [];
      deletes.push(...entries.map(({ ReceiptHandle }) => ReceiptHandle));
      const isRefused = refused.includes(entries[0]?.ReceiptHandle ?? '');
      return isRefused ? { Failed: [{ Id: '0', Code: 'InternalError', Message: 'try later' }] } : {};
    }
    return {};
  };
  // The pass reads the `Date` of answers through a middleware, which no answer here has.
  return { sqs: { send } as unknown as SQSClient, deletes };
};

const deleteAll = async (sqs: SQSClient) => {
  const pass = await startPass({ sqs, queueUrl: QUEUE, signal: new AbortController().signal });
  let yielded = 0;
  for await (const letters of pass.batches()) {
    yielded += letters.length;
    await pass.delete(letters);
  }
  await pass.giveBack();
  return { yielded, undeleted: pass.undeleted.map(({ letter, error }) => `${letter.id} ${error}`) };
};

describe('a letter that is received again after it was deleted', () => {
  it('is deleted again with its newest receipt handle, and is not handled twice', async () => {
    const queue = createQueue({ handles: ['first', 'second', 'third'] });
    expect(await deleteAll(queue.sqs)).toEqual({ yielded: 1, undeleted: [] });
    expect(queue.deletes).toEqual(['first', 'second', 'third']);
  });

  it('is not reported if SQS refused the first receipt handle and took the second', async () => {
    const queue = createQueue({ handles: ['first', 'second'], refused: ['first'] });
    expect(await deleteAll(queue.sqs)).toEqual({ yielded: 1, undeleted: [] });
  });
});

it('reports a letter that SQS did not delete, with the error', async () => {
  const queue = createQueue({ handles: ['only'], refused: ['only'] });
  expect((await deleteAll(queue.sqs)).undeleted).toEqual(['letter InternalError: try later']);
});
