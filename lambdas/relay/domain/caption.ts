import type { CreatedObject } from './s3-event.ts';

/** What a route without a caption says: the whole key, of which the file's name is only the end. */
export const DEFAULT_CAPTION = '`{key}`';

/** Rocket.Chat's default for `Message_MaxAllowedSize`. */
const MAX_LENGTH = 5000;

/**
 * Fills the placeholders `{bucket}`, `{key}`, `{fileName}` and `{size}`; anything else in braces stays as it is.
 * What is filled in is text, never markup: a key such as `@all` must not call a whole room.
 */
export const caption = (
  template: string,
  object: Pick<CreatedObject, 'bucket' | 'key' | 'sizeBytes'>,
  fileName: string,
) => {
  const values: Record<string, string> = {
    bucket: object.bucket,
    key: object.key,
    fileName,
    size: humanSize(object.sizeBytes),
  };
  return template
    .replace(/\{(bucket|key|fileName|size)\}/g, (_, name: string) => plain(values[name] ?? ''))
    .slice(0, MAX_LENGTH)
    .toWellFormed();
};

/** Text that is nothing but text when it stands in a message. */
// A backtick would end the code span around a key; '@' and '#' start mentions and links to rooms, which a zero-width
// joiner after them prevents. Line breaks would start quotes and lists.
export const plain = (text: string): string =>
  text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu, ' ')
    .replaceAll('`', "'")
    .replace(/[@#]/g, (sign) => `${sign}\u2060`);

/** As S3's console shows sizes: binary steps, one decimal. */
export const humanSize = (sizeBytes: number): string => {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const step = sizeBytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(sizeBytes) / 10));
  const value = sizeBytes / 1024 ** step;
  return `${step === 0 || value >= 100 ? Math.round(value) : Number(value.toFixed(1))} ${units[step]}`;
};
