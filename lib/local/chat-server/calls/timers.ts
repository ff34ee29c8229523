/** Timers that can be cleared all at once, when the server closes. */
export interface Timers {
  after(delayMs: number, action: () => void): void;
  /** Does not resolve if the timers are cleared before. */
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
