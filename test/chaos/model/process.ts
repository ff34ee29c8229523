import type { Choices, Simulation } from './simulation.ts';

/** One process of the function. It can die or freeze between any two steps, and its clock can be wrong. */
export interface Process {
  readonly name: string;
  isAlive: boolean;
  /** No call of the process returns before this time. */
  frozenUntil: number;
  readonly clock: { now(): number };
}

export interface Fault {
  /** Whether a failed call has its effect, and how long after the error if it comes late. */
  readonly effect: 'none' | 'done' | { readonly lateMs: number };
  readonly error: Error;
}

export interface Caller {
  /** Makes one call to the modelled world. It can fail before or after its effect. */
  call<Result>(options: {
    readonly name: string;
    readonly effect: () => Result;
    readonly faults: readonly (() => Fault)[];
    readonly signal?: AbortSignal;
    /** The error with which an aborted call rejects. */
    readonly aborted?: () => Error;
  }): Promise<Result>;
}

/** Out of 64 picks, this many make a call fail. Three more end the process before or after the effect, or freeze it. */
const FAILING = 12;

export const createCaller = (
  simulation: Simulation,
  choices: Choices,
  process: Process,
  count: (fault: string) => void,
  trace: (line: string) => void,
): Caller => ({
  call: ({ name, effect, faults, signal, aborted }) =>
    new Promise((resolve, reject) => {
      const die = () => {
        process.isAlive = false;
      };
      /** Continues the caller unless its process died; a frozen process continues when it thaws. */
      const answer = (delayMs: number, act: () => void) =>
        simulation.schedule(delayMs, () => {
          if (!process.isAlive) return;
          const thawsInMs = process.frozenUntil - simulation.now();
          if (thawsInMs > 0) answer(thawsInMs, act);
          else act();
        });
      signal?.addEventListener('abort', () => answer(0, () => reject(aborted?.() ?? new Error('aborted'))), {
        once: true,
      });

      const note = (what: string) => trace(`process ${process.name}  ${name}: ${what}`);
      const requestMs = [5, 40, 900, 9_000][choices.next(4)] ?? 5;
      const pick = choices.isUsedUp ? 63 : choices.next(64);
      simulation.schedule(requestMs, () => {
        if (!process.isAlive) return;
        const fault = pick < FAILING ? faults[choices.next(Math.max(1, faults.length))]?.() : undefined;
        if (pick === FAILING) {
          count(`${name}: process died before`);
          note('process dies before');
          die();
          return;
        }
        if (pick === FAILING + 2) {
          count(`${name}: process froze`);
          note('process freezes');
          process.frozenUntil = simulation.now() + ([70_000, 200_000, 400_000, 1_200_000][choices.next(4)] ?? 0);
        }
        if (fault !== undefined && fault.effect !== 'done') {
          count(`${name}: failed ${fault.effect === 'none' ? 'before' : 'and took effect late'}`);
          if (fault.effect !== 'none') simulation.schedule(fault.effect.lateMs, () => void swallow(effect));
          note(
            `fails ${fault.effect === 'none' ? 'before its effect' : `${fault.effect.lateMs} ms before its effect`} (${fault.error.message})`,
          );
          answer(5, () => reject(fault.error));
          return;
        }
        let result: ReturnType<typeof effect>;
        try {
          result = effect();
        } catch (error) {
          note(String(error));
          answer(5, () => reject(error));
          return;
        }
        if (pick === FAILING + 1) {
          count(`${name}: process died after`);
          note('process dies after');
          die();
          return;
        }
        if (fault !== undefined) {
          count(`${name}: failed after`);
          note(`has its effect, then fails (${fault.error.message})`);
          answer(5, () => reject(fault.error));
          return;
        }
        note(`returns ${JSON.stringify(result)?.slice(0, 300)}`);
        answer(5, () => resolve(result));
      });
    }),
});

const swallow = (effect: () => unknown): void => {
  try {
    effect();
  } catch {
    // The caller already has an error.
  }
};
