import type { World } from './world.ts';

export { Skipped } from './skipped.ts';

/** Something that is wrong. */
export interface Finding {
  /** A problem keeps files from being posted, or operators from noticing. A warning will not, but may surprise. */
  readonly level: 'problem' | 'warning';
  /** What was found, with the name of the thing. */
  readonly what: string;
  /** Why it matters. */
  readonly why: string;
  /** The command that mends it, or the setting to change. */
  readonly mend: string;
}

export interface CheckResult {
  /** What was found right, in a few words, for the check's line. */
  readonly note: string;
  readonly findings: readonly Finding[];
}

/** What a check needs; it is skipped without it. */
export type Need =
  /** The chat server's URL: always there. */
  | 'server'
  /** S3, SQS and the secret: a deployed or an embedded relay. */
  | 'relay'
  /** A deployed relay. */
  | 'stack';

export interface Check {
  readonly name: string;
  readonly group: 'server' | 'aws';
  readonly needs: Need;
  /** What it checks, for `--list`. */
  readonly about: string;
  /** @throws Skipped; any other error means that the check could not run */
  run(world: World): Promise<CheckResult>;
}

export const ok = (note: string): CheckResult => ({ note, findings: [] });

export const found = (note: string, ...findings: readonly Finding[]): CheckResult => ({ note, findings });
