import { braceExpand, Minimatch, type MinimatchOptions } from 'minimatch';

/** One alternative of a glob: `a/{b,c}/*` has two. */
export interface GlobAlternative {
  /** Every key that matches begins with it. */
  readonly prefix: string;
  /** Every key that matches ends with it. */
  readonly suffix: string;
  /** The only key that matches, if the alternative has no wildcard. */
  readonly only: string | undefined;
  readonly matches: (key: string) => boolean;
}

/** A glob's braces may expand to at most this many alternatives, with this many characters together. */
export const MAX_ALTERNATIVES = 100;
export const MAX_EXPANDED_LENGTH = 4096;

/**
 * `*` and `?` match any character but `/`, `**` any number of segments, also in names that begin with a dot. Segments that
 * are only `.` or `..` match no wildcard. A key has no platform: `\` escapes.
 */
const OPTIONS: MinimatchOptions = {
  dot: true,
  nonegate: true,
  nocomment: true,
  noext: true,
  nobrace: true,
  preserveMultipleSlashes: true,
  platform: 'linux',
  // Keeps '..' in a pattern, which is part of a key's name and not the parent folder.
  optimizationLevel: 0,
  // More than a pattern can have, so '**' is never given up.
  maxGlobstarRecursion: MAX_EXPANDED_LENGTH,
};

/** The glob with its braces expanded; incomplete if there are more than `MAX_ALTERNATIVES`. */
export const expandBraces = (glob: string): readonly string[] => [
  ...new Set(braceExpand(glob, { braceExpandMax: MAX_ALTERNATIVES + 1 })),
];

/**
 * The alternatives of a glob. Each is compiled when a key is first tested. minimatch 11 compiles a segment to a list of
 * characters and wildcards, not to a regular expression, and tests each place of a key once for each of them, so a test
 * takes at most as many steps as the lengths of pattern and key multiplied.
 */
export const globAlternatives = (glob: string): readonly GlobAlternative[] =>
  expandBraces(glob).map((pattern) => {
    const { prefix, suffix, only } = literalParts(pattern);
    const mayEndInSlash = /(^|\/)(\*\*)?$/.test(pattern);
    let compiled: Minimatch | undefined;
    const matches = (key: string): boolean => {
      if (only !== undefined) return key === only;
      if (!key.startsWith(prefix) || !key.endsWith(suffix)) return false;
      // minimatch lets "a/*" match "a/b/", because both name the same folder of a disk.
      if (key.endsWith('/') && !mayEndInSlash) return false;
      compiled ??= compileGlob(pattern);
      return compiled.match(key);
    };
    return { prefix, suffix, only, matches };
  });

export const compileGlob = (pattern: string): Minimatch => new Minimatch(pattern, OPTIONS);

/** An escaped asterisk ends a literal part, too: S3, EventBridge and IAM do not take one literally. */
const literalParts = (pattern: string): Pick<GlobAlternative, 'prefix' | 'suffix' | 'only'> => {
  let prefix: string | undefined;
  let literal = '';
  let hasWildcard = false;
  for (let i = 0; i < pattern.length; i += 1) {
    const char = pattern.charAt(i);
    const next = pattern.charAt(i + 1);
    // minimatch splits a pattern at every '/', so a backslash before one is literal.
    const isEscape = char === '\\' && next !== '' && next !== '/';
    const isWildcard = '*?[]'.includes(char);
    if (isWildcard || (isEscape && next === '*')) {
      prefix ??= literal;
      literal = '';
      hasWildcard ||= isWildcard;
      const isGlobstar = pattern.startsWith('**/', i) && (i === 0 || pattern.charAt(i - 1) === '/');
      // "a/**/b" also matches "a/b".
      if (isGlobstar) i += 2;
      else if (isEscape) i += 1;
      continue;
    }
    literal += isEscape ? next : char;
    if (isEscape) i += 1;
  }
  if (prefix === undefined) return { prefix: literal, suffix: '', only: literal };
  return { prefix, suffix: literal, only: hasWildcard ? undefined : pattern.replace(/\\([^/])/g, '$1') };
};
