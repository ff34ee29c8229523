import { globAlternatives } from './glob.ts';

/** What a key must look like to fit a route. */
export interface KeyPattern {
  readonly prefix: string;
  readonly suffix: string;
  /** The only key that fits, if there is only one. */
  readonly only: string | undefined;
  /** Tests a key that has the prefix and the suffix. */
  readonly matches: (key: string) => boolean;
}

/** The conditions of a route on the key. */
export interface KeyConditions {
  readonly prefix?: string | undefined;
  readonly suffix?: string | undefined;
  readonly glob?: string | undefined;
}

/** The patterns of a route's keys, one for each alternative of its glob. A key fits if it fits one; empty if none can. */
export const keyPatterns = ({ prefix = '', suffix = '', glob }: KeyConditions): readonly KeyPattern[] => {
  if (glob === undefined) return [{ prefix, suffix, only: undefined, matches: () => true }];
  return globAlternatives(glob).flatMap((alternative) => {
    const { only, matches } = alternative;
    if (only !== undefined && !(only.startsWith(prefix) && only.endsWith(suffix))) return [];
    const longerPrefix = longer(prefix, alternative.prefix, (long, short) => long.startsWith(short));
    const longerSuffix = longer(suffix, alternative.suffix, (long, short) => long.endsWith(short));
    if (longerPrefix === undefined || longerSuffix === undefined) return [];
    return [{ prefix: longerPrefix, suffix: longerSuffix, only, matches }];
  });
};

/** `undefined` if the two exclude each other. */
const longer = (a: string, b: string, includes: (long: string, short: string) => boolean): string | undefined => {
  const [long, short] = a.length >= b.length ? [a, b] : [b, a];
  return includes(long, short) ? long : undefined;
};
