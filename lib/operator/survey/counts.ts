import { counted } from '../terminal.ts';
import { State } from './judge.ts';
import type { SurveyPage } from './survey.ts';

/** How many objects a survey has seen in each state. */
export interface Counts {
  add(page: SurveyPage): void;
  /** By state, and `listed`, `ignored` and `outsideTimes`. */
  values(): Readonly<Record<string, number>>;
}

export const createCounts = (): Counts => {
  const values: Record<string, number> = { listed: 0, ignored: 0, outsideTimes: 0 };
  for (const state of Object.values(State)) values[state] = 0;
  const add = (name: string, count: number): void => {
    values[name] = (values[name] ?? 0) + count;
  };
  return {
    add({ surveyed, listed, ignored, outsideTimes }) {
      add('listed', listed);
      add('outsideTimes', outsideTimes);
      add('ignored', ignored);
      for (const { state } of surveyed) add(state, 1);
    },
    values: () => ({ ...values }),
  };
};

const TEXTS: Readonly<Record<string, string>> = {
  [State.NeverPosted]: 'never posted',
  [State.Posted]: 'posted',
  [State.PostedTwice]: 'posted twice',
  [State.Pending]: 'on their way',
  [State.Stuck]: 'pending for too long',
  [State.DeadLettered]: 'dead letters',
  [State.Ignored]: 'overwrites that are not posted',
  ignored: 'without a route',
  outsideTimes: 'modified outside the times asked for (--since, --until; by default the last 10 minutes are left out)',
};

/** One line, without the states that no object is in. */
export const countsText = (counts: Counts): string => {
  const values = counts.values();
  const parts = Object.entries(TEXTS).flatMap(([name, text]) => (values[name] ? [`${values[name]} ${text}`] : []));
  return `${counted(values['listed'] ?? 0, 'object')} listed${parts.length === 0 ? '' : `: ${parts.join(', ')}`}.`;
};
