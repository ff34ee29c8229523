import { shortened } from './characters.ts';
import { codeParts, NO_VALUE, VALUE_MARK } from './code-spans.ts';
import { codeSpan, safeText, WORD_JOINER } from './safe-text.ts';
import { renderTemplate } from './template.ts';

/** The caption of a route that has none: the whole key, because the file's name shows only its last segment. */
export const DEFAULT_CAPTION = '{key}';

/** Rocket.Chat's default for `Message_MaxAllowedSize`, in UTF-16 code units. */
export const MAX_TEXT_LENGTH = 5000;

/** Returns the value of a name of a template; `undefined` if the object has none. */
export type LookUp = (name: string) => string | undefined;

/**
 * Renders a template into a message's text. A value becomes a code span, unless the template has it inside one already;
 * only the console link is inserted as it is. If the text would be longer than `maxLength`, the longest values are
 * shortened; a template that is itself too long is replaced by the key.
 */
export const caption = (template: string, lookUp: LookUp, maxLength = MAX_TEXT_LENGTH): string => {
  const pieces = compose(template, lookUp);
  const budget = maxLength - lengthOf(pieces.filter(({ kind }) => kind !== 'value'));
  const lengths = pieces.filter(({ kind }) => kind === 'value').map(({ text }) => text.length);
  if (budget >= lengths.length) {
    const share = fairShare(lengths, budget);
    return pieces.map(({ kind, text }) => (kind === 'value' ? shortened(text, share) : text)).join('');
  }
  if (pieces.some(({ kind }) => kind === 'link')) {
    return caption(template, (name) => (name === 'consoleLink' ? undefined : lookUp(name)), maxLength);
  }
  return codeSpan(lookUp('key') ?? '', maxLength);
};

interface Piece {
  readonly kind: 'text' | 'value' | 'link';
  readonly text: string;
}

const lengthOf = (pieces: readonly Piece[]): number => pieces.reduce((sum, { text }) => sum + text.length, 0);

const compose = (template: string, lookUp: LookUp): Piece[] => {
  const values: Piece[] = [];
  const rendered = renderTemplate(
    // A template may have tabs and line breaks, but no other control characters and none of the marks.
    template.toWellFormed().replace(/(?![\t\n])[\p{Cc}\ufdd0\ufdd1]/gu, ''),
    (name) => {
      const text = lookUp(name) ?? '';
      const value: Piece = name === 'consoleLink' ? { kind: 'link', text } : { kind: 'value', text: safeText(text) };
      return value.text.trim() === '' ? '' : value;
    },
    (value) => {
      if (value === '') return NO_VALUE;
      values.push(value);
      return VALUE_MARK;
    },
  );
  const parts = codeParts(rendered.replace(/`\ufdd1+`|\ufdd1/g, ''));

  const pieces: Piece[] = [];
  // What the template has since the last line break and since the last space; a value in it is a backtick.
  let line = '';
  let run = '';
  const add = (text: string): void => {
    pieces.push({ kind: 'text', text });
    line = (line + text).replace(/^[\s\S]*\n/, '');
    run = line.replace(/^.*\s/, '');
  };
  const addValue = (value: Piece): void => {
    pieces.push(value);
    line += '`';
    run += '`';
  };
  const separate = (): void => add(separator(line, run));
  for (const [i, part] of parts.entries()) {
    if (part.kind === 'text') {
      if (part.opensCode) separate();
      add(part.text);
      continue;
    }
    const value = values.shift();
    if (value === undefined) continue;
    if (value.kind === 'link') {
      pieces.push(value);
      line += value.text;
      run += value.text;
    } else if (part.isCode) {
      // With the value, a sign of the template would become a mention.
      if (/[@#]$|[@#][^\s`]*$/.test(run)) add(WORD_JOINER);
      addValue(value);
      const next = parts[i + 1];
      if (next?.kind === 'text' && /^[@#]/.test(next.text)) add(WORD_JOINER);
    } else {
      separate();
      pieces.push({ kind: 'text', text: '`' });
      addValue(value);
      pieces.push({ kind: 'text', text: '`' });
    }
  }
  return pieces;
};

/**
 * What must stand before the backtick of a code span so that the parser recognises it. A link or an e-mail address takes
 * the backtick, and everything up to the next space, as a part of itself; so does text without a space in bold or italic.
 */
const separator = (line: string, run: string): string => {
  const mayBeEmphasis = /[*_~]/.test(line);
  if (AUTOLINK.test(run) || (mayBeEmphasis && /[^*_~|`]$/.test(run))) return ' ';
  if (!EMAIL_NAME.test(run)) return '';
  return mayBeEmphasis ? ' ' : WORD_JOINER;
};

const AUTOLINK = /:\/\/|@|localhost|[^\s`]\.[^\s`]/i;
const EMAIL_NAME = /[\p{L}\p{N}\p{M}][!#$%&'*+/=?^_`{|}~-]*$/u;

/** The largest length that all values can have if longer ones are shortened to it. */
const fairShare = (lengths: readonly number[], budget: number): number => {
  let left = budget;
  let count = lengths.length;
  for (const length of lengths.toSorted((a, b) => a - b)) {
    const share = Math.floor(left / count);
    if (length > share) return share;
    left -= length;
    count -= 1;
  }
  return Number.POSITIVE_INFINITY;
};
