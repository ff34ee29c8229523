/** An element's content: text, several elements of the same name, child elements, or nothing. */
type Content = string | number | boolean | Date | undefined | readonly Content[] | { readonly [name: string]: Content };

/** Renders a document; a list becomes one element for each of its entries, `undefined` none. */
export const xmlDocument = (root: string, content: Content): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n${element(root, content)}`;

const element = (name: string, content: Content): string => {
  if (content === undefined) return '';
  if (Array.isArray(content)) return content.map((entry) => element(name, entry)).join('');
  if (content instanceof Date) return element(name, content.toISOString());
  if (typeof content !== 'object') return `<${name}>${escapeXml(String(content))}</${name}>`;
  const children = Object.entries(content).map(([child, value]) => element(child, value));
  return `<${name}>${children.join('')}</${name}>`;
};

/** As S3 does, writes control characters as references, although XML 1.0 has none for them. */
const escapeXml = (text: string): string =>
  text.replace(/[&<>"\p{Cc}\ufffe\uffff]/gu, (sign) => `&#${sign.charCodeAt(0)};`);

/** The texts of all elements of this name, which must have no child elements. */
export const xmlTexts = (xml: string, name: string): string[] =>
  [...xml.matchAll(new RegExp(`<${name}(?:\\s[^>]*)?>([^<]*)</${name}>`, 'g'))].map(([, text = '']) =>
    unescapeXml(text),
  );

/** The contents of all elements of this name, which must not contain one of the same name. */
export const xmlElements = (xml: string, name: string): string[] =>
  [...xml.matchAll(new RegExp(`<${name}(?:\\s[^>]*)?>(.*?)</${name}>`, 'gs'))].map(([, inner = '']) => inner);

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

const unescapeXml = (text: string): string =>
  text.replace(/&(?:#x([\da-f]{1,6})|#(\d{1,7})|(amp|lt|gt|quot|apos));/gi, (whole, hex, decimal, name) => {
    if (name) return NAMED[name] ?? whole;
    const code = Number.parseInt(hex ?? decimal, hex ? 16 : 10);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
