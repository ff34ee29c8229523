import type { IBucket } from 'aws-cdk-lib/aws-s3';

/** The inline policies of a role have at most 10,240 characters together; the other statements need some of them. */
const MAX_PATTERNS_LENGTH = 4096;

/** ARN patterns of the objects that a route can match, derived from the routes' prefixes. */
export const readableObjects = (bucket: IBucket, routes: readonly { prefix?: string | undefined }[]): string[] =>
  objectPatterns(routes.map(({ prefix = '' }) => prefix)).map((pattern) => bucket.arnForObjects(pattern));

/** The prefixes as IAM patterns, without those that a shorter prefix covers; `*` if they are too long for the policy. */
export const objectPatterns = (prefixes: readonly string[]): string[] => {
  const shortest = [...new Set(prefixes)]
    .filter((prefix) => !prefixes.some((other) => other !== prefix && prefix.startsWith(other)))
    .sort();
  const patterns = [...new Set(shortest.map(patternOf))];
  return patterns.join('').length > MAX_PATTERNS_LENGTH ? ['*'] : patterns;
};

/**
 * Replaces characters that a policy cannot contain literally by wildcards: IAM documents allow no characters beyond
 * Latin-1, `*`, `?` and `$` have a meaning in them, and CDK cannot acknowledge a finding about a space or a bracket.
 */
const patternOf = (prefix: string): string =>
  `${prefix.replace(/[^\x20-\x7e]+/g, '*').replace(/[\s?$()[\]{}]/g, '?')}*`.replace(/\*+/g, '*');
