import type { Column } from '../output.ts';
import type { Surveyed } from './survey.ts';

/** The columns of a list of objects. */
export const surveyColumns: readonly Column<Surveyed>[] = [
  { title: 'state', text: ({ state }) => state },
  { title: 'modified', text: ({ object }) => new Date(object.modifiedAt).toISOString().slice(0, 16) },
  { title: 'bytes', text: ({ object }) => String(object.sizeBytes), align: 'right' },
  { title: 'room', text: ({ room }) => room },
  { title: 'key', text: ({ object }) => object.key },
];
