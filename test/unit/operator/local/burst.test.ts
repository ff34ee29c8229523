import { describe, expect, it } from 'vitest';
import { createBurstCollapse, type PostedEvent } from '../../../../lib/operator/local/burst.ts';

const TICK_MS = 125;
const posted = (key: string, durationMs = 100): PostedEvent => ({
  event: 'posted',
  bucket: 'uploads',
  key,
  room: '#general',
  roomId: 'R',
  messageId: 'M',
  sizeBytes: 9,
  durationMs,
});

const start = () => {
  let time = 1_000_000;
  const shown: string[] = [];
  const collapse = createBurstCollapse({
    now: () => time,
    onFile: ({ key }) => shown.push(key),
    onBurst: ({ count, sizeBytes, durationMs }) => shown.push(`${count} files, ${sizeBytes} B, ${durationMs} ms`),
  });
  const wait = (ms: number) => {
    for (const end = time + ms; time < end; ) {
      time += TICK_MS;
      collapse.tick();
    }
  };
  return { shown, collapse, wait };
};

describe('createBurstCollapse', () => {
  it('shows a single file within a quarter of a second', () => {
    const { shown, collapse, wait } = start();
    collapse.add(posted('a'));
    wait(2 * TICK_MS);
    expect(shown).toEqual(['a']);
  });

  it('shows 20 files in a second one by one', () => {
    const { shown, collapse, wait } = start();
    for (let i = 0; i < 60; i += 1) {
      if (i % 5 === 0) wait(2 * TICK_MS);
      collapse.add(posted(`${i}`));
    }
    wait(2_000);
    expect(shown).toEqual(Array.from({ length: 60 }, (_, i) => `${i}`));
  });

  it('shows a thousand files as one, with their size and the time from the first upload to the last message', () => {
    const { shown, collapse, wait } = start();
    for (let i = 0; i < 1_000; i += 1) {
      collapse.add(posted(`${i}`, 200));
      if (i % 50 === 49) wait(TICK_MS);
    }
    wait(1_500);
    expect(shown).toEqual([`1000 files, 9000 B, ${200 + 19 * TICK_MS} ms`]);
  });

  it('shows files one by one again after a burst, and what is held when it is flushed', () => {
    const { shown, collapse, wait } = start();
    for (let i = 0; i < 21; i += 1) collapse.add(posted(`${i}`, 100));
    collapse.flush();
    wait(1_500);
    collapse.add(posted('later'));
    collapse.flush();
    expect(shown).toEqual(['21 files, 189 B, 100 ms', 'later']);
  });
});
