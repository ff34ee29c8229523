import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { printable } from '../../terminal.ts';
import { type Check, found, ok } from '../check.ts';
import { relayOf } from '../world.ts';
import { queueOf } from './queue.ts';

export const deadLetters: Check = {
  name: 'dead-letters',
  group: 'aws',
  needs: 'relay',
  about: 'no upload is in the dead-letter queue',
  async run(world) {
    const { clients, deadLetterQueueUrl, option } = relayOf(world);
    const { attributes } = await queueOf(world, 'deadLetterQueueUrl');
    const count = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible']
      .map((name) => Number(attributes[name] ?? 0))
      .reduce((sum, number) => sum + number, 0);
    if (count === 0) return ok('none');
    // With a visibility timeout of 0 the messages stay visible to everybody.
    const { Messages: messages = [] } = await clients.sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: deadLetterQueueUrl,
        MaxNumberOfMessages: 10,
        VisibilityTimeout: 0,
        MessageAttributeNames: ['reason'],
      }),
    );
    const reasons = new Set(
      messages.map(({ MessageAttributes }) => MessageAttributes?.['reason']?.StringValue ?? 'no reason, moved by SQS'),
    );
    const some = reasons.size === 0 ? '' : `, among them ${[...reasons].map(printable).join('; ')}`;
    return found(`about ${count}`, {
      level: 'problem',
      what: `About ${count} ${count === 1 ? 'upload was' : 'uploads were'} not posted and will not be retried${some}.`,
      why: 'SQS deletes a dead letter after 14 days.',
      mend: `npx relay dead-letters list ${option}; once mended: npx relay redrive ${option} --execute`,
    });
  },
};
