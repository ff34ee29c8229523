import type { CreatedObject } from '../../../lambdas/relay/domain/s3-event.ts';
import type { History } from './run-schedule.ts';
import { objectName } from './world.ts';

export interface Verdict {
  readonly violations: readonly string[];
  readonly posted: number;
  readonly superseded: number;
  readonly deadLettered: number;
  /** Messages too many for which the server is to blame: it committed a confirm after every look. */
  readonly gap: number;
}

/** Holds a history to the promises. */
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
  // No lease outlives its owner for ever: whatever was held came free, or its message would still be here.
  for (const message of queue.messages)
    if (!message.isDeleted) violations.push(`message ${message.id} is stuck in the queue`);
  for (const name of chat.brokenConfirms) violations.push(`${name} was confirmed without a whole upload`);
  return { violations, posted, superseded, deadLettered, gap };
};

/** An object that is not posted must have made way for a newer version of its key. */
const mayBeSuperseded = ({ objects, firstClaims, isReadable }: History, object: CreatedObject): boolean => {
  const newer = objects.filter(
    (other) => other.key === object.key && (other.sequencer ?? '') > (object.sequencer ?? ''),
  );
  return newer.length > 0 && (!isReadable(object) || newer.some((other) => firstClaims.has(objectName(other))));
};

/**
 * A second message is the server's fault only if the one before was committed after every look, and the looks were as
 * many and as far apart as promised: three over 90 s, less what two clocks may differ.
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
