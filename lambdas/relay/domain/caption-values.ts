import { DEFAULT_CAPTION, type LookUp } from './caption.ts';
import { consoleLink } from './console-link.ts';
import type { ObjectFacts } from './object-facts.ts';
import { fileName, mediaType } from './object-name.ts';
import type { Route } from './settings.ts';
import { readsOf } from './template.ts';

/** The templates of a route's messages. */
export const templatesOf = ({ caption = DEFAULT_CAPTION, altText }: Pick<Route, 'caption' | 'altText'>): string[] =>
  altText === undefined ? [caption] : [caption, altText];

/**
 * The values of an object for templates. Metadata and tags are read only if a template refers to them.
 * @param region the AWS region of the bucket, for the console link
 * @throws what `facts` throws
 */
export const readValues = async (
  templates: readonly string[],
  facts: ObjectFacts,
  region: string | undefined,
): Promise<LookUp> => {
  const { object } = facts;
  const reads = readsOf(templates);
  const details = reads.details ? await facts.details() : undefined;
  const tags = reads.tags ? await facts.tags() : undefined;
  const name = fileName(object.key);
  const segments = object.key.split('/').slice(0, -1);
  const simple: ReadonlyMap<string, string | undefined> = new Map([
    ['fileName', name],
    ['key', object.key],
    ['bucket', object.bucket],
    ['size', humanSize(object.sizeBytes)],
    ['contentType', mediaType(details?.contentType, name)],
    ['uploadedAt', dateAndTime(object.createdAt)],
    ['uploader', object.uploader],
    ['version', object.versionId === 'null' ? undefined : object.versionId],
    ['consoleLink', consoleLink(object, region)],
  ]);
  return (wanted) => {
    const dot = wanted.indexOf('.');
    const item = wanted.slice(dot + 1);
    switch (wanted.slice(0, Math.max(0, dot))) {
      case 'prefix':
        return segments[Number(item)];
      case 'metadata':
        return details?.metadata.get(item.toLowerCase());
      case 'tags':
        return tags?.get(item);
      default:
        return simple.get(wanted);
    }
  };
};

/** `2026-11-24 14:05:37 UTC` */
const dateAndTime = (time: number): string => `${new Date(time).toISOString().slice(0, 19).replace('T', ' ')} UTC`;

/** A size in binary units with at most one decimal, as S3's console shows it. */
export const humanSize = (sizeBytes: number): string => {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const step = sizeBytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(sizeBytes) / 10));
  const value = sizeBytes / 1024 ** step;
  return `${step === 0 || value >= 100 ? Math.round(value) : Number(value.toFixed(1))} ${units[step]}`;
};
