/**
 * The times at which messages that were put to sleep come back: a slot a window, each with as many places as the window
 * has calls. A message gets the first free place, so each is woken once, when it is its turn.
 */
export interface Slots {
  /**
   * Takes a place and tells its time; `undefined` where all places are taken up to `until`. A slot that there is already
   * will do from `opensAt` on; the first new one would be at `firstAt`.
   */
  book(options: {
    opensAt: number;
    firstAt: number;
    until: number;
    stepMs: number;
    places: number;
  }): number | undefined;
  /** One of those that were to come has come. */
  arrive(): void;
  /** How many are to come until then. */
  expected(until: number): number;
  /** Some that had places at these times come now. */
  bringForward(times: readonly number[]): void;
  /** Places taken from now on. */
  taken(): number;
}

interface Slot {
  readonly at: number;
  taken: number;
}

/** Who has not come this long after the time went to another process. */
const LATE_MS = 20_000;

export const createSlots = ({ now }: { now: () => number }): Slots => {
  /** In the order of their times. */
  let slots: Slot[] = [];

  const forgetPast = () => {
    const oldest = now() - LATE_MS;
    if (slots[0] !== undefined && slots[0].at < oldest) slots = slots.filter(({ at }) => at >= oldest);
  };

  const insert = (slot: Slot) => {
    const index = slots.findIndex(({ at }) => at > slot.at);
    slots.splice(index === -1 ? slots.length : index, 0, slot);
  };

  return {
    book({ opensAt, firstAt, until, stepMs, places }) {
      forgetPast();
      let at = firstAt;
      for (const slot of slots) {
        if (slot.at < opensAt) continue;
        if (slot.at - at >= stepMs / 2) break;
        if (slot.taken < places) {
          slot.taken += 1;
          return slot.at;
        }
        at = slot.at + stepMs;
      }
      if (at > until) return undefined;
      insert({ at, taken: 1 });
      return at;
    },

    arrive() {
      forgetPast();
      const due = slots.find(({ at, taken }) => taken > 0 && at <= now() + 1_000);
      if (due !== undefined) due.taken -= 1;
    },

    expected(until) {
      forgetPast();
      return slots.reduce((sum, { at, taken }) => (at <= until ? sum + taken : sum), 0);
    },

    bringForward(times) {
      for (const time of times) {
        const slot = slots.find(({ at }) => Math.abs(at - time) < 1_000);
        if (slot !== undefined) slot.taken = Math.max(0, slot.taken - 1);
      }
      insert({ at: now(), taken: times.length });
    },

    taken: () => slots.reduce((sum, { at, taken }) => (at > now() ? sum + taken : sum), 0),
  };
};
