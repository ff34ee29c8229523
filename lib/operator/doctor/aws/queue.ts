import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { relayOf, type World } from '../world.ts';

export interface QueueState {
  readonly queueArn: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** The attributes of the uploads queue or of the dead-letter queue. */
export const queueOf = async (
  world: World,
  queue: 'queueUrl' | 'deadLetterQueueUrl' = 'queueUrl',
): Promise<QueueState> => {
  const target = relayOf(world);
  const { Attributes: attributes = {} } = await target.clients.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: target[queue], AttributeNames: ['All'] }),
  );
  const queueArn = attributes['QueueArn'];
  if (queueArn === undefined) throw new Error(`SQS gave no attributes of ${target[queue]}`);
  return { queueArn, attributes };
};
