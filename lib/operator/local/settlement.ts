import type { Reason } from '../../../lambdas/relay/domain/failure.ts';
import { adviceFor } from '../../local/relay-feed/advice.ts';
import type { RelayEvent } from './events.ts';

/** Counts the uploaded objects that have ended, and detects that waiting longer is useless. */
export interface Settlement {
  /** Must be called before the object is uploaded. */
  expect(key: string): void;
  note(event: RelayEvent): void;
  /** A dead letter of the object was written. The object has ended when its event was noted, too. */
  expectLetter(key: string): void;
  /** The upload failed. */
  giveUp(key: string): void;
  /** The function failed for a whole batch. SQS gives its messages again only after the long visibility timeout. */
  crashed(why: string): void;
  readonly posted: number;
  readonly expected: number;
  readonly isSettled: boolean;
  /** The reason why waiting longer is useless, if there is one. */
  stuck(): string | undefined;
}

/** If no object ends for this time, waiting is given up. */
const PATIENCE_MS = 60_000;

/** Failures that last until an operator acts. Two failed deliveries are enough to report them. */
const MISCONFIGURED: ReadonlySet<string> = new Set<Reason>([
  'CREDENTIALS_REFUSED',
  'SECRET_UNUSABLE',
  'ROOM_UNAVAILABLE',
  'UPLOADS_DISABLED',
  'MENTION_NOT_ALLOWED',
  'FEDERATION_NOT_READY',
  'WORKSPACE_RESTRICTED',
  'VERSION_NOT_SUPPORTED',
  'NOT_ROCKET_CHAT',
  'SOURCE_FORBIDDEN',
]);

interface Uploaded {
  /** The rooms in which the object was posted, or ended otherwise. */
  readonly ended: Map<string | undefined, RelayEvent['event']>;
  readonly retrying: Map<string | undefined, { times: number; last: RelayEvent; waitsUntil: number }>;
  /** Dead letters that were written and not noted. */
  letters: number;
}

const isPending = ({ ended, retrying, letters }: Uploaded): boolean =>
  ended.size === 0 || retrying.size > 0 || letters > 0;

/**
 * Follows the objects that were uploaded until each has ended, in each room that the function has logged. The rooms of an
 * object are delivered one after the other, so another room may follow until the queue is empty.
 */
export const createSettlement = (clock: { now(): number }): Settlement => {
  const uploaded = new Map<string, Uploaded>();
  let expected = 0;
  let progressAt = clock.now();
  let crash: string | undefined;
  const pending = () => [...uploaded].filter(([, object]) => isPending(object));

  return {
    get posted() {
      return [...uploaded.values()].filter(
        (object) => !isPending(object) && [...object.ended.values()].every((end) => end === 'posted'),
      ).length;
    },
    get expected() {
      return expected;
    },
    get isSettled() {
      return pending().length === 0;
    },
    expect(key) {
      expected += 1;
      progressAt = clock.now();
      uploaded.set(key, { ended: new Map(), retrying: new Map(), letters: 0 });
    },
    note(event) {
      const object = uploaded.get(event.key);
      if (object === undefined) return;
      const { room } = event;
      // A failure before the room was known is over when the object goes on.
      object.retrying.delete(undefined);
      if (event.event === 'retrying') {
        const times = (object.retrying.get(room)?.times ?? 0) + 1;
        // A rate limit ends by itself, at a time that the server sets.
        const waitsUntil = event.reason === 'RATE_LIMITED' ? clock.now() + (event.delayMs ?? 0) : 0;
        object.retrying.set(room, { times, last: event, waitsUntil });
        return;
      }
      progressAt = clock.now();
      if (event.event === 'dead-lettered') object.letters -= 1;
      object.ended.set(room, event.event);
      if (event.event === 'posted' || room !== undefined) object.retrying.delete(room);
      if (event.event !== 'posted') object.retrying.clear();
    },
    expectLetter(key) {
      const object = uploaded.get(key);
      if (object !== undefined) object.letters += 1;
    },
    giveUp(key) {
      uploaded.delete(key);
    },
    crashed(why) {
      crash = why;
    },
    stuck() {
      const left = pending();
      if (left.length > 0 && crash !== undefined) return crash;
      const retries = left.flatMap(([key, { retrying }]) => [...retrying.values()].map((retry) => ({ key, ...retry })));
      for (const { key, times, last } of retries) {
        if (times < 2 || last.event !== 'retrying' || !MISCONFIGURED.has(last.reason)) continue;
        return `${waitsFor(key, last)} To do: ${adviceFor(last.reason)}`;
      }
      const [first] = left;
      if (first === undefined) return undefined;
      const waitedSince = Math.max(progressAt, ...retries.map(({ waitsUntil }) => waitsUntil));
      if (clock.now() - waitedSince < PATIENCE_MS) return undefined;
      const last = retries.find(({ key }) => key === first[0])?.last;
      return `Nothing has settled for ${PATIENCE_MS / 1_000} s. ${waitsFor(first[0], last)}`;
    },
  };
};

const waitsFor = (key: string, last: RelayEvent | undefined): string =>
  last?.event === 'retrying'
    ? `${key} waits: ${last.reason}${last.detail === undefined ? '' : `, ${last.detail}`}.`
    : `${key} was uploaded, but the function has not logged a delivery of it.`;
