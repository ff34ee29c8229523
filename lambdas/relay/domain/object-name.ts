import mime from 'mime';

const MAX_NAME_BYTES = 255;

// Controls (C0, C1, DEL), bidi overrides and isolates, zero-width characters and line separators. They break headers or
// disguise a name ("gpj.exe" shown as "exe.jpg"). https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing
// biome-ignore lint/suspicious/noControlCharactersInRegex: the expression looks for control characters.
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/gu;

/**
 * The file's name in the chat: the key's last segment without characters that could break a header or mislead a reader.
 * It is never empty and has at most 255 bytes of UTF-8; a longer name is shortened and keeps its extension.
 */
export const fileName = (key: string): string => {
  const segment = key.split('/').findLast((part) => part !== '') ?? '';
  // Rocket.Chat's form parser cuts a name at '\' as it does at '/' (`basename` in mscdex/busboy).
  const safe = segment.toWellFormed().replace(UNSAFE, '').replace(/["\\]/g, '_').trim();
  const name = /^\.*$/.test(safe) ? 'file' : safe;
  return clip(name);
};

const clip = (name: string): string => {
  if (Buffer.byteLength(name) <= MAX_NAME_BYTES) return name;
  const dot = name.lastIndexOf('.');
  const extension = dot > 0 && Buffer.byteLength(name.slice(dot)) <= 32 ? name.slice(dot) : '';
  const room = MAX_NAME_BYTES - Buffer.byteLength(extension);
  let stem = '';
  let usedBytes = 0;
  for (const character of extension === '' ? name : name.slice(0, dot)) {
    usedBytes += Buffer.byteLength(character);
    if (usedBytes > room) break;
    stem += character;
  }
  return stem + extension;
};

/** Types that say nothing about the content, such as S3's default for an upload without a type. */
const GENERIC = new Set(['', 'application/octet-stream', 'binary/octet-stream', 'application/x-www-form-urlencoded']);

/** The object's content type, or the type of the name's extension if that one is generic. Safe in a header. */
export const mediaType = (declared: string | undefined, name: string): string => {
  const type = declared?.split(';')[0]?.trim().toLowerCase() ?? '';
  if (!GENERIC.has(type) && /^[\w.+-]+\/[\w.+-]+$/.test(type)) return type;
  return mime.getType(name) ?? 'application/octet-stream';
};
