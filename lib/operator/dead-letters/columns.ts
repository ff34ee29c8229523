import type { Column } from '../output.ts';
import { humanDuration } from '../terminal.ts';
import { type Letter, timeOf, titleOf } from './letter.ts';

/** The columns of a list of letters. */
export const letterColumns = (now: number): readonly Column<Letter>[] => [
  { title: 'id', text: ({ id }) => id.slice(0, 8), paint: (_, { faint }) => faint },
  { title: 'age', text: (letter) => humanDuration(Math.max(0, now - timeOf(letter))), align: 'right' },
  { title: 'reason', text: ({ reason }) => reason, paint: (_, { bad }) => bad },
  { title: 'room', text: ({ room, roomId = '' }) => room ?? roomId },
  { title: 'key', text: titleOf },
];
