import type { Reason } from '../../../lambdas/relay/domain/failure.ts';
import type { RelayEvent } from './events.ts';

/** Counts the uploaded objects that have ended, and detects that waiting longer is useless. */
export interface Settlement {
  /** Must be called before the object is uploaded. */
  expect(key: string): void;
  note(event: RelayEvent): void;
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

/** What to do about failures that last until an operator acts. Two failed deliveries are enough to report them. */
const ADVICE: Readonly<Partial<Record<Reason, string>>> = {
  CREDENTIALS_REFUSED: 'check the user id and the token',
  SECRET_UNUSABLE: 'check the secret',
  ROOM_UNAVAILABLE: 'check that the room exists, and that the bot is a member and may post there',
  UPLOADS_DISABLED: 'allow file uploads in the server’s settings',
  MENTION_NOT_ALLOWED: 'allow the bot to mention @all and @here (mention-all, mention-here), or change the caption',
  FEDERATION_NOT_READY: 'configure the server’s federation, or choose another room',
  WORKSPACE_RESTRICTED: 'restore the workspace’s connection to Rocket.Chat, or its licence for an air-gapped workspace',
  VERSION_NOT_SUPPORTED: 'upgrade the server or the relay',
  NOT_ROCKET_CHAT: 'check the server’s URL',
  SOURCE_FORBIDDEN: 'check the function’s permissions to read objects',
};

/** Follows the objects that were uploaded until each has ended. */
export const createSettlement = (clock: { now(): number }): Settlement => {
  const pending = new Map<string, { retries: number; last: RelayEvent | undefined; waitsUntil: number }>();
  let expected = 0;
  let posted = 0;
  let progressAt = clock.now();
  let crash: string | undefined;

  return {
    get posted() {
      return posted;
    },
    get expected() {
      return expected;
    },
    get isSettled() {
      return pending.size === 0;
    },
    expect(key) {
      expected += 1;
      progressAt = clock.now();
      pending.set(key, { retries: 0, last: undefined, waitsUntil: 0 });
    },
    note(event) {
      const object = pending.get(event.key);
      if (object === undefined) return;
      if (event.event !== 'retrying') {
        pending.delete(event.key);
        progressAt = clock.now();
        if (event.event === 'posted') posted += 1;
        return;
      }
      object.retries += 1;
      object.last = event;
      // A rate limit ends by itself, at a time that the server sets.
      object.waitsUntil = event.reason === 'RATE_LIMITED' ? clock.now() + (event.delayMs ?? 0) : 0;
    },
    giveUp(key) {
      pending.delete(key);
    },
    crashed(why) {
      crash = why;
    },
    stuck() {
      if (pending.size > 0 && crash !== undefined) return crash;
      for (const [key, { retries, last }] of pending) {
        const advice = last?.event === 'retrying' ? ADVICE[last.reason as Reason] : undefined;
        if (retries >= 2 && advice !== undefined) return `${waitsFor(key, last)} To do: ${advice}.`;
      }
      const [first] = pending;
      if (first === undefined) return undefined;
      const waitedSince = Math.max(progressAt, ...[...pending.values()].map(({ waitsUntil }) => waitsUntil));
      if (clock.now() - waitedSince < PATIENCE_MS) return undefined;
      return `Nothing has settled for ${PATIENCE_MS / 1_000} s. ${waitsFor(first[0], first[1].last)}`;
    },
  };
};

const waitsFor = (key: string, last: RelayEvent | undefined): string =>
  last?.event === 'retrying'
    ? `${key} waits: ${last.reason}${last.detail === undefined ? '' : `, ${last.detail}`}.`
    : `${key} was uploaded, but the function has not logged a delivery of it.`;
