import { type KeyConditions, keyPatterns } from '../../../lambdas/relay/domain/key-pattern.ts';

/** S3 allows this many notification configurations per bucket. */
export const MAX_FILTERS = 100;
/** S3's limit for a prefix or suffix, in characters of its encoded form. */
const MAX_VALUE_LENGTH = 1024;

/** Matches keys that start with `prefix` and end with `suffix`; the empty string matches every key. */
export interface NotificationFilter {
  readonly prefix: string;
  readonly suffix: string;
}

/**
 * The narrowest filters that S3 accepts and that match every object that a route posts. A route that ignores its objects
 * needs no events; what is left of a glob are the literal texts before its first and after its last wildcard. S3 refuses two filters that
 * one key can match ("overlapping prefixes, overlapping suffixes"), so such filters are merged into one that covers both.
 * The merged filter may match more objects than the routes; the function ignores these.
 */
export const notificationFilters = (
  routes: readonly (KeyConditions & { readonly ignore?: true | undefined })[],
): NotificationFilter[] => {
  const posting = routes.filter(({ ignore }) => ignore === undefined);
  let filters = disjoint(posting.flatMap(keyPatterns).map(shorten));
  while (filters.length > MAX_FILTERS) filters = disjoint(mergeClosest(filters));
  return filters;
};

/** Whether a key can match both filters. */
export const overlap = (a: NotificationFilter, b: NotificationFilter): boolean =>
  (a.prefix.startsWith(b.prefix) || b.prefix.startsWith(a.prefix)) &&
  (a.suffix.endsWith(b.suffix) || b.suffix.endsWith(a.suffix));

/**
 * Encodes a prefix or suffix for S3's notification configuration: '+' for a space, percent-encoding for everything but
 * S3's "safe characters" (S3 User Guide, "Configuring event notifications using object key name filtering") and slashes.
 * S3 accepts an unencoded `year=2026/`, but it matches no key (aws/aws-cdk#28012).
 */
export const encodeFilterValue = (value: string): string =>
  encodeURIComponent(value.toWellFormed()).replaceAll('~', '%7E').replaceAll('%2F', '/').replaceAll('%20', '+');

const disjoint = (filters: readonly NotificationFilter[]): NotificationFilter[] => {
  const result: NotificationFilter[] = [];
  for (const filter of filters) {
    let merged = filter;
    // The merged filter is wider and may overlap with filters that were already compared, so start again.
    for (let i = 0; i < result.length; i++) {
      const other = result[i];
      if (other === undefined || !overlap(merged, other)) continue;
      merged = merge(merged, other);
      result.splice(i, 1);
      i = -1;
    }
    result.push(merged);
  }
  return result.sort(byPrefixThenSuffix);
};

const merge = (a: NotificationFilter, b: NotificationFilter): NotificationFilter => ({
  prefix: commonStart(a.prefix, b.prefix),
  suffix: reversed(commonStart(reversed(a.suffix), reversed(b.suffix))),
});

/** Merges the two neighbours, in sorted order, that have the longest common parts, so the fewest extra keys match. */
const mergeClosest = (filters: readonly NotificationFilter[]): NotificationFilter[] => {
  let best = { at: 0, shared: -1 };
  for (let at = 0; at + 1 < filters.length; at++) {
    const { prefix, suffix } = mergeAt(filters, at);
    const shared = prefix.length + suffix.length;
    if (shared > best.shared) best = { at, shared };
  }
  return [...filters.slice(0, best.at), mergeAt(filters, best.at), ...filters.slice(best.at + 2)];
};

const mergeAt = (filters: readonly NotificationFilter[], at: number): NotificationFilter => {
  const [a, b] = filters.slice(at, at + 2);
  if (a === undefined || b === undefined) throw new RangeError(`there are no two filters at ${at}`);
  return merge(a, b);
};

/** Compares whole characters, because half of a surrogate pair cannot be encoded. */
const commonStart = (a: string, b: string): string => {
  const [left, right] = [[...a], [...b]];
  const end = left.findIndex((char, i) => char !== right[i]);
  return left.slice(0, end === -1 ? left.length : end).join('');
};

/** Shortens values whose encoded form exceeds S3's limit. The shorter value still matches every key of the route. */
const shorten = ({ prefix, suffix }: NotificationFilter): NotificationFilter => ({
  prefix: truncated(prefix),
  suffix: reversed(truncated(reversed(suffix))),
});

const truncated = (part: string): string => {
  const chars = [...part];
  let length = 0;
  const end = chars.findIndex((char) => {
    length += encodeFilterValue(char).length;
    return length > MAX_VALUE_LENGTH;
  });
  return end === -1 ? part : chars.slice(0, end).join('');
};

const reversed = (text: string): string => [...text].reverse().join('');

const byPrefixThenSuffix = (a: NotificationFilter, b: NotificationFilter): number =>
  compare(a.prefix, b.prefix) || compare(reversed(a.suffix), reversed(b.suffix));

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
