import { describe, expect, it } from 'vitest';
import type { PeekedMessage } from '../../../lib/local/aws/emulators.ts';
import type { StoredFile, StoredMessage } from '../../../lib/local/chat-server/index.ts';
import { judge, type Outcome } from './judge.ts';
import { addReport, emptyReport, isKept } from './report.ts';

const aFile = (id: string, sha256 = 'sum') => ({ id, name: `${id.slice(0, 1)}.bin`, sha256 }) as StoredFile;
const aMessage = (fileId: string) => ({ file: { _id: fileId } }) as StoredMessage;
const aLetter = (record: object, reason = 'MEDIA_TYPE_REFUSED'): PeekedMessage => ({
  messageId: 'm',
  body: JSON.stringify({ Records: [record] }),
  messageAttributes: { reason: { StringValue: reason } },
});
const about = (key: string) => ({ s3: { object: { key } } });

/** Two posted objects, a refused one and an unreadable record: every promise is kept. */
const anOutcome = (changes: Partial<Outcome> = {}): Outcome => ({
  files: [aFile('a'), aFile('b')],
  messages: [aMessage('a'), aMessage('b')],
  letters: [aLetter(about('in/c+%C3%BC.svg')), aLetter({ marker: 'unreadable-1' }, 'UNREADABLE_EVENT')],
  sent: {
    sums: new Map([
      ['in/a.bin', 'sum'],
      ['in/b.bin', 'sum'],
      ['in/c ü.svg', 'sum'],
    ]),
    repeatedEvents: 0,
    unreadable: ['unreadable-1'],
  },
  ...changes,
});
const reportOf = (changes: Partial<Outcome>, kills = 0) => {
  const report = { ...emptyReport(), ...judge(anOutcome(changes)), kills };
  return { report, kept: isKept(report) };
};
const { letters, files, messages } = anOutcome();

describe('the judge of a chaos run', () => {
  it('finds that every promise was kept', () => {
    const { report, kept } = reportOf({});
    expect(report).toMatchObject({ objects: 3, posted: 2, deadLettered: 1, unreadableRecords: 1, duplicates: 0 });
    expect(kept).toBe(true);
  });

  it.each<[string, Partial<Outcome>, object]>([
    ['an object was posted twice', { messages: [...messages, aMessage('a')] }, { duplicates: 1 }],
    [
      'an object was uploaded and posted twice',
      { files: [...files, aFile('a2')], messages: [...messages, aMessage('a2')] },
      { duplicates: 1 },
    ],
    ['an object was lost', { messages: [aMessage('a')] }, { lost: ['in/b.bin'] }],
    ['an object was posted with other bytes', { files: [aFile('a'), aFile('b', 'x')] }, { corrupted: ['in/b.bin'] }],
    [
      'an object was posted and dead-lettered',
      { letters: [...letters, aLetter(about('in/a.bin'), 'MESSAGE_DROPPED')] },
      { both: ['in/a.bin'], unexpected: [] },
    ],
    [
      'an object was dead-lettered in place of being posted',
      { messages: [aMessage('a')], letters: [...letters, aLetter(about('in/b.bin'), 'CHAT_ERROR')] },
      { unexpected: ['in/b.bin (CHAT_ERROR)'], lost: [] },
    ],
    [
      'a refused object has no dead letter',
      { letters: letters.slice(1) },
      { unexpected: ['in/c ü.svg (not dead-lettered)'] },
    ],
    ['an unreadable record has no dead letter', { letters: letters.slice(0, 1) }, { unreported: ['unreadable-1'] }],
    [
      'a dead letter is about something that was not sent',
      { letters: [...letters, aLetter(about('in/z.bin'))] },
      { unexpected: ['a dead letter about in/z.bin'] },
    ],
    [
      'a dead letter was written twice without a kill',
      { letters: [...letters, ...letters.slice(1)] },
      { extraLetters: 1 },
    ],
  ])('finds that %s', (_, changes, expected) => {
    const { report, kept } = reportOf(changes);
    expect(report).toMatchObject(expected);
    expect(kept).toBe(false);
  });

  it('allows a dead letter to be written again for each kill, and the third dropped message to be given up', () => {
    expect(reportOf({ letters: [...letters, ...letters.slice(1)] }, 1).kept).toBe(true);
    const dropped = { messages: [aMessage('a')], letters: [...letters, aLetter(about('in/b.bin'), 'MESSAGE_DROPPED')] };
    expect(reportOf(dropped).kept).toBe(true);
  });
});

it('adds the parts of a run up', () => {
  const total = emptyReport();
  for (const duplicates of [1, 2]) {
    addReport(total, {
      ...emptyReport(),
      objects: 250,
      duplicates,
      lost: ['x'],
      faults: { reset: 3, [duplicates]: 1 },
    });
  }
  expect(total).toMatchObject({ objects: 500, duplicates: 3, lost: ['x', 'x'], faults: { reset: 6, 1: 1, 2: 1 } });
});
