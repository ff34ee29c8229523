import { describe, expect, it } from 'vitest';
import type { RelayEvent } from '../../../../lib/operator/local/events.ts';
import { createWaitingReasons } from '../../../../lib/operator/local/waiting-reasons.ts';

const common = { bucket: 'uploads', room: '#general', sizeBytes: 1 };
const retrying = (key: string, reason: string): RelayEvent => ({
  event: 'retrying',
  ...common,
  key,
  reason,
  detail: undefined,
  errorType: undefined,
  httpStatus: undefined,
  attempts: 1,
  delayMs: 1_000,
});
const ignored = (key: string): RelayEvent => ({ event: 'ignored', ...common, key, reason: 'GONE', detail: undefined });

describe('createWaitingReasons', () => {
  it('reports a reason once for all files and tries', () => {
    const isNew = createWaitingReasons();
    const events = [retrying('a', 'DOWN'), retrying('a', 'DOWN'), retrying('b', 'DOWN'), retrying('b', 'RATE_LIMITED')];
    expect(events.map(isNew)).toEqual([true, false, false, true]);
  });

  it('reports a reason again when no file waits for it any more', () => {
    const isNew = createWaitingReasons();
    const events = [retrying('a', 'DOWN'), retrying('b', 'DOWN'), ignored('a'), retrying('c', 'DOWN')];
    expect(events.map(isNew)).toEqual([true, false, false, false]);
    expect([ignored('b'), ignored('c'), retrying('d', 'DOWN')].map(isNew)).toEqual([false, false, true]);
  });
});
