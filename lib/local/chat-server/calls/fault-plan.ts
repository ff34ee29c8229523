import type { Call } from './call-log.ts';
import type { RouteName } from './endpoint.ts';
import type { Fault } from './fault.ts';

/** Decides about a call; `undefined` lets it be. */
export type FaultRule = (call: Call) => Fault | undefined;

export interface FaultPlan {
  /** The next calls of the route meet this fault, in the order in which faults were queued. */
  next(route: RouteName, fault: Fault, options?: { times?: number }): void;
  /**
   * Every call of the route meets the fault with this probability.
   * @returns how to stop it
   */
  sometimes(route: RouteName, probability: number, fault: Fault, random: () => number): () => void;
  /**
   * Asks the rule about each call that no queued fault has met, so that chaos tests can drive it by their own seed.
   * @returns how to stop it
   */
  use(rule: FaultRule): () => void;
  /** Queued faults that have not happened yet. */
  pending(): number;
  clear(): void;
}

/** What the server asks of the plan. */
export interface FaultSource {
  take(call: Call): Fault | undefined;
}

export const createFaultPlan = (): FaultPlan & FaultSource => {
  const queues = new Map<RouteName, Fault[]>();
  const rules = new Set<FaultRule>();

  const use = (rule: FaultRule) => {
    // A wrapper of its own, so that the same rule can be in use twice.
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
