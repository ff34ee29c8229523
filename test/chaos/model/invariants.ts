import type { CreatedObject } from '../../../lambdas/relay/domain/s3-event.ts';
import { deliveryName } from './chat-model.ts';
import type { ModelLetter } from './queue-model.ts';
import type { History } from './run-schedule.ts';
import { objectName } from './world.ts';

export interface Verdict {
  readonly violations: readonly string[];
  readonly posted: number;
  readonly superseded: number;
  readonly deadLettered: number;
  /** Messages too many in the documented gap: the server committed a confirm after every look. */
  readonly gap: number;
}

/** Long enough to find any message by looks, so a dead letter later than this after the message is wrong. */
const FOUND_WITHIN_MS = 2 * 3_600_000;

/** Compares a history with the promises. */
export const judge = (history: History): Verdict => {
  const { chat, queue, redriven, remaining, ofBackfill, unreadable } = history;
  const violations: string[] = [];
  let posted = 0;
  let superseded = 0;
  let deadLettered = 0;
  let gap = 0;
  const phases = [redriven, remaining, ofBackfill];
  // A process that stops between a dead letter and its ledger entry leaves the letter to be repeated.
  const mayRepeat = faultsIn(history, /^(SendMessage|ledger)|process (died|froze)/);

  for (const { object, roomId } of deliveriesOf(history)) {
    const name = deliveryName(objectName(object), roomId);
    const messages = chat.messages.filter((message) => message.object === name);
    const lettersOf = (letters: readonly ModelLetter[]) =>
      letters.filter((letter) => isLetterOf(letter, object) && letter.roomId === roomId);
    // A letter that names no room was written before the rooms were known, or by SQS: it stands for all of them.
    const inTheEnd = [...remaining, ...ofBackfill].filter(
      (letter) => isLetterOf(letter, object) && (letter.roomId === undefined || letter.roomId === roomId),
    );
    if (messages.length > 0) posted += 1;
    else if (inTheEnd.length > 0) deadLettered += 1;
    else if (mayBeSuperseded(history, object, roomId)) superseded += 1;
    else violations.push(`${name} was lost: neither posted, nor dead-lettered, nor superseded`);

    const tooMany = duplicates(history, name);
    violations.push(...tooMany.violations);
    gap += tooMany.gap;
    if (isPostedOutOfOrder(history, object, roomId)) {
      violations.push(`${name} was posted after a newer version that was claimed first`);
    }
    const [first] = messages;
    for (const letters of phases) {
      if (lettersOf(letters).length > 1 + mayRepeat) {
        violations.push(`${name} was dead-lettered ${lettersOf(letters).length} times`);
      }
    }
    // A backfilled event has a ledger entry of its own, so it can fail although its object was posted before.
    const late = first && lettersOf([...redriven, ...remaining]).some(({ at }) => at > first.at + FOUND_WITHIN_MS);
    if (late) violations.push(`${name} was dead-lettered although it was posted`);
    // Three confirms in each of up to three runs, and one more for each count that was lost.
    const drops = chat.drops.get(name) ?? 0;
    if (drops > 9 + faultsIn(history, /^(ledger|rooms.mediaConfirm: process)/)) {
      violations.push(`${name} was confirmed ${drops} times although the server dropped its message`);
    }
  }
  violations.push(...brokenThreads(history), ...postedAgain(history));
  for (const mark of unreadable) {
    const counts = phases.map((letters) => letters.filter(({ body }) => body.includes(`"${mark}"`)).length);
    if (counts.every((count) => count === 0)) violations.push(`${mark} was lost: it has no dead letter`);
    if (counts.some((count) => count > 1 + mayRepeat)) violations.push(`${mark} was dead-lettered ${counts} times`);
  }
  for (const { reason, detail, body } of phases.flat()) {
    if (reason === undefined || reason === '' || detail === '')
      violations.push(`dead-lettered without a reason: ${body}`);
  }
  for (const message of queue.expired) violations.push(`message ${message.id} was lost at the end of its retention`);
  // No lease outlives its owner for ever: otherwise a message would still be here.
  for (const message of queue.messages)
    if (!message.isDeleted) violations.push(`message ${message.id} is stuck in the queue`);
  for (const name of chat.brokenConfirms) violations.push(`${name} was confirmed without a whole upload`);
  return { violations, posted, superseded, deadLettered, gap };
};

const faultsIn = ({ faults }: History, names: RegExp): number =>
  [...faults].reduce((sum, [name, count]) => (names.test(name) ? sum + count : sum), 0);

const isLetterOf = ({ body }: ModelLetter, { key, eTag }: CreatedObject): boolean =>
  body.includes(`"key":"${key}"`) && body.includes(`"eTag":"${eTag}"`);

/** An object that is not posted must have made way for a newer version of its key. */
const mayBeSuperseded = (history: History, object: CreatedObject, roomId: string): boolean => {
  const { chat, objects, schedule, firstClaims, isReadable } = history;
  const others = objects.filter((other) => other.key === object.key && other !== object);
  if (schedule.overwrites === 'first') {
    const names = others.map((other) => deliveryName(objectName(other), roomId));
    if (chat.messages.some((message) => names.includes(message.object))) return true;
  }
  const newer = others.filter((other) => (other.sequencer ?? '') > (object.sequencer ?? ''));
  const isClaimed = (other: CreatedObject) => firstClaims.has(deliveryName(objectName(other), roomId));
  return newer.length > 0 && (!isReadable(object) || newer.some(isClaimed));
};

/** Every object with each of its rooms. */
const deliveriesOf = ({ objects, roomsOf }: History) =>
  objects.flatMap((object) => roomsOf(object).map((roomId) => ({ object, roomId })));

/** A day's thread has one first message in each room, and every file of the day answers it. */
const brokenThreads = ({ chat, schedule }: History): string[] => {
  const wrong = chat.messages.filter(({ threadId, roomId }) =>
    schedule.hasThreads
      ? !chat.texts.some((text) => text.id === threadId && text.roomId === roomId)
      : threadId !== undefined,
  );
  // Every object of the model is uploaded within an hour of one day.
  const roomIds = chat.texts.map(({ roomId }) => roomId);
  return [
    ...wrong.map(({ object }) => `${object} was posted outside of its thread`),
    ...(new Set(roomIds).size < roomIds.length ? ['a thread has two first messages'] : []),
  ];
};

/** With `overwrites: first`, two versions of a key are never both posted into one room. */
const postedAgain = (history: History): string[] => {
  if (history.schedule.overwrites !== 'first') return [];
  const { chat, objects } = history;
  return deliveriesOf(history).flatMap(({ object, roomId }) => {
    const posted = objects.filter(
      (other) =>
        other.key === object.key &&
        chat.messages.some((message) => message.object === deliveryName(objectName(other), roomId)),
    );
    return posted.length > 1 && posted[0] === object
      ? [`${posted.length} versions of ${object.key} are in ${roomId}`]
      : [];
  });
};

/**
 * A second message is the server's fault only if the first was committed after every look, and the looks were as many
 * and as far apart as promised: three over 90 s, less what two clocks may differ.
 */
const duplicates = ({ chat }: History, name: string): { violations: string[]; gap: number } => {
  const messages = chat.messages.filter((message) => message.object === name);
  const violations: string[] = [];
  let gap = 0;
  for (const later of messages) {
    for (const earlier of messages) {
      if (earlier.confirm >= later.confirm) continue;
      const [from, to] = [chat.confirms[earlier.confirm]?.startedAt ?? 0, chat.confirms[later.confirm]?.startedAt ?? 0];
      const looks = chat.negativeLooks.filter((look) => look.object === name && look.at >= from && look.at <= to);
      const [first, last] = [looks[0], looks.at(-1)];
      const isGap =
        looks.length >= 3 &&
        first !== undefined &&
        last !== undefined &&
        last.startedAt - first.at >= 80_000 &&
        earlier.at >= last.at;
      if (isGap) gap += 1;
      else violations.push(`${name} was posted twice, with ${looks.length} looks in between`);
    }
  }
  return { violations, gap };
};

const isPostedOutOfOrder = ({ chat, objects }: History, object: CreatedObject, roomId: string): boolean => {
  const messagesOf = (name: string) => chat.messages.filter((message) => message.object === deliveryName(name, roomId));
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
