/** S3's limit of notification configurations a bucket. */
export const MAX_FILTERS = 100;
/** S3's limit of a prefix or a suffix, as it is written into the configuration. */
const MAX_VALUE_LENGTH = 1024;

/** Keys that start with `prefix` and end with `suffix`; the empty string fits every key. */
export interface NotificationFilter {
  readonly prefix: string;
  readonly suffix: string;
}

/**
 * The narrowest filters that S3 takes and that let every object through which a route fits. S3 refuses two filters
 * that one key can pass ("overlapping prefixes, overlapping suffixes"), so those become one that covers both. That one
 * may let more through than the routes ask for: the function ignores what fits no route.
 */
export const notificationFilters = (
  routes: readonly { prefix?: string | undefined; suffix?: string | undefined }[],
): NotificationFilter[] => {
  let filters = disjoint(routes.map(({ prefix = '', suffix = '' }) => shorten({ prefix, suffix })));
  while (filters.length > MAX_FILTERS) filters = disjoint(mergeClosest(filters));
  return filters;
};

/** Whether one key can pass both. */
export const overlap = (a: NotificationFilter, b: NotificationFilter): boolean =>
  (a.prefix.startsWith(b.prefix) || b.prefix.startsWith(a.prefix)) &&
  (a.suffix.endsWith(b.suffix) || b.suffix.endsWith(a.suffix));

/**
 * A prefix or suffix as S3's notification configuration wants it: '+' for a space, everything but S3's "safe
 * characters" percent-encoded (S3 User Guide, "Configuring event notifications using object key name filtering").
 * A raw `year=2026/` is accepted and then matches nothing (aws/aws-cdk#28012); slashes are matched as they are.
 */
export const encodeFilterValue = (value: string): string =>
  encodeURIComponent(value.toWellFormed()).replaceAll('~', '%7E').replaceAll('%2F', '/').replaceAll('%20', '+');

const disjoint = (filters: readonly NotificationFilter[]): NotificationFilter[] => {
  const result: NotificationFilter[] = [];
  for (const filter of filters) {
    let merged = filter;
    // A filter grown by a merge can overlap with one that the smaller one passed by: start again with each growth.
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

/** Merges the two neighbours, in the order of their names, that have most in common: the least is let through in vain. */
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

/** By whole characters: half of a surrogate pair can't be encoded. */
const commonStart = (a: string, b: string): string => {
  const [left, right] = [[...a], [...b]];
  const end = left.findIndex((char, i) => char !== right[i]);
  return left.slice(0, end === -1 ? left.length : end).join('');
};

/** Percent-encoding can make a value too long; its shorter form lets more through and still every wanted key. */
const shorten = ({ prefix, suffix }: NotificationFilter): NotificationFilter => ({
  prefix: fitting(prefix),
  suffix: reversed(fitting(reversed(suffix))),
});

const fitting = (part: string): string => {
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
