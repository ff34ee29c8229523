const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'];

/** Decimal units, with one decimal place below 10: 1.5 KB, 40 MB. */
export const sizeText = (sizeBytes: number): string => {
  const power = sizeBytes < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(sizeBytes) / 3));
  const value = sizeBytes / 1000 ** power;
  return `${power > 0 && value < 10 ? value.toFixed(1) : Math.round(value)} ${UNITS[power]}`;
};

export const durationText = (durationMs: number): string => {
  if (durationMs < 1000) return `${Math.round(durationMs)} ms`;
  if (durationMs < 60_000) return `${(durationMs / 1000).toFixed(1)} s`;
  const seconds = Math.round(durationMs / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
};

// A formatter takes much longer to make than to use, and a page formats hundreds of times at each update.
const TIME = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });
const DAY = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long' });
const NUMBER = new Intl.NumberFormat('en-GB');

/** 14:02:11 */
export const timeText = (at: number): string => TIME.format(at);

/** With milliseconds: 14:02:11.073 */
export const exactTimeText = (at: number): string => `${timeText(at)}.${String(at % 1000).padStart(3, '0')}`;

export const dayText = (at: number): string => DAY.format(at);

/** 1,000 */
export const numberText = (value: number): string => NUMBER.format(value);

export const countText = (count: number, one: string, many = `${one}s`): string =>
  `${numberText(count)} ${count === 1 ? one : many}`;
