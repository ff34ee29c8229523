import type { Choices, Simulation } from './simulation.ts';

/** One process of the function: it can die or freeze between any two steps, and its clock may be off. */
export interface Process {
  readonly name: string;
  isAlive: boolean;
  /** Frozen until then: nothing it waits for comes back before. */
  frozenUntil: number;
  readonly clock: { now(): number };
}

export interface Fault {
  /** Whether the call takes effect although it fails, and how long after the caller has had the failure. */
  readonly effect: 'none' | 'done' | { readonly lateMs: number };
  /** What the caller gets: an Error is thrown, anything else is returned in place of the result. */
  readonly outcome: unknown;
}

export interface Caller {
  /** Makes one call to the modelled world, which can fail before, in the middle and after its effect. */
  call<Result>(options: {
    readonly name: string;
    readonly effect: () => Result;
    readonly faults: readonly (() => Fault)[];
    readonly signal?: AbortSignal;
    /** What an aborted call rejects with. */
    readonly aborted?: () => Error;
  }): Promise<Result>;
}

/** Of 64 calls, while choices last, this many fail, and one each dies before, dies after, or freezes. */
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
      /** Continues the caller, unless it died; a frozen one continues when it thaws. */
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

      const give = (outcome: unknown) => (outcome instanceof Error ? reject(outcome) : resolve(outcome as never));
      const tell = (what: string) => trace(`process ${process.name}  ${name}: ${what}`);
      const requestMs = [5, 40, 900, 9_000][choices.next(4)] ?? 5;
      const pick = choices.isUsedUp ? 63 : choices.next(64);
      simulation.schedule(requestMs, () => {
        if (!process.isAlive) return;
        const fault = pick < FAILING ? faults[choices.next(Math.max(1, faults.length))]?.() : undefined;
        if (pick === FAILING) {
          count(`${name}: process died before`);
          tell('process dies before');
          die();
          return;
        }
        if (pick === FAILING + 2) {
          count(`${name}: process froze`);
          tell('process freezes');
          process.frozenUntil = simulation.now() + ([70_000, 200_000, 400_000, 1_200_000][choices.next(4)] ?? 0);
        }
        if (fault !== undefined && fault.effect !== 'done') {
          count(`${name}: failed ${fault.effect === 'none' ? 'before' : 'and took effect late'}`);
          if (fault.effect !== 'none') simulation.schedule(fault.effect.lateMs, () => void swallow(effect));
          tell(
            `fails ${fault.effect === 'none' ? 'before its effect' : `${fault.effect.lateMs} ms before its effect`} (${describe(fault.outcome)})`,
          );
          answer(5, () => give(fault.outcome));
          return;
        }
        let result: ReturnType<typeof effect>;
        try {
          result = effect();
        } catch (error) {
          tell(String(error));
          answer(5, () => reject(error));
          return;
        }
        if (pick === FAILING + 1) {
          count(`${name}: process died after`);
          tell('process dies after');
          die();
          return;
        }
        if (fault !== undefined) {
          count(`${name}: failed after`);
          tell(`has its effect, then fails (${describe(fault.outcome)})`);
          answer(5, () => give(fault.outcome));
          return;
        }
        tell(`gives ${JSON.stringify(result)?.slice(0, 300)}`);
        answer(5, () => resolve(result));
      });
    }),
});

const describe = (outcome: unknown): string => (outcome instanceof Error ? outcome.message : JSON.stringify(outcome));

const swallow = (effect: () => unknown): void => {
  try {
    effect();
  } catch {
    // The caller has had its answer.
  }
};
