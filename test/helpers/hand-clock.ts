import { START } from './factories.ts';

/** A clock that only a test advances. */
export interface HandClock {
  now(): number;
  advance(byMs: number): void;
}

export const createHandClock = (startsAt = START): HandClock => {
  let now = startsAt;
  return {
    now: () => now,
    advance: (byMs) => {
      now += byMs;
    },
  };
};
