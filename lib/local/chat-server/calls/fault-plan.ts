import type { Call } from './call-log.ts';
import type { RouteName } from './endpoint.ts';
import type { Fault } from './fault.ts';

/** Chooses the fault of a call; `undefined` means none. */
export type FaultRule = (call: Call) => Fault | undefined;

export interface FaultPlan {
  /** Queues a fault for the route's next call or calls. Faults occur in the order they were queued. */
  next(route: RouteName, fault: Fault, options?: { times?: number }): void;
  /**
   * Gives each call of the route this fault with the given probability.
   * @param random returns numbers from 0 up to 1, as Math.random does
   * @returns a function that removes the rule
   */
  sometimes(route: RouteName, probability: number, fault: Fault, random: () => number): () => void;
  /**
   * Calls the rule for each call that has no queued fault. Chaos tests choose faults by their own seed this way.
   * @returns a function that removes the rule
   */
  use(rule: FaultRule): () => void;
  /** The number of queued faults that have not occurred yet. */
  pending(): number;
  /** Removes all queued faults and rules. */
  clear(): void;
}

/** The part of the plan that the server uses. */
export interface FaultSource {
  take(call: Call): Fault | undefined;
}

export const createFaultPlan = (): FaultPlan & FaultSource => {
  const queues = new Map<RouteName, Fault[]>();
  const rules = new Set<FaultRule>();

  const use = (rule: FaultRule) => {
    // A new function, so that the same rule can be added twice and removed once.
    const entry: FaultRule = (call) => rule(call);
    rules.add(entry);
    return () => void rules.delete(entry);
  };

  return {
    next: (route, fault, { times = 1 } = {}) => {
      queues.set(route, [...(queues.get(route) ?? []), ...Array.from({ length: times }, () => fault)]);
    },
    sometimes: (route, probability, fault, random) =>
      use((call) => (call.name === route && random() < probability ? fault : undefined)),
    use,
    pending: () => [...queues.values()].reduce((total, queue) => total + queue.length, 0),
    clear: () => {
      queues.clear();
      rules.clear();
    },
    take: (call) => {
      const queued = queues.get(call.name)?.shift();
      if (queued) return queued;
      for (const rule of rules) {
        const fault = rule(call);
        if (fault) return fault;
      }
      return undefined;
    },
  };
};
