import type { Message } from '@aws-sdk/client-sqs';
import { type CreatedObject, parseEvent } from '../../../lambdas/relay/domain/s3-event.ts';
import type { ReadDeadLetter } from '../aws/dead-letters.ts';
import type { LoggedDelivery } from '../delivery-log.ts';
import type { FinishedBatch } from '../lambda/event-source-mapping.ts';
import type { LifeCounts, LifeState, LifeStep, ObjectLife } from './relay-feed.ts';

/** Records the lives of objects from what the emulators and the function report. */
export interface ObjectLives {
  all(): Iterable<ObjectLife>;
  counts(): LifeCounts;
  onChange(listener: (life: ObjectLife) => void): () => void;
  /** S3 has sent this event. */
  created(eventBody: string): void;
  /** The event source mapping has received these messages. */
  received(messages: readonly Message[]): void;
  delivered(delivery: LoggedDelivery): void;
  /** The life that a message of the dead-letter queue belongs to, if it is known. */
  ofDeadLetter(message: { readonly body: string; readonly messageId: string }): ObjectLife | undefined;
  sentBack(id: number): void;
  batchEnded(batch: FinishedBatch): void;
  /**
   * What a look into the dead-letter queue showed.
   * @param look.at when the look began, epoch milliseconds
   * @param look.isComplete whether no letter is in flight: then one that is not among the letters has left the queue
   */
  sawDeadLetters(
    letters: readonly (ReadDeadLetter & { readonly messageId: string })[],
    look: { readonly at: number; readonly isComplete: boolean },
  ): void;
}

type MutableLife = { -readonly [Name in keyof ObjectLife]: ObjectLife[Name] } & {
  identity: string;
  steps: LifeStep[];
  /** When the delivery began that has not been reported yet. */
  receivedAt: number | undefined;
};

/** How many lives are remembered. Limits the memory of a relay that runs for weeks. */
const MAX_REMEMBERED = 5_000;

const SETTLED_AFTER_MS = 500;

export const createObjectLives = (clock: { now(): number }): ObjectLives => {
  const lives = new Map<string, MutableLife>();
  const byMessageId = new Map<string, MutableLife[]>();
  const listeners = new Set<(life: ObjectLife) => void>();
  const counts: Record<LifeState, number> = { waiting: 0, 'in-work': 0, posted: 0, 'dead-lettered': 0, ignored: 0 };
  let lastId = 0;

  const changed = (life: MutableLife): void => {
    for (const listener of listeners) listener(life);
  };

  const enter = (life: MutableLife, state: LifeState): void => {
    counts[life.state] -= 1;
    counts[state] += 1;
    life.state = state;
  };

  const add = (identity: string, fields: Pick<ObjectLife, 'bucket' | 'key' | 'sizeBytes' | 'steps'>): MutableLife => {
    lastId += 1;
    const life: MutableLife = {
      ...fields,
      steps: [...fields.steps],
      id: lastId,
      identity,
      state: 'waiting',
      fileId: undefined,
      messageId: undefined,
      latencyMs: undefined,
      receivedAt: undefined,
    };
    counts.waiting += 1;
    lives.set(identity, life);
    if (lives.size > MAX_REMEMBERED) forgetOne();
    return life;
  };

  /** Forgets the oldest life that has ended; if none has, the oldest one that goes on is kept and the list grows. */
  const forgetOne = (): void => {
    for (const { identity, state } of lives.values()) {
      if (state !== 'posted' && state !== 'ignored') continue;
      lives.delete(identity);
      return;
    }
  };

  const ofObject = (object: CreatedObject): MutableLife =>
    lives.get(identityOf(object)) ??
    add(identityOf(object), {
      bucket: object.bucket,
      key: object.key,
      sizeBytes: object.sizeBytes,
      steps: [{ kind: 's3', at: object.createdAt }],
    });

  const noteReceived = (life: MutableLife): void => {
    if (life.receivedAt === undefined || life.steps.at(-1)?.kind === 'received') return;
    life.steps.push({ kind: 'received', at: life.receivedAt });
  };

  const wait = (
    life: MutableLife,
    why: { reason: string; detail: string | undefined; delayMs: number | undefined },
  ) => {
    const at = clock.now();
    const retryAt = why.delayMs === undefined ? undefined : at + why.delayMs;
    const last = life.steps.at(-1);
    if (last?.kind === 'waiting' && last.reason === why.reason) {
      life.steps[life.steps.length - 1] = { ...last, detail: why.detail, times: last.times + 1, retryAt };
    } else {
      noteReceived(life);
      life.steps.push({ kind: 'waiting', at, reason: why.reason, detail: why.detail, times: 1, retryAt });
    }
    life.receivedAt = undefined;
    enter(life, 'waiting');
    changed(life);
  };

  const finish = (life: MutableLife, state: LifeState, step: LifeStep): void => {
    noteReceived(life);
    life.receivedAt = undefined;
    life.steps.push(step);
    enter(life, state);
    changed(life);
  };

  return {
    all: () => lives.values(),
    counts: () => counts,
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },

    created(eventBody) {
      for (const object of objectsIn(eventBody)) changed(ofObject(object));
    },

    received(messages) {
      const now = clock.now();
      for (const { Body, MessageId, Attributes } of messages) {
        const taken = objectsIn(Body ?? '').map(ofObject);
        byMessageId.set(MessageId ?? '', taken);
        for (const life of taken) {
          if (life.state === 'posted') continue;
          if (Attributes?.ApproximateReceiveCount === '1') {
            const at = Number(Attributes.SentTimestamp) || now;
            if (life.state === 'dead-lettered') life.steps.push({ kind: 'sent-back', at });
            life.steps.push({ kind: 'queued', at });
          }
          life.receivedAt = now;
          // A further try for the same reason continues the step before it.
          if (life.steps.at(-1)?.kind !== 'waiting') noteReceived(life);
          enter(life, 'in-work');
          changed(life);
        }
      }
    },

    delivered(delivery) {
      const life = lives.get(identityOf(delivery));
      if (life === undefined || life.state === 'posted') return;
      const { reason = 'UNKNOWN', detail, delayMs } = delivery;
      const at = clock.now();
      switch (delivery.outcome) {
        case 'posted':
        case 'duplicate':
          life.fileId = delivery.fileId;
          life.messageId = delivery.chatMessageId;
          life.latencyMs = delivery.latencyMs;
          return finish(life, 'posted', { kind: 'posted', at, wasFound: delivery.wasFound ?? false });
        case 'ignored':
        case 'gone':
          return finish(life, 'ignored', { kind: 'ignored', at, detail: detail ?? reason });
        case 'dead-lettered':
          return finish(life, 'dead-lettered', { kind: 'dead-lettered', at, reason, detail });
        case 'retrying':
          return wait(life, { reason, detail, delayMs });
        default:
          delivery.outcome satisfies never;
      }
    },

    batchEnded({ messageIds, outcome }) {
      for (const id of messageIds) {
        // The function logs why a delivery waits. Only a crash or a time-out leaves no line.
        for (const life of byMessageId.get(id) ?? []) {
          if (outcome.kind === 'failed' && life.state === 'in-work') {
            wait(life, { reason: 'FUNCTION_FAILED', detail: outcome.why, delayMs: undefined });
          }
        }
        byMessageId.delete(id);
      }
    },

    ofDeadLetter: ({ body, messageId }) => {
      const [object] = objectsIn(body);
      return lives.get(object === undefined ? messageId : identityOf(object));
    },

    sentBack(id) {
      const life = [...lives.values()].find((one) => one.id === id);
      if (life?.state === 'dead-lettered') finish(life, 'waiting', { kind: 'sent-back', at: clock.now() });
    },

    sawDeadLetters(letters, look) {
      // What happened during the look, or right before it, is judged by the next one.
      const isSettled = ({ steps }: MutableLife) => (steps.at(-1)?.at ?? 0) < look.at - SETTLED_AFTER_MS;
      const present = new Set<MutableLife>();
      for (const letter of letters) {
        const { bucket, key, sizeBytes, createdAt, reason, detail } = letter;
        const identity =
          bucket === undefined || key === undefined ? letter.messageId : identityOf({ ...letter, bucket, key });
        const at = letter.failedAt ?? clock.now();
        const steps: LifeStep[] = createdAt === undefined ? [] : [{ kind: 's3', at: createdAt }];
        const known = lives.get(identity);
        const life = known ?? add(identity, { bucket, key, sizeBytes, steps });
        present.add(life);
        if (known !== undefined && (known.state === 'dead-lettered' || !isSettled(known))) continue;
        finish(life, 'dead-lettered', { kind: 'dead-lettered', at, reason, detail });
      }
      if (!look.isComplete) return;
      for (const life of lives.values()) {
        if (life.state !== 'dead-lettered' || present.has(life) || !isSettled(life)) continue;
        finish(life, 'waiting', { kind: 'sent-back', at: clock.now() });
      }
    },
  };
};

const objectsIn = (body: string): readonly CreatedObject[] => {
  const event = parseEvent(body);
  return event.kind === 'objects' ? event.objects : [];
};

/** The sequencer tells the versions of a key apart; an event without one has the eTag. */
const identityOf = (object: {
  readonly bucket: string;
  readonly key: string;
  readonly sequencer?: string | undefined;
  readonly eTag?: string | undefined;
}): string => JSON.stringify([object.bucket, object.key, object.sequencer ?? object.eTag]);
