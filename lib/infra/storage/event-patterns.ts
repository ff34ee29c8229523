import type { NotificationFilter } from './notification-filters.ts';

/** An EventBridge pattern has at most 2,048 characters; the buckets and the field names need some of them. */
const MAX_KEYS_LENGTH = 1_400;
/** EventBridge rejects patterns with too many wildcards below one prefix as too complex. Its limit is not documented. */
const MAX_WILDCARDS = 3;

/**
 * The filters as EventBridge patterns, which match unencoded keys; empty to match any key. If the patterns are too
 * long or too complex for a rule, wider ones are used, and the function ignores objects without a matching route.
 */
export const eventKeyPatterns = (filters: readonly NotificationFilter[]): Record<string, string>[] => {
  if (filters.some(({ prefix, suffix }) => prefix + suffix === '')) return [];
  const exact = filters.map(patternOf);
  const isComplex = exact.filter((pattern) => 'wildcard' in pattern).length > MAX_WILDCARDS;
  const narrow = isComplex
    ? exact.map((pattern, i) => ('wildcard' in pattern ? prefixOf(filters[i]) : pattern))
    : exact;
  if (fits(distinct(narrow))) return distinct(narrow);
  if (filters.some(({ prefix }) => prefix === '')) return [];
  const wide = distinct(filters.map(prefixOf));
  return fits(wide) ? wide : [];
};

/** Whether one of these patterns lets a key through. */
export const passesPatterns = (patterns: readonly Readonly<Record<string, string>>[], key: string): boolean =>
  patterns.length === 0 ||
  patterns.some(({ prefix = '', suffix = '', wildcard }) => {
    if (wildcard === undefined) return key.startsWith(prefix) && key.endsWith(suffix);
    const [start = '', end = ''] = wildcard.replaceAll('\\\\', '\\').split('*');
    return key.length >= start.length + end.length && key.startsWith(start) && key.endsWith(end);
  });

const prefixOf = (filter: NotificationFilter | undefined): Record<string, string> => ({ prefix: filter?.prefix ?? '' });

const distinct = (patterns: readonly Record<string, string>[]): Record<string, string>[] => [
  ...new Map(patterns.map((pattern) => [JSON.stringify(pattern), pattern])).values(),
];

const fits = (patterns: unknown): boolean => JSON.stringify(patterns).length <= MAX_KEYS_LENGTH;

const patternOf = ({ prefix, suffix }: NotificationFilter): Record<string, string> => {
  if (suffix === '') return { prefix };
  if (prefix === '') return { suffix };
  // "a.b" has the prefix "a." and the suffix ".b" but does not match "a.*.b".
  if ([...suffix].some((_, i) => prefix.endsWith(suffix.slice(0, i + 1)))) return { prefix };
  // '*' and '\' are special in wildcard patterns only; a filter contains no '*'.
  return { wildcard: `${prefix}*${suffix}`.replaceAll('\\', '\\\\') };
};
