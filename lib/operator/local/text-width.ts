import stringWidth from 'string-width';

const GRAPHEMES = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** Shortens a text to a number of columns of the terminal; the middle gives way, so that the extension stays. */
export const clip = (text: string, columns: number): string => {
  if (stringWidth(text) <= columns) return text;
  const signs = [...GRAPHEMES.segment(text)].map(({ segment }) => segment);
  const tailColumns = Math.min(Math.floor((columns - 1) / 3), 12);
  const tail = takeWhileFits(signs.toReversed(), tailColumns).reverse().join('');
  return `${takeWhileFits(signs, columns - 1 - stringWidth(tail)).join('')}…${tail}`;
};

/** Appends spaces up to a number of columns. */
export const padTo = (text: string, columns: number): string =>
  text + ' '.repeat(Math.max(0, columns - stringWidth(text)));

/** Breaks a text at spaces into lines of at most so many columns; a longer word is broken anywhere. */
export const wrap = (text: string, columns: number): string[] => {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((each) => pieces(each, columns))) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (stringWidth(longer) <= columns) {
      line = longer;
      continue;
    }
    lines.push(line);
    line = word;
  }
  return [...lines, line];
};

const pieces = (word: string, columns: number): string[] => {
  const result: string[] = [];
  let rest = [...GRAPHEMES.segment(word)].map(({ segment }) => segment);
  while (stringWidth(rest.join('')) > columns) {
    // A sign that is wider than the line stands alone.
    const piece = takeWhileFits(rest, columns);
    const length = Math.max(1, piece.length);
    result.push(rest.slice(0, length).join(''));
    rest = rest.slice(length);
  }
  return [...result, rest.join('')];
};

const takeWhileFits = (signs: readonly string[], columns: number): string[] => {
  const taken: string[] = [];
  let width = 0;
  for (const sign of signs) {
    width += stringWidth(sign);
    if (width > columns) break;
    taken.push(sign);
  }
  return taken;
};
