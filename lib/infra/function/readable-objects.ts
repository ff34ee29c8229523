import type { IBucket } from 'aws-cdk-lib/aws-s3';

/** An inline policy has room for 10,240 characters, with every other statement of the role. */
const MAX_PATTERNS_LENGTH = 4096;

/** ARNs of the objects that a route can fit, by their prefixes, as narrow as a policy can say it. */
export const readableObjects = (bucket: IBucket, routes: readonly { prefix?: string | undefined }[]): string[] =>
  objectPatterns(routes.map(({ prefix = '' }) => prefix)).map((pattern) => bucket.arnForObjects(pattern));

/** The prefixes as IAM patterns, without those that a shorter one covers; `*` if they would fill the policy. */
export const objectPatterns = (prefixes: readonly string[]): string[] => {
  const shortest = [...new Set(prefixes)]
    .filter((prefix) => !prefixes.some((other) => other !== prefix && prefix.startsWith(other)))
    .sort();
  const patterns = [...new Set(shortest.map(patternOf))];
  return patterns.join('').length > MAX_PATTERNS_LENGTH ? ['*'] : patterns;
};

/**
 * Wider by a little where a policy can't say it literally: IAM documents hold no characters beyond Latin-1, `*`, `?` and
 * `$` have a meaning in them, and CDK can't acknowledge a finding about a space or a single bracket.
 */
const patternOf = (prefix: string): string =>
  `${prefix.replace(/[^\x20-\x7e]+/g, '*').replace(/[\s?$()[\]{}]/g, '?')}*`.replace(/\*+/g, '*');
