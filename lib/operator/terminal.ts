import { styleText } from 'node:util';

/** Replaces control characters: a file's name or a server's text may contain some that move the cursor or reverse the text. */
export const printable = (text: string): string =>
  text.toWellFormed().replace(/[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '\u{fffd}');

export type Paint = (text: string) => string;
export interface Palette {
  readonly good: Paint;
  readonly bad: Paint;
  readonly warn: Paint;
  readonly faint: Paint;
  readonly strong: Paint;
}

/** Adds colour on a terminal, unless NO_COLOR is set (https://no-color.org) or TERM is `dumb`. */
export const palette = (io: { isTerminal: boolean; env: Readonly<Record<string, string | undefined>> }): Palette => {
  const hasColour = io.isTerminal && !io.env['NO_COLOR'] && io.env['TERM'] !== 'dumb';
  const paint =
    (style: 'green' | 'red' | 'yellow' | 'dim' | 'bold'): Paint =>
    (text) =>
      // Node would ask its own stdout, which is not always the one of `io`.
      hasColour ? styleText(style, text, { validateStream: false }) : text;
  return { good: paint('green'), bad: paint('red'), warn: paint('yellow'), faint: paint('dim'), strong: paint('bold') };
};

/** Formats a duration: 94 ms, 1.3 s, 2 min 5 s, 3 h 20 min, 5 d 4 h. */
export const humanDuration = (durationMs: number): string => {
  if (durationMs < 1_000) return `${Math.round(durationMs)} ms`;
  if (durationMs < 60_000) return `${(durationMs / 1_000).toFixed(1)} s`;
  const seconds = Math.round(durationMs / 1_000);
  if (seconds < 3_600) return withRest(`${Math.floor(seconds / 60)} min`, seconds % 60, 's');
  const minutes = Math.round(seconds / 60);
  if (minutes < 24 * 60) return withRest(`${Math.floor(minutes / 60)} h`, minutes % 60, 'min');
  const hours = Math.round(minutes / 60);
  return withRest(`${Math.floor(hours / 24)} d`, hours % 24, 'h');
};

const withRest = (text: string, rest: number, unit: string): string => (rest === 0 ? text : `${text} ${rest} ${unit}`);

/** A number with separators of thousands. */
export const number = (value: number): string => value.toLocaleString('en-US');

/** A number with its noun: `1 file`, `2,000 files`. */
export const counted = (count: number, noun: string): string => `${number(count)} ${noun}${count === 1 ? '' : 's'}`;
