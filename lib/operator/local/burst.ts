import type { RelayEvent } from './events.ts';

export type PostedEvent = RelayEvent & { readonly event: 'posted' };

export interface Burst {
  readonly count: number;
  readonly sizeBytes: number;
  readonly durationMs: number;
}

/** More posted files in a second than this are shown as one line. */
const MAX_LINES_PER_SECOND = 20;

const WINDOW_MS = 1_000;

/** Shows posted files one by one, and many in a short time together. */
export interface BurstCollapse {
  add(event: PostedEvent): void;
  /** Must be called several times a second. */
  tick(): void;
  /** Shows everything that is held back. */
  flush(): void;
}

/**
 * Holds each file back until it is clear whether others follow: at most until the second tick after it.
 * @param options.now epoch milliseconds
 */
export const createBurstCollapse = (options: {
  now: () => number;
  onFile: (event: PostedEvent) => void;
  onBurst: (burst: Burst) => void;
}): BurstCollapse => {
  const { now, onFile, onBurst } = options;
  /** The times of the files of the last second. */
  let recent: number[] = [];
  let held: { readonly event: PostedEvent; readonly at: number; ticks: number }[] = [];
  let burst: { count: number; sizeBytes: number; beganAt: number; lastAt: number } | undefined;

  const join = (event: PostedEvent, at: number): void => {
    burst ??= { count: 0, sizeBytes: 0, beganAt: at - (event.durationMs ?? 0), lastAt: at };
    burst.count += 1;
    burst.sizeBytes += event.sizeBytes ?? 0;
    burst.lastAt = at;
  };
  const end = (): void => {
    if (burst === undefined) return;
    const { count, sizeBytes, beganAt, lastAt } = burst;
    burst = undefined;
    onBurst({ count, sizeBytes, durationMs: lastAt - beganAt });
  };
  const forgetOld = (): void => {
    const since = now() - WINDOW_MS;
    recent = recent.filter((at) => at > since);
  };

  return {
    add(event) {
      const at = now();
      recent.push(at);
      if (burst !== undefined) return join(event, at);
      held.push({ event, at, ticks: 0 });
      forgetOld();
      if (recent.length <= MAX_LINES_PER_SECOND) return;
      for (const one of held.splice(0)) join(one.event, one.at);
    },
    tick() {
      forgetOld();
      if (recent.length === 0) end();
      for (const one of held) one.ticks += 1;
      const ready = held.filter(({ ticks }) => ticks >= 2);
      held = held.filter(({ ticks }) => ticks < 2);
      for (const { event } of ready) onFile(event);
    },
    flush() {
      end();
      for (const { event } of held.splice(0)) onFile(event);
    },
  };
};
