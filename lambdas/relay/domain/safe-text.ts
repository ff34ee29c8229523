import { shortened } from './characters.ts';

/** WORD JOINER: invisible, without a width, and not part of a name or a URL. */
export const WORD_JOINER = '\u2060';

/**
 * Changes a text of unknown origin (a key, a file name, metadata, a server's answer) so that it is safe inside a code
 * span of a message. Every such text in a message goes through this function.
 *
 * - Bidirectional controls are removed; control characters and line breaks become spaces, because a code span ends with
 *   its line.
 * - Backticks become apostrophes, because a backtick would end the code span.
 * - A word joiner follows each `@` and `#`: Rocket.Chat finds mentions of users and rooms by a regular expression in the
 *   raw text, in code spans as well (`MentionsParser.ts`).
 * - A word joiner follows the `://` of what the server takes for a URL (`getMessageUrlRegex.ts`, a scheme of three
 *   letters or more), because some versions look for URLs in code spans after a word, and quote a message whose URL they
 *   find. It also separates `](`, so that a text between brackets cannot give the brackets another link.
 */
export const safeText = (text: string): string =>
  text
    .toWellFormed()
    .replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '')
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replaceAll('`', "'")
    .replace(/[@#]|(?<=[A-Za-z]{3}):\/\/|\](?=\()/g, (sign) => `${sign}${WORD_JOINER}`);

/** A safe text as a code span of at most `maxLength` characters, both backticks included. */
export const codeSpan = (text: string, maxLength: number): string => {
  const safe = shortened(safeText(text), maxLength - 2);
  return safe === '' ? '' : `\`${safe}\``;
};
