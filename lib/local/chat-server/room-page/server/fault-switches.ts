import type { RouteName } from '../../calls/endpoint.ts';
import type { Fault } from '../../calls/fault.ts';
import type { FaultPlan } from '../../calls/fault-plan.ts';
import type { RateLimiter } from '../../state/rate-limit.ts';
import type { FaultChange, FaultName, FaultView } from '../protocol.ts';

/** The faults that a visitor of the room page switches on and off. */
export interface FaultSwitches {
  all(): FaultView[];
  change(change: FaultChange): void;
}

const TEN_A_MINUTE = { calls: 10, windowMs: 60_000 } as const;

/** `route`: only its calls have the fault. */
const FAULTS: Readonly<Record<Exclude<FaultName, 'rate-limit'>, { fault: Fault; route?: RouteName }>> = {
  'server-down': { fault: { kind: 'reset-before' } },
  'lost-answer': { fault: { kind: 'reset-after' }, route: 'mediaConfirm' },
  'bad-gateway': { fault: { kind: 'answer', status: 502 } },
};

export const createFaultSwitches = (deps: {
  plan: FaultPlan;
  limiter: RateLimiter;
  random: () => number;
}): FaultSwitches => {
  const { plan, limiter, random } = deps;
  const states = new Map<FaultName, { isOn: boolean; percent: number; hits: number; remove: () => void }>(
    (
      [
        ['server-down', 100],
        ['rate-limit', 100],
        ['lost-answer', 50],
        ['bad-gateway', 30],
      ] as const
    ).map(([name, percent]) => [name, { isOn: false, percent, hits: 0, remove: () => {} }]),
  );

  const strike = (name: Exclude<FaultName, 'rate-limit'>, state: { percent: number; hits: number }) => {
    const { fault, route } = FAULTS[name];
    return plan.use((call) => {
      if ((route !== undefined && call.name !== route) || random() * 100 >= state.percent) return undefined;
      state.hits += 1;
      return fault;
    });
  };

  const limitRate = (state: { percent: number }) => {
    const before = limiter.limit;
    limiter.set(TEN_A_MINUTE, () => random() * 100 < state.percent);
    return () => limiter.set(before);
  };

  return {
    all: () =>
      [...states].map(([name, { isOn, percent, hits }]) => ({
        name,
        isOn,
        percent,
        hits: name === 'rate-limit' && isOn ? limiter.refused : hits,
      })),
    change({ name, isOn, percent }) {
      const state = states.get(name);
      if (state === undefined) throw new Error(`There is no fault ${JSON.stringify(name)}.`);
      if (percent !== undefined) state.percent = percent;
      if (isOn === undefined || state.isOn === isOn) return;
      state.isOn = isOn;
      if (isOn) {
        state.hits = 0;
        state.remove = name === 'rate-limit' ? limitRate(state) : strike(name, state);
      } else {
        if (name === 'rate-limit') state.hits = limiter.refused;
        state.remove();
      }
    },
  };
};
