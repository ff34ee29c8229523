import type { PeekedMessage } from '../../../lib/local/aws/emulators.ts';
import type { StoredFile, StoredMessage } from '../../../lib/local/chat-server/index.ts';
import type { ChaosReport } from './report.ts';

/** What was uploaded and sent. */
export interface Sent {
  /** The SHA-256 of each object by its key. */
  readonly sums: ReadonlyMap<string, string>;
  readonly repeatedEvents: number;
  /** The markers of the unreadable records. */
  readonly unreadable: readonly string[];
}

/** The world at the end of a run. */
export interface Outcome {
  readonly messages: readonly StoredMessage[];
  readonly files: readonly StoredFile[];
  readonly letters: readonly PeekedMessage[];
  readonly sent: Sent;
}

type Judged = Omit<ChaosReport, 'faults' | 'kills' | 'receives' | 'durationMs'>;

/** Compares what was sent with what was posted and dead-lettered. Objects that end in `.svg` are refused by the server. */
export const judge = ({ messages, files, letters, sent }: Outcome): Judged => {
  const copies = postedSums(messages, files);
  const reasons = Map.groupBy(letters.flatMap(recordsOf), ({ id }) => id);
  const keys = [...sent.sums.keys()];
  const isPosted = (key: string) => copies.has(nameOf(key));
  const isDeadLettered = (key: string) => reasons.has(key);
  const isExpected = (key: string): boolean => {
    const [letter] = reasons.get(key) ?? [];
    if (key.endsWith('.svg')) return letter !== undefined;
    // The third time that the server drops a message, the object is given up.
    return letter === undefined || letter.reason === 'MESSAGE_DROPPED';
  };
  const known = new Set([...keys, ...sent.unreadable]);
  return {
    objects: keys.length,
    repeatedEvents: sent.repeatedEvents,
    unreadableRecords: sent.unreadable.length,
    posted: keys.filter(isPosted).length,
    deadLettered: keys.filter(isDeadLettered).length,
    duplicates: [...copies.values()].reduce((sum, sums) => sum + sums.length - 1, 0),
    extraLetters: [...reasons.values()].reduce((sum, same) => sum + same.length - 1, 0),
    lost: keys.filter((key) => !isPosted(key) && !isDeadLettered(key)),
    corrupted: keys.filter((key) => copies.get(nameOf(key))?.some((sum) => sum !== sent.sums.get(key))),
    both: keys.filter((key) => isPosted(key) && isDeadLettered(key)),
    unexpected: [
      ...keys
        .filter((key) => !isExpected(key))
        .map((key) => `${key} (${reasons.get(key)?.[0]?.reason ?? 'not dead-lettered'})`),
      ...[...reasons.keys()].filter((id) => !known.has(id)).map((id) => `a dead letter about ${id}`),
    ],
    unreported: sent.unreadable.filter((marker) => !reasons.has(marker)),
  };
};

const nameOf = (key: string): string => key.slice(key.lastIndexOf('/') + 1);

/** The checksums of the files of each name that a message shows, one for each message. */
const postedSums = (messages: readonly StoredMessage[], files: readonly StoredFile[]): Map<string, string[]> => {
  const byId = new Map(files.map((file) => [file.id, file]));
  const sums = new Map<string, string[]>();
  for (const { file } of messages) {
    const stored = byId.get(file?._id ?? '');
    if (stored !== undefined) sums.set(stored.name, [...(sums.get(stored.name) ?? []), stored.sha256]);
  }
  return sums;
};

/** What a dead letter is about: the keys of its objects, or the marker of its unreadable record. */
const recordsOf = ({ body, messageAttributes }: PeekedMessage): { id: string; reason: string }[] => {
  const reason = messageAttributes['reason']?.StringValue ?? 'no reason';
  const marker = /unreadable-\d+/.exec(body)?.[0];
  const keys = [...body.matchAll(/"key":"([^"]*)"/g)].map(([, key = '']) =>
    decodeURIComponent(key.replaceAll('+', ' ')),
  );
  const ids = [...(marker === undefined ? [] : [marker]), ...keys];
  return (ids.length > 0 ? ids : [`an unknown message: ${body.slice(0, 80)}`]).map((id) => ({ id, reason }));
};
