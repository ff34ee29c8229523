/** Virtual time. Scheduled actions run in order; time advances when all promise callbacks of an action have run. */
export interface Simulation {
  readonly now: () => number;
  schedule(delayMs: number, act: () => void): void;
  /** Runs until nothing is scheduled, or until the given time. */
  run(untilMs: number): Promise<void>;
}

export const createSimulation = (startMs: number): Simulation => {
  let now = startMs;
  let order = 0;
  const due: { at: number; order: number; act: () => void }[] = [];

  const takeNext = () => {
    let next = 0;
    for (let index = 1; index < due.length; index += 1) {
      const [a, b] = [due[index], due[next]];
      if (a !== undefined && b !== undefined && (a.at < b.at || (a.at === b.at && a.order < b.order))) next = index;
    }
    return due.splice(next, 1)[0];
  };

  return {
    now: () => now,
    schedule(delayMs, act) {
      due.push({ at: now + Math.max(0, delayMs), order: order++, act });
    },
    async run(untilMs) {
      for (;;) {
        // A tick runs after all pending promise callbacks. It costs a tenth of a setImmediate, which ends a turn of the
        // event loop; nothing in the model waits for the event loop.
        await new Promise<void>((resolve) => process.nextTick(resolve));
        const next = takeNext();
        if (next === undefined || next.at > untilMs) return;
        now = next.at;
        next.act();
      }
    },
  };
};

/**
 * Decisions of a schedule, read from bytes so that a failing schedule can be shrunk. After the last byte, nothing
 * fails.
 */
export interface Choices {
  /** A number in [0, count). */
  next(count: number): number;
  readonly isUsedUp: boolean;
}

export const createChoices = (bytes: Uint8Array): Choices => {
  let at = 0;
  return {
    next(count) {
      const byte = bytes[at] ?? 0;
      at += 1;
      return byte % count;
    },
    get isUsedUp() {
      return at >= bytes.length;
    },
  };
};
