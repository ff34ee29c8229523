import type { RelayEvent } from './events.ts';

/**
 * Remembers why files wait, so that a reason is reported once and not for each file and each try.
 * @returns a function that says whether an event of a waiting file is the first with its reason. A reason is new again
 * when no file waits for it any more.
 */
export const createWaitingReasons = (): ((event: RelayEvent) => boolean) => {
  const keysByReason = new Map<string, Set<string>>();
  return (event) => {
    for (const [reason, keys] of keysByReason) {
      if (event.event === 'retrying' && event.reason === reason) continue;
      keys.delete(event.key);
      if (keys.size === 0) keysByReason.delete(reason);
    }
    if (event.event !== 'retrying') return false;
    const keys = keysByReason.get(event.reason);
    keysByReason.set(event.reason, (keys ?? new Set()).add(event.key));
    return keys === undefined;
  };
};
