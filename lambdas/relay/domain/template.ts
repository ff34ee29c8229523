import Mustache from 'mustache';
import { codeParts, VALUE_MARK } from './code-spans.ts';

/**
 * The templates of captions and alternative texts: mustache (https://mustache.github.io/mustache.5.html) with single
 * braces. `{name}` inserts a value, always escaped. `{#name}…{/name}` is kept only if the object has the value, and
 * `{^name}…{/name}` only if it has not.
 */
const TAGS: [string, string] = ['{', '}'];

/** The values, in the order in which error messages list them. */
const NAMES = [
  'fileName',
  'key',
  'bucket',
  'size',
  'contentType',
  'uploadedAt',
  'uploader',
  'version',
  'consoleLink',
] as const;
const NAME_PATTERNS = [/^prefix\.(0|[1-9]\d{0,2})$/, /^metadata\.[^\s{}]{1,128}$/, /^tags\.[^{}]{1,128}$/];

const isName = (name: string): boolean =>
  NAMES.some((known) => known === name) || NAME_PATTERNS.some((pattern) => pattern.test(name));

/** As `Mustache.parse` returns it; positions count from 0. Only sections have children. */
type Token = [type: string, value: string, start: number, end: number, children?: Token[]];

/** Keeps the parsed templates. */
const WRITER = new Mustache.Writer();

const parse = (template: string): Token[] => WRITER.parse(template, TAGS);

/** Everything that is wrong with a template, each fault with its place. Empty if it can be used. */
export const templateFaults = (template: string): string[] => {
  let tokens: Token[];
  try {
    tokens = parse(template);
  } catch (error) {
    return [`is not a template: ${syntaxFault(template, error instanceof Error ? error.message : String(error))}`];
  }
  const faults = tokens.flatMap((token) => tokenFaults(template, token));
  return faults.length > 0 ? faults : markupFaults(tokens);
};

const syntaxFault = (template: string, message: string): string => {
  if (message.startsWith('Unclosed tag')) {
    return `the "{" at character ${template.lastIndexOf('{') + 1} has no "}" after it; a template cannot show braces`;
  }
  // "Unclosed section "x" at 7", "Unopened section "x" at 7"
  return message.replace(/ at (\d+)$/, (_, position) => ` at character ${Number(position) + 1}`);
};

const tokenFaults = (template: string, [type, value, start, end, children = []]: Token): string[] => {
  const tag = `"${template.slice(start, end)}" at character ${start + 1}`;
  switch (type) {
    case 'text':
      return [];
    case 'name':
    case '#':
    case '^': {
      const inside = children.flatMap((child) => tokenFaults(template, child));
      return isName(value) ? inside : [`${tag} names no value; the values are ${valueList()}`, ...inside];
    }
    case '&':
      return [`${tag} would insert a value without escaping it; write {${value}}`];
    case '>':
      return [`${tag} is a partial, and there are none`];
    case '=':
      return [`${tag} changes the delimiters, which is not supported`];
    default:
      return [`${tag} is a comment, which is not supported`];
  }
};

const valueList = (): string => `${NAMES.join(', ')}, prefix.0 (prefix.1, …), metadata.NAME and tags.NAME`;

/** Markup in which the parser recognises no code spans, so that a value could change it. */
const markupFaults = (tokens: readonly Token[]): string[] => {
  const text = flat(tokens);
  const parts = codeParts(text);
  const formula = parts.findIndex((part) => part.kind === 'text' && !part.isCode && /\$|\\[([]/.test(part.text));
  const isInFormula = formula !== -1 && parts.slice(formula).some(({ kind }) => kind === 'value');
  return [
    ...(VALUE_IN_LINK_TEXT.test(text)
      ? [
          'has a value in the text of a link, between "[" and "](" or after "<" and "|"; write for example {fileName}: [open]({consoleLink})',
        ]
      : []),
    ...(isInFormula
      ? ['has "$", "\\(" or "\\[" before a value, which can begin a formula; put it after the values or in a code span']
      : []),
  ];
};

const VALUE_IN_LINK_TEXT = new RegExp(
  `\\[(?:(?!\\]\\().)*${VALUE_MARK}(?:(?!\\]\\().)*\\]\\(|<[^>]*\\|[^>]*${VALUE_MARK}`,
  's',
);

/** The text of a template with all its sections, and a mark for each value. */
const flat = (tokens: readonly Token[]): string =>
  tokens
    .map(([type, value, , , children]) => (type === 'text' ? value : children ? flat(children) : VALUE_MARK))
    .join('');

/** What has to be read from S3 for templates without faults. */
export const readsOf = (templates: readonly string[]): { readonly details: boolean; readonly tags: boolean } => {
  const names = templates.flatMap((template) => namesIn(parse(template)));
  return {
    details: names.some((name) => name === 'contentType' || name.startsWith('metadata.')),
    tags: names.some((name) => name.startsWith('tags.')),
  };
};

const namesIn = (tokens: readonly Token[]): string[] =>
  tokens.flatMap(([type, value, , , children = []]) => (type === 'text' ? [] : [value, ...namesIn(children)]));

/**
 * Renders a template. `lookUp` returns what a name stands for, or '' if the object has no such value; `insert` returns
 * what is inserted for it. No name is looked up in an object or its prototype.
 */
export const renderTemplate = <Value extends object>(
  template: string,
  lookUp: (name: string) => Value | '',
  insert: (value: Value | '') => string,
): string => {
  class Values extends Mustache.Context {
    override lookup(name: string): Value | '' {
      return lookUp(name);
    }
    // A section changes no names.
    override push(): this {
      return this;
    }
  }
  const view = new Values(Object.create(null));
  return WRITER.render(template, view, undefined, { tags: TAGS, escape: insert });
};
