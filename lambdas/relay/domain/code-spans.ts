// Noncharacters, which Unicode reserves for internal use.
/** Stands for a value in a text. */
export const VALUE_MARK = '\ufdd0';
/** Stands for a value that the object does not have. */
export const NO_VALUE = '\ufdd1';

/** A piece of a message: text of the template or a value, inside a code span or code block or not. */
export type Part =
  /** `opensCode`: begins with the backtick of a code span. */
  | { readonly kind: 'text'; readonly text: string; readonly isCode: boolean; readonly opensCode: boolean }
  | { readonly kind: 'value'; readonly isCode: boolean };

/**
 * Finds the code spans and code blocks of a text as Rocket.Chat's message parser does (`InlineCode` and `Code` of its
 * grammar). Backticks that belong to neither become apostrophes: they could pair with the backtick of a value.
 */
export const codeParts = (text: string): Part[] => {
  const lines = text.split('\n');
  const parts: Part[] = [];
  for (let i = 0; i < lines.length; i++) {
    if (i > 0) parts.push(...partsOf('\n', false));
    const end = endOfBlock(lines, i);
    if (end === undefined) {
      parts.push(...inlineParts(lines[i] ?? ''));
    } else {
      parts.push(...partsOf(lines.slice(i, end + 1).join('\n'), true));
      i = end;
    }
  }
  return parts;
};

/** The line that ends the code block that begins at a line; `undefined` if none begins there. */
const endOfBlock = (lines: readonly string[], start: number): number | undefined => {
  // Between lines of "||", a spoiler, the parser knows no code blocks.
  if (!/^```[\w. -]*$/.test(lines[start] ?? '') || lines.some((line) => line.trim() === '||')) return undefined;
  const end = lines.findIndex((line, i) => i > start && line.includes('```'));
  return end > start + 1 && lines[end] === '```' ? end : undefined;
};

const inlineParts = (line: string): Part[] => {
  const open = line.indexOf('`');
  if (open === -1) return partsOf(line, false);
  const before = partsOf(line.slice(0, open), false);
  const close = line.indexOf('`', open + 1);
  if (close <= open + 1) return [...before, ...partsOf("'", false), ...inlineParts(line.slice(open + 1))];
  return [...before, ...partsOf(line.slice(open, close + 1), true), ...inlineParts(line.slice(close + 1))];
};

const partsOf = (text: string, isCode: boolean): Part[] =>
  text
    .split(VALUE_MARK)
    .flatMap((literal, i): Part[] => [
      ...(i > 0 ? [{ kind: 'value', isCode } as const] : []),
      ...(literal === '' ? [] : [{ kind: 'text', text: literal, isCode, opensCode: isCode && i === 0 } as const]),
    ]);
