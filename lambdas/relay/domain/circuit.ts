import type { Failure } from './failure.ts';

/**
 * Stops a process from repeating calls that fail until an operator corrects the configuration. One such failure opens
 * the circuit for every delivery that would fail the same way; every 30 seconds one delivery is admitted to try again.
 */
export interface Circuit {
  /** Admits a delivery to this room, or returns the failure it must wait for. After an open circuit's time, admits one. */
  admit(room: string): Failure | undefined;
  /** Whether the circuit is open for this room. Admits nothing. */
  isOpen(room: string): boolean;
  /** Opens the circuit if the failure is a misconfiguration of the room or of the server. */
  open(room: string, failure: Failure): void;
  /** A delivery to this room succeeded. */
  close(room: string): void;
  /**
   * An admitted delivery has ended. If it neither opened nor closed the circuit, for example because the ledger showed
   * that the object was posted before, it tried nothing, so the next delivery is admitted in its place.
   */
  release(room: string): void;
}

const STAYS_OPEN_MS = 30_000;
const WHOLE_SERVER = Symbol('server');

export const createCircuit = ({ now }: { now: () => number }): Circuit => {
  const open = new Map<string | symbol, { failure: Failure; until: number; isTried: boolean }>();

  const admitTo = (scope: string | symbol): Failure | undefined => {
    const entry = open.get(scope);
    if (entry === undefined) return undefined;
    if (now() < entry.until) return entry.failure;
    // This delivery tries; the others wait for another period.
    entry.until = now() + STAYS_OPEN_MS;
    entry.isTried = true;
    return undefined;
  };

  const releaseFrom = (scope: string | symbol): void => {
    const entry = open.get(scope);
    if (!entry?.isTried) return;
    entry.until = now();
    entry.isTried = false;
  };

  return {
    admit: (room) => admitTo(WHOLE_SERVER) ?? admitTo(room),
    isOpen: (room) => open.has(WHOLE_SERVER) || open.has(room),
    open(room, failure) {
      if (failure.kind !== 'misconfigured' || failure.scope === 'object') return;
      const scope = failure.scope === 'server' ? WHOLE_SERVER : room;
      open.set(scope, { failure, until: now() + STAYS_OPEN_MS, isTried: false });
    },
    close(room) {
      open.delete(WHOLE_SERVER);
      open.delete(room);
    },
    release(room) {
      releaseFrom(WHOLE_SERVER);
      releaseFrom(room);
    },
  };
};
