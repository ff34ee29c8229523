const FIRST_MS = 1_000;

/**
 * The longest time between two tries, in milliseconds. The receives of the uploads queue last until the retries end:
 * `longestRetryHours` in `lib/infra/storage/uploads-queues.ts` assumes this number.
 */
export const LONGEST_RETRY_DELAY_MS = 3_600_000;

/**
 * Exponential backoff with full jitter, from 1 s to 1 h.
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 *
 * @param attempt 1 for the first failure.
 * @param random in [0, 1).
 * @returns milliseconds
 */
export const retryDelayMs = (attempt: number, random: number): number => {
  const ceilingMs = Math.min(LONGEST_RETRY_DELAY_MS, FIRST_MS * 2 ** Math.min(attempt, 30));
  return Math.max(FIRST_MS, Math.round(random * ceilingMs));
};
