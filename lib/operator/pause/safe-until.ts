/** How long the messages of a paused queue are safe. */
export interface Safety {
  /** When SQS deletes the oldest message, epoch milliseconds. */
  readonly until: number;
  readonly leftMs: number;
  /** Not much is left. */
  readonly isNear: boolean;
}

/** Two days, or for a short retention a quarter of it: time to notice and to drain the queue. */
const NEAR_MS = 2 * 86_400_000;
const NEAR_SHARE = 0.25;

/** SQS deletes a message when it is as old as the queue's retention, whether it was received or not. */
export const safetyOf = (retentionMs: number, oldestAgeMs: number, now: number): Safety => {
  const leftMs = Math.max(0, retentionMs - oldestAgeMs);
  return { until: now + leftMs, leftMs, isNear: leftMs < Math.min(NEAR_MS, retentionMs * NEAR_SHARE) };
};
