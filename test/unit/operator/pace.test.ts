import { describe, expect, it } from 'vitest';
import { createPace } from '../../../lib/operator/pace.ts';

const start = (perSecond: number | undefined) => {
  let time = 0;
  const pace = createPace({
    perSecond,
    signal: new AbortController().signal,
    now: () => time,
    wait: async (delayMs) => {
      time += delayMs;
    },
  });
  return { pace, time: () => time, advance: (ms: number) => (time += ms) };
};

describe('a pace', () => {
  it('lets the first units start at once and then no more than its rate', async () => {
    const { pace, time } = start(50);
    for (let i = 0; i < 11; i += 1) await pace.take(10);
    expect(time()).toBe(2_000);
  });

  it('does not make up for time that was not used', async () => {
    const { pace, time, advance } = start(10);
    await pace.take(10);
    advance(60_000);
    await pace.take(10);
    await pace.take(10);
    expect(time()).toBe(61_000);
  });

  it('does not wait without a rate', async () => {
    const { pace, time } = start(undefined);
    for (let i = 0; i < 100; i += 1) await pace.take(1_000);
    expect(time()).toBe(0);
  });

  it('stops waiting when the signal aborts', async () => {
    const stopping = new AbortController();
    const pace = createPace({ perSecond: 0.001, signal: stopping.signal });
    await pace.take(1);
    const waiting = pace.take(1);
    stopping.abort();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  });
});
