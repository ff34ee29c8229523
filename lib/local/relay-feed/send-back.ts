import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import type { Emulators } from '../aws/emulators.ts';

/** Longer than the move of one batch takes. A letter that is not moved is shown again at the end. */
const HIDDEN_SECONDS = 30;

/**
 * Moves dead letters to the uploads queue, with their body and attributes. Each is sent before it is deleted, so that a
 * failure in between repeats it and loses none; the ledger recognises a repeat.
 * @returns the moved messages
 */
export const sendBack = async (
  { clients: { sqs }, queueUrl, deadLetterQueueUrl }: Pick<Emulators, 'clients' | 'queueUrl' | 'deadLetterQueueUrl'>,
  isWanted: (message: Message) => boolean,
): Promise<Message[]> => {
  const moved: Message[] = [];
  const kept: Message[] = [];
  try {
    for (;;) {
      const { Messages: received = [] } = await sqs.send(
        new ReceiveMessageCommand({
          QueueUrl: deadLetterQueueUrl,
          MaxNumberOfMessages: 10,
          VisibilityTimeout: HIDDEN_SECONDS,
          MessageAttributeNames: ['All'],
        }),
      );
      if (received.length === 0) return moved;
      for (const message of received) {
        if (!isWanted(message)) {
          kept.push(message);
          continue;
        }
        const { Body: MessageBody, MessageAttributes, ReceiptHandle } = message;
        await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody, MessageAttributes }));
        await sqs.send(new DeleteMessageCommand({ QueueUrl: deadLetterQueueUrl, ReceiptHandle }));
        moved.push(message);
      }
    }
  } finally {
    for (const { ReceiptHandle } of kept) {
      await sqs.send(
        new ChangeMessageVisibilityCommand({ QueueUrl: deadLetterQueueUrl, ReceiptHandle, VisibilityTimeout: 0 }),
      );
    }
  }
};
