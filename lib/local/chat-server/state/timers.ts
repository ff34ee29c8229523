/** Timers with an owner: none outlives it. */
export interface Timers {
  after(delayMs: number, action: () => void): void;
  sleep(delayMs: number): Promise<void>;
  clear(): void;
}

export const createTimers = (): Timers => {
  const running = new Set<NodeJS.Timeout>();
  const after = (delayMs: number, action: () => void) => {
    const timer = setTimeout(() => {
      running.delete(timer);
      action();
    }, delayMs);
    running.add(timer);
  };
  return {
    after,
    sleep: (delayMs) => new Promise((resolve) => after(delayMs, resolve)),
    clear: () => {
      for (const timer of running) clearTimeout(timer);
      running.clear();
    },
  };
};
