const FIRST_MS = 1_000;
const LONGEST_MS = 15 * 60_000;

/**
 * Exponential backoff with full jitter, from 1 s to 15 min.
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 *
 * @param attempt 1 for the first failure.
 * @param random in [0, 1).
 * @returns milliseconds
 */
export const retryDelayMs = (attempt: number, random: number): number => {
  const ceilingMs = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 30));
  return Math.max(FIRST_MS, Math.round(random * ceilingMs));
};
