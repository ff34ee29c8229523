import { retryDelayMs } from '../../../lambdas/relay/domain/retry-delay.ts';
import { METRICS_NAMESPACE, Metric, type MetricName } from '../../../lambdas/relay/names.ts';
import { combined, type Statistics, type Timeline } from './cloudwatch.ts';

export type State = 'healthy' | 'cannot-start' | 'wrong-token' | 'server-down';

export interface World {
  /** When objects are uploaded, in seconds. */
  readonly uploads: readonly number[];
  /** The state of the function and the chat server at a time in seconds. */
  readonly stateAt: (second: number) => State;
  readonly minutes: number;
  /** In [0, 1). */
  readonly random: () => number;
  readonly visibilityTimeoutSeconds: number;
  readonly maxReceiveCount: number;
  /** Files a minute. @default no limit */
  readonly limit?: number | undefined;
}

interface Message {
  readonly uploadedAt: number;
  receives: number;
  /** In seconds. From then on it is visible in SQS, until Lambda receives it. */
  wakesAt: number;
  turnAt: number | undefined;
  deletedAt: number;
  isDeadLetter: boolean;
}

/** Seconds until Lambda has received a visible message, and until the function has posted its file. */
const RECEIVED_AFTER = 2;
const POSTED_AFTER = 3;
const RETRY_FOR_SECONDS = 24 * 3600;
const SLOWEST_START_SECONDS = 10;
/** SQS leaves a message that was received more often out of the age of the oldest message. */
const RECEIVES_WITH_AGE = 3;
const DRAIN_EVERY_SECONDS = 300;

/** The metrics that the relay, SQS and Lambda write while objects are uploaded, in a world with one state at a time. */
export const relayTimeline = (world: World): Timeline => {
  const timeline = new Map<string, Map<number, Statistics>>();
  const add = (key: string, second: number, value: number) => {
    const values = timeline.get(key) ?? new Map<number, Statistics>();
    timeline.set(key, values);
    const minute = Math.floor(second / 60);
    const added = { sum: value, maximum: value, minimum: value };
    const known = values.get(minute);
    values.set(minute, known === undefined ? added : combined(known, added));
  };
  const own = (name: MetricName, second: number, value = 1) => add(`${METRICS_NAMESPACE} ${name}`, second, value);

  const messages: Message[] = world.uploads.map((uploadedAt) => ({
    uploadedAt,
    receives: 0,
    wakesAt: uploadedAt,
    turnAt: undefined,
    deletedAt: Number.POSITIVE_INFINITY,
    isDeadLetter: false,
  }));
  /** When each message was invisible in SQS: from a receive until it was deleted or became visible again, in seconds. */
  const hidden = new Map<Message, [number, number][]>();
  let nextTurnAt = 0;
  let drainWrittenAt = Number.NEGATIVE_INFINITY;
  const end = world.minutes * 60;

  const receive = (message: Message, at: number): void => {
    message.receives += 1;
    const state = world.stateAt(at);
    if (state === 'cannot-start') {
      add('AWS/Lambda Errors', at, 1);
      add('AWS/Lambda Duration', at, SLOWEST_START_SECONDS * 1000);
      message.wakesAt = at + world.visibilityTimeoutSeconds;
      return;
    }
    add('AWS/Lambda Errors', at, 0);
    add('AWS/Lambda Duration', at, POSTED_AFTER * 1000);
    const waits = (metric: MetricName, delaySeconds: number) => {
      own(metric, at);
      own(Metric.OldestWaiting, at, at - message.uploadedAt);
      message.wakesAt = at + delaySeconds;
    };
    if (state === 'healthy') {
      if (world.limit !== undefined) {
        nextTurnAt = Math.max(nextTurnAt, at);
        if (message.turnAt === undefined) {
          message.turnAt = nextTurnAt;
          nextTurnAt += 60 / world.limit;
        }
        if (at >= drainWrittenAt + DRAIN_EVERY_SECONDS) {
          drainWrittenAt = at;
          own(Metric.ExpectedDrainTime, at, Math.max(1, nextTurnAt - at));
        }
        if (message.turnAt > at + 1) {
          waits(Metric.Throttled, message.turnAt - at);
          return;
        }
      }
      own(Metric.ObjectsPosted, at);
      message.deletedAt = at + POSTED_AFTER;
    } else if (at - message.uploadedAt > RETRY_FOR_SECONDS) {
      own(Metric.DeadLettered, at);
      message.deletedAt = at + 1;
      message.isDeadLetter = true;
    } else {
      const delayMs = retryDelayMs(message.receives, world.random());
      waits(state === 'wrong-token' ? Metric.Misconfigured : Metric.Retried, delayMs / 1000);
    }
  };

  // Receives in the order of time, because the turns under a limit depend on it.
  for (;;) {
    const next = messages
      .filter(({ deletedAt }) => deletedAt === Number.POSITIVE_INFINITY)
      .reduce<Message | undefined>(
        (first, m) => (first === undefined || m.wakesAt < first.wakesAt ? m : first),
        undefined,
      );
    if (next === undefined || next.wakesAt + RECEIVED_AFTER > end) break;
    const at = next.wakesAt + RECEIVED_AFTER;
    if (next.receives === world.maxReceiveCount) {
      next.deletedAt = at;
      next.isDeadLetter = true;
      continue;
    }
    receive(next, at);
    const until = next.deletedAt === Number.POSITIVE_INFINITY ? next.wakesAt : next.deletedAt;
    hidden.set(next, [...(hidden.get(next) ?? []), [at, until]]);
    if (next.deletedAt !== Number.POSITIVE_INFINITY) add('AWS/SQS NumberOfMessagesDeleted', next.deletedAt, 1);
  }

  sample(world, messages, hidden, add);
  return timeline;
};

/** SQS writes its metrics every minute, zeros too, while Lambda polls the queue. */
const sample = (
  { minutes }: World,
  messages: readonly Message[],
  hidden: ReadonlyMap<Message, readonly (readonly [number, number])[]>,
  add: (key: string, second: number, value: number) => void,
): void => {
  for (let minute = 0; minute < minutes; minute++) {
    const at = minute * 60 + 30;
    const waiting = messages.filter(({ uploadedAt, deletedAt }) => uploadedAt <= at && deletedAt > at);
    const receivesOf = (message: Message) => (hidden.get(message) ?? []).filter(([from]) => from <= at);
    const inFlight = waiting.filter((message) => receivesOf(message).some(([from, to]) => from <= at && at < to));
    const withAge = waiting.filter((message) => receivesOf(message).length <= RECEIVES_WITH_AGE);
    add('AWS/SQS ApproximateNumberOfMessagesVisible', at, waiting.length - inFlight.length);
    add('AWS/SQS ApproximateNumberOfMessagesNotVisible', at, inFlight.length);
    add('AWS/SQS NumberOfMessagesDeleted', at, 0);
    add('AWS/SQS ApproximateAgeOfOldestMessage', at, Math.max(0, ...withAge.map(({ uploadedAt }) => at - uploadedAt)));
    const letters = messages.filter(({ isDeadLetter, deletedAt }) => isDeadLetter && deletedAt <= at).length;
    add('AWS/SQS ApproximateNumberOfMessagesVisible of dead letters', at, letters);
  }
};
