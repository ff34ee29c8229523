import { InvalidArgumentError } from 'commander';

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 } as const;

const EXAMPLES =
  'Give a date such as 2026-11-24, a time such as 2026-11-24T08:30Z, or how long ago it was: 90m, 3h, 2d.';

/** A date without a time means its beginning. A time without a zone is a time of this machine, a date is one of UTC. */
const ISO_DATE = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/;

/**
 * Reads a time given as an ISO date or as how long ago it was.
 * @param now epoch milliseconds
 * @returns epoch milliseconds
 * @throws InvalidArgumentError, which commander reports as wrong usage
 */
export const parseTime = (text: string, now: number): number => {
  const [, count, unit] = /^(\d{1,6})([smhdw])$/.exec(text) ?? [];
  if (count !== undefined) return now - Number(count) * UNIT_MS[unit as keyof typeof UNIT_MS];
  const time = ISO_DATE.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) throw new InvalidArgumentError(EXAMPLES);
  return time;
};

/** commander's parser of an option that is a time. */
export const timeOption = (text: string): number => parseTime(text, Date.now());

/** Makes commander's parser of an option that is a number. @throws InvalidArgumentError */
export const numberOption =
  ({ min, max, whole = true }: { min: number; max: number; whole?: boolean }) =>
  (text: string): number => {
    const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max && (!whole || Number.isInteger(value))) return value;
    throw new InvalidArgumentError(`Give a ${whole ? 'whole ' : ''}number from ${min} to ${max}.`);
  };

/** commander's parser of an option that is a list, separated by commas or given several times. */
export const listOption = (text: string, previous: readonly string[] = []): readonly string[] => [
  ...previous,
  ...text.split(',').filter((item) => item !== ''),
];
