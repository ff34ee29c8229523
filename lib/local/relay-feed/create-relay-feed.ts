import { GetQueueAttributesCommand, type Message, type SQSClient } from '@aws-sdk/client-sqs';
import { readDeadLetter } from '../aws/dead-letters.ts';
import type { Emulators } from '../aws/emulators.ts';
import { putObject } from '../aws/upload-file.ts';
import { createObjectLives, type ObjectLives } from './object-lives.ts';
import type { RelayFeed } from './relay-feed.ts';
import { sendBack } from './send-back.ts';

type Connected = Pick<Emulators, 'clients' | 'endpoints' | 'queueUrl' | 'deadLetterQueueUrl' | 'peekDeadLetters'>;

/** The feed, and what the embedded relay reports to it. */
export interface RelayFeedSource {
  readonly feed: RelayFeed;
  readonly lives: ObjectLives;
  /** The feed uploads and looks into the queues only after this. */
  connect(emulators: Connected): void;
  /** Ends the looks into the queues. */
  close(): void;
}

const LOOK_EVERY_MS = 250;
/** The function's log line can arrive when the queue is empty already. */
const MISSING_AFTER_MS = 5_000;

export const createRelayFeed = (options: { bucket: string; clock: { now(): number } }): RelayFeedSource => {
  const { bucket, clock } = options;
  const lives = createObjectLives(clock);
  let emulators: Connected | undefined;
  let watchers = 0;
  let timer: NodeJS.Timeout | undefined;
  let isLooking = false;
  let isClosed = false;
  let emptySince: number | undefined;
  let moving: Promise<unknown> = Promise.resolve();

  const connected = (): Connected => {
    if (emulators === undefined) throw new Error('The relay is still starting: try again in a second.');
    return emulators;
  };

  const look = async ({ clients, queueUrl, deadLetterQueueUrl, peekDeadLetters }: Connected): Promise<void> => {
    const at = clock.now();
    const waiting = await countMessages(clients.sqs, queueUrl);
    const dead = await countMessages(clients.sqs, deadLetterQueueUrl);
    const letters = await peekDeadLetters();
    lives.sawDeadLetters(
      letters.map((letter) => ({ ...readDeadLetter(letter), messageId: letter.messageId })),
      { at, isComplete: dead === letters.length },
    );
    if (waiting > 0) emptySince = undefined;
    else emptySince ??= at;
  };

  const lookOn = (): void => {
    isLooking = watchers > 0 && !isClosed;
    if (!isLooking) return;
    const looked = emulators === undefined ? Promise.resolve() : look(emulators);
    // The queues cannot be read while the relay closes.
    void looked
      .catch(() => {})
      .finally(() => {
        if (!isClosed) timer = setTimeout(lookOn, LOOK_EVERY_MS);
      });
  };

  const moveBack = async (id: number | undefined): Promise<number> => {
    const lifeOf = ({ Body: body = '', MessageId: messageId = '' }: Message) => lives.ofDeadLetter({ body, messageId });
    const moved = await sendBack(connected(), (message) => id === undefined || lifeOf(message)?.id === id);
    for (const message of moved) {
      const life = lifeOf(message);
      if (life !== undefined) lives.sentBack(life.id);
    }
    return moved.length;
  };

  const feed: RelayFeed = {
    bucket,
    lives: lives.all,
    counts: lives.counts,
    onChange: lives.onChange,
    missing: () => {
      const counts = lives.counts();
      const isEmpty = emptySince !== undefined && clock.now() - emptySince > MISSING_AFTER_MS;
      return isEmpty ? counts.waiting + counts['in-work'] : 0;
    },
    watchQueues: () => {
      watchers += 1;
      if (!isLooking) lookOn();
      let isWatching = true;
      return () => {
        if (isWatching) watchers -= 1;
        isWatching = false;
        if (watchers === 0) emptySince = undefined;
      };
    },
    upload: (key, body, properties) => putObject({ endpoint: connected().endpoints.s3, bucket, key }, body, properties),
    // One move after the other: each hides the letters that it looks through from the others.
    sendBack: (id) => {
      const next = moving.then(() => moveBack(id));
      moving = next.catch(() => {});
      return next;
    },
  };

  return {
    feed,
    lives,
    connect: (connectedEmulators) => {
      emulators = connectedEmulators;
    },
    close: () => {
      isClosed = true;
      clearTimeout(timer);
    },
  };
};

const COUNTS = [
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
  'ApproximateNumberOfMessagesDelayed',
] as const;

const countMessages = async (sqs: SQSClient, QueueUrl: string): Promise<number> => {
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...COUNTS] }));
  return COUNTS.reduce((total, name) => total + Number(Attributes?.[name] ?? 0), 0);
};
