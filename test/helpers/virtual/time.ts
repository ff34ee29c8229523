import { setImmediate } from 'node:timers/promises';

/** A clock that advances only while all work waits for it. */
export interface VirtualTime {
  now(): number;
  sleep(ms: number): Promise<void>;
  /** Advances time until the work is done. @throws Error if the work is not done and nothing sleeps */
  run(work: Promise<void>): Promise<void>;
}

interface Sleep {
  readonly at: number;
  readonly order: number;
  readonly wake: () => void;
}

export const createVirtualTime = (startAt: number): VirtualTime => {
  let now = startAt;
  let order = 0;
  /** A binary heap, the earliest first. */
  const heap: Sleep[] = [];

  const isBefore = (a: Sleep | undefined, b: Sleep | undefined): boolean =>
    a !== undefined && b !== undefined && (a.at < b.at || (a.at === b.at && a.order < b.order));

  const swap = (i: number, j: number) => {
    const [a, b] = [heap[i], heap[j]];
    if (a !== undefined && b !== undefined) [heap[i], heap[j]] = [b, a];
  };

  const push = (sleep: Sleep) => {
    let index = heap.push(sleep) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(heap[index], heap[parent])) return;
      swap(index, parent);
      index = parent;
    }
  };

  const pop = (): Sleep | undefined => {
    swap(0, heap.length - 1);
    const first = heap.pop();
    for (let index = 0; ; ) {
      const [left, right] = [2 * index + 1, 2 * index + 2];
      const child = isBefore(heap[right], heap[left]) ? right : left;
      if (!isBefore(heap[child], heap[index])) return first;
      swap(index, child);
      index = child;
    }
  };

  return {
    now: () => now,
    sleep: (ms) =>
      new Promise((wake) => {
        order += 1;
        push({ at: now + Math.max(0, ms), order, wake });
      }),
    async run(work) {
      let isDone = false;
      const end = work.finally(() => {
        isDone = true;
      });
      // setImmediate resolves after all promises that can settle without time have settled.
      for (await setImmediate(); !isDone; await setImmediate()) {
        const next = pop();
        if (next === undefined) throw new Error('the work is not done, and nothing waits for virtual time');
        now = next.at;
        next.wake();
      }
      return end;
    },
  };
};
