import { createPace, type Pace } from '../pace.ts';
import { sendMessages } from '../queue/send-messages.ts';
import type { ListedObject } from '../survey/list-objects.ts';
import type { Target } from '../target/target.ts';
import { backfillEvent } from './event.ts';

/**
 * Sends events of objects to the uploads queue. Resolves when SQS has them, or the signal aborted.
 * @returns how many SQS has
 * @throws AbortError if the signal aborts while it waits for its turn
 */
export type Enqueue = (objects: readonly ListedObject[]) => Promise<number>;

export const createEnqueue = (
  { clients, queueUrl, region }: Target,
  options: {
    readonly rate: number;
    readonly signal: AbortSignal;
    readonly onFailed: (object: ListedObject, error: string) => void;
    readonly onSent: (count: number) => void;
  },
): Enqueue => {
  const pace: Pace = createPace({ perSecond: options.rate, signal: options.signal });
  // Several batches at a time only if one after another would be too slow.
  const groupSize = options.rate <= 100 ? 10 : 50;
  return async (objects) => {
    let sent = 0;
    for (let start = 0; start < objects.length && !options.signal.aborted; start += groupSize) {
      const group = objects.slice(start, start + groupSize);
      await pace.take(group.length);
      const messages = group.map((object) => ({ object, body: backfillEvent(object, { region, now: Date.now() }) }));
      const results = await sendMessages(clients.sqs, queueUrl, messages);
      for (const { message, error } of results) if (error !== undefined) options.onFailed(message.object, error);
      const accepted = results.filter(({ error }) => error === undefined).length;
      sent += accepted;
      options.onSent(accepted);
    }
    return sent;
  };
};
