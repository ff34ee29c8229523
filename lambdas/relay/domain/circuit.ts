import type { Failure } from './failure.ts';

/**
 * Stops a process from asking again what an operator has to mend first. One misconfigured object opens it for all that
 * would fail the same way; after a while a single one is let through to see whether it is mended.
 */
export interface Circuit {
  /** The failure that keeps deliveries to this room waiting, if any. */
  admit(room: string): Failure | undefined;
  /** Whether calls about this room had better not be made; unlike `admit`, lets nobody through to see. */
  isOpen(room: string): boolean;
  open(room: string, failure: Failure): void;
  /** A call got through: whatever was wrong is mended. */
  close(room: string): void;
}

const STAYS_OPEN_MS = 30_000;
const WHOLE_SERVER = Symbol('server');

export const createCircuit = ({ now }: { now: () => number }): Circuit => {
  const open = new Map<string | symbol, { failure: Failure; until: number }>();

  const check = (scope: string | symbol): Failure | undefined => {
    const entry = open.get(scope);
    if (entry === undefined) return undefined;
    if (now() < entry.until) return entry.failure;
    // This one may try; the others wait until it has told.
    entry.until = now() + STAYS_OPEN_MS;
    return undefined;
  };

  return {
    admit: (room) => check(WHOLE_SERVER) ?? check(room),
    isOpen: (room) => open.has(WHOLE_SERVER) || open.has(room),
    open(room, failure) {
      if (failure.kind !== 'misconfigured' || failure.scope === 'object') return;
      open.set(failure.scope === 'server' ? WHOLE_SERVER : room, { failure, until: now() + STAYS_OPEN_MS });
    },
    close(room) {
      open.delete(WHOLE_SERVER);
      open.delete(room);
    },
  };
};
