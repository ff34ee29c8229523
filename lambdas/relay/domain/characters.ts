/**
 * The longest beginning of a text that has at most `max` units, cut between characters as a reader sees them (grapheme
 * clusters, https://www.unicode.org/reports/tr29/): an emoji of several code points or a letter with its combining
 * marks is kept or left out as a whole. A first character that is too long by itself is cut between code points.
 */
export const longestStart = (text: string, max: number, unitsOf: (part: string) => number): string => {
  if (unitsOf(text) <= max) return text;
  const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(text);
  const start = takeWhileFits(
    (function* () {
      for (const { segment } of graphemes) yield segment;
    })(),
    max,
    unitsOf,
  );
  return start === '' ? takeWhileFits(text, max, unitsOf) : start;
};

const takeWhileFits = (parts: Iterable<string>, max: number, unitsOf: (part: string) => number): string => {
  let taken = '';
  let used = 0;
  for (const part of parts) {
    used += unitsOf(part);
    if (used > max) break;
    taken += part;
  }
  return taken;
};

/** A text of at most `maxLength` UTF-16 code units. A longer one is cut between characters and ends with "…". */
export const shortened = (text: string, maxLength: number): string => {
  if (text.length <= maxLength) return text;
  return maxLength < 1 ? '' : `${longestStart(text, maxLength - 1, (part) => part.length)}…`;
};
