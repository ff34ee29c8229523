import type { CreatedObject } from './s3-event.ts';

/** The caption of a route that has none: the whole key, because the file's name shows only its last segment. */
export const DEFAULT_CAPTION = '`{key}`';

/** Rocket.Chat's default for `Message_MaxAllowedSize`. */
const MAX_LENGTH = 5000;

/**
 * Replaces the placeholders `{bucket}`, `{key}`, `{fileName}` and `{size}`; other text in braces is not changed.
 * The values are inserted as text without markup: a key such as `@all` must not notify a whole room.
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

/** Changes a text so that Rocket.Chat finds no markup and no mention in it. */
// A backtick would end the code span around a key. '@' and '#' start mentions and links to rooms; a word joiner
// (U+2060) after them prevents that. Line breaks could start quotes and lists.
export const plain = (text: string): string =>
  text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu, ' ')
    .replaceAll('`', "'")
    .replace(/[@#]/g, (sign) => `${sign}\u2060`);

/** A size in binary units with at most one decimal, as S3's console shows it. */
export const humanSize = (sizeBytes: number): string => {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const step = sizeBytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(sizeBytes) / 10));
  const value = sizeBytes / 1024 ** step;
  return `${step === 0 || value >= 100 ? Math.round(value) : Number(value.toFixed(1))} ${units[step]}`;
};
