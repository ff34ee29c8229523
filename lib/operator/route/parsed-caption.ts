import { parse } from '@rocket.chat/message-parser';

/** A part of a message as Rocket.Chat shows it. */
export interface CaptionPart {
  /** `text`, `code`, or the parser's own word in lower case, such as `link`, `mention_user` or `bold`. */
  readonly kind: string;
  readonly text: string;
}

/** The defaults of the server's settings HexColorPreview_Enabled, Katex_Dollar_Syntax and Katex_Parenthesis_Syntax. */
const OPTIONS = { colors: true, emoticons: true, katex: { dollarSyntax: false, parenthesisSyntax: true } };

/** The parts that Rocket.Chat's own parser finds in a caption, in their order. */
export const parsedCaption = (caption: string): readonly CaptionPart[] => {
  const parts: CaptionPart[] = [];
  const add = (kind: string, text: string): void => {
    const last = parts.at(-1);
    if (kind === 'text' && last?.kind === 'text') parts[parts.length - 1] = { kind, text: last.text + text };
    else parts.push({ kind, text });
  };
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) for (const each of node) visit(each);
    else if (!isNode(node)) return;
    else if (node.type === 'PARAGRAPH') visit(node.value);
    else if (node.type === 'PLAIN_TEXT') add('text', textOf(node));
    else if (node.type === 'INLINE_CODE') add('code', textOf(node));
    else if (node.type === 'LINE_BREAK') add('text', '\n');
    else add(node.type.toLowerCase(), textOf(node));
  };
  // The grammar has no empty message.
  if (caption.trim() !== '') visit(parse(caption, OPTIONS));
  return parts;
};

interface Node {
  readonly type: string;
  readonly value: unknown;
}
const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';

/** All text in a node: its own, and that of the nodes in it. */
const textOf = (node: unknown): string => {
  if (typeof node === 'string') return node;
  if (Array.isArray(node)) return node.map(textOf).join('');
  if (typeof node !== 'object' || node === null) return '';
  return Object.entries(node)
    .filter(([name]) => name !== 'type')
    .map(([, value]) => textOf(value))
    .join('');
};
