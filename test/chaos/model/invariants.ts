import type { CreatedObject } from '../../../lambdas/relay/domain/s3-event.ts';
import type { History } from './run-schedule.ts';
import { objectName } from './world.ts';

export interface Verdict {
  readonly violations: readonly string[];
  readonly posted: number;
  readonly superseded: number;
  readonly deadLettered: number;
  /** Duplicates in the documented gap: the server committed a confirm after every look. */
  readonly gap: number;
}

/** Checks a history against the promises. */
export const judge = (history: History): Verdict => {
  const { chat, queue, objects, redriven } = history;
  const violations: string[] = [];
  let posted = 0;
  let superseded = 0;
  let deadLettered = 0;
  let gap = 0;

  for (const object of objects) {
    const name = objectName(object);
    const messages = chat.messages.filter((message) => message.object === name);
    const letters = queue.deadLetters.filter((letter) => letter.body === object.eventBody);
    if (messages.length > 0) posted += 1;
    else if (letters.length > 0) deadLettered += 1;
    else if (mayBeSuperseded(history, object)) superseded += 1;
    else violations.push(`${name} was lost: neither posted, nor dead-lettered, nor superseded`);
    const tooMany = duplicates(history, name);
    violations.push(...tooMany.violations);
    gap += tooMany.gap;
    if (isPostedOutOfOrder(history, object))
      violations.push(`${name} was posted after a newer version that was claimed first`);
  }
  for (const { reason, detail, body } of [...redriven, ...queue.deadLetters]) {
    if (reason.length === 0 || detail.length === 0) violations.push(`dead-lettered without a reason: ${body}`);
  }
  // If a lease never ended, its message would still be in the queue.
  for (const message of queue.messages)
    if (!message.isDeleted) violations.push(`message ${message.id} is stuck in the queue`);
  for (const name of chat.brokenConfirms) violations.push(`${name} was confirmed without a whole upload`);
  return { violations, posted, superseded, deadLettered, gap };
};

/** An object that was not posted must have been superseded by a newer version of its key. */
const mayBeSuperseded = ({ objects, firstClaims, isReadable }: History, object: CreatedObject): boolean => {
  const newer = objects.filter(
    (other) => other.key === object.key && (other.sequencer ?? '') > (object.sequencer ?? ''),
  );
  return newer.length > 0 && (!isReadable(object) || newer.some((other) => firstClaims.has(objectName(other))));
};

/**
 * A duplicate is in the documented gap only if the earlier message was committed after every look, and there were three
 * looks over 90 s, as promised. The limit of 80 s allows for the difference between two clocks.
 */
const duplicates = ({ chat }: History, name: string): { violations: string[]; gap: number } => {
  const messages = chat.messages.filter((message) => message.object === name);
  const violations: string[] = [];
  let gap = 0;
  for (const later of messages) {
    for (const earlier of messages) {
      if (earlier.confirm >= later.confirm) continue;
      const [from, to] = [chat.confirms[earlier.confirm]?.startedAt ?? 0, chat.confirms[later.confirm]?.startedAt ?? 0];
      const looks = chat.negativeLooks
        .filter((look) => look.object === name && look.at >= from && look.at <= to)
        .map((look) => look.at);
      const [first, last] = [looks[0], looks.at(-1)];
      const isGap =
        looks.length >= 3 && first !== undefined && last !== undefined && last - first >= 80_000 && earlier.at >= last;
      if (isGap) gap += 1;
      else violations.push(`${name} was posted twice, with ${looks.length} looks in between`);
    }
  }
  return { violations, gap };
};

const isPostedOutOfOrder = ({ chat, objects }: History, object: CreatedObject): boolean => {
  const messagesOf = (name: string) => chat.messages.filter((message) => message.object === name);
  const claimedAt = (confirm: number) => chat.confirms[confirm]?.claimedAt ?? Number.POSITIVE_INFINITY;
  const newer = objects.filter(
    (other) => other.key === object.key && (other.sequencer ?? '') > (object.sequencer ?? ''),
  );
  return messagesOf(objectName(object)).some((own) =>
    newer
      .flatMap((other) => messagesOf(objectName(other)))
      .some((other) => other.at < own.at && claimedAt(other.confirm) < claimedAt(own.confirm)),
  );
};
