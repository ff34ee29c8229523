import type { Result } from '../../test/helpers/virtual/simulate.ts';

/** One scenario and its measurements. */
export interface Case {
  readonly name: string;
  /** The case fails if one of these is missed. */
  readonly gates: readonly Gate[];
  /** Measurements without a gate. */
  readonly also?: string | undefined;
}

export interface Gate {
  readonly what: string;
  readonly limit: string;
  readonly reached: string;
  readonly holds: boolean;
}

export const atMost = (what: string, value: number, limit: number, unit = ''): Gate => ({
  what,
  limit: `≤ ${limit}${unit}`,
  reached: `${format(value)}${unit}`,
  holds: value <= limit,
});

export const exactly = (what: string, value: number, limit: number): Gate => ({
  what,
  limit: `= ${format(limit)}`,
  reached: format(value),
  holds: value === limit,
});

/** Every file is posted once. */
export const postedOnce = ({ posted, repeated, deadLetters }: Result, files: number): Gate[] => [
  exactly('posted', posted, files),
  exactly('posted twice', repeated, 0),
  exactly('dead letters', deadLetters, 0),
];

const format = (value: number): string =>
  Number.isInteger(value) ? value.toLocaleString('en') : value.toFixed(value < 10 ? 2 : 1);
