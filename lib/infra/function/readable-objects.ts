import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { keyPatterns } from '../../../lambdas/relay/domain/key-pattern.ts';
import { needsDetails } from '../../../lambdas/relay/domain/route.ts';
import type { Route } from '../../../lambdas/relay/domain/settings.ts';

/** The inline policies of a role have at most 10,240 characters together; the other statements need some of them. */
const MAX_PATTERNS_LENGTH = 4096;

/**
 * ARN patterns of the objects that the function reads for these routes, derived from their prefixes. A route that ignores
 * objects by their keys and sizes needs no access.
 */
export const readableObjects = (bucket: IBucket, routes: readonly Route[]): string[] => {
  const reading = routes.filter(
    (route) => route.ignore === undefined || needsDetails(route) || route.tags !== undefined,
  );
  return objectPatterns(reading.flatMap(keyPatterns).map(({ prefix }) => prefix)).map((pattern) =>
    bucket.arnForObjects(pattern),
  );
};

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
