import { awsCodeOf, awsStatusOf } from '../../../lambdas/relay/adapters/aws-error.ts';
import { type Check, type Finding, Skipped } from './check.ts';
import type { World } from './world.ts';

export interface Outcome {
  readonly check: Check;
  /** `unknown`: the check could not run. */
  readonly status: 'ok' | 'warning' | 'problem' | 'unknown' | 'skipped';
  /** A few words; for `unknown` and `skipped` the reason. */
  readonly note: string;
  readonly findings: readonly Finding[];
}

/** Runs a check. Never rejects, and never takes longer than the time limit. */
export const runCheck = async (check: Check, world: World, timeLimitMs: number): Promise<Outcome> => {
  const missing = missingFor(check, world);
  if (missing !== undefined) return { check, status: 'skipped', note: missing, findings: [] };
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no result within ${timeLimitMs / 1_000} s`)), timeLimitMs);
  });
  try {
    const { note, findings } = await Promise.race([check.run(world), late]);
    const level = findings.some((finding) => finding.level === 'problem') ? 'problem' : findings[0]?.level;
    return { check, status: level ?? 'ok', note, findings };
  } catch (error) {
    const status = error instanceof Skipped ? 'skipped' : 'unknown';
    return { check, status, note: reasonOf(error), findings: [] };
  } finally {
    clearTimeout(timer);
  }
};

const missingFor = ({ needs }: Check, { target }: World): string | undefined => {
  if (needs === 'server') return undefined;
  if (target === undefined) return 'the relay is not deployed';
  return needs === 'stack' && target.stack === undefined ? 'the embedded relay has none' : undefined;
};

const reasonOf = (error: unknown): string => {
  const message = error instanceof Error ? error.message : String(error);
  return awsStatusOf(error) === undefined ? message : `${awsCodeOf(error)}: ${message}`;
};
