import { startCounterparts } from './harness/counterparts.ts';
import { startFunction } from './harness/functions.ts';
import type { Bench } from './harness/report.ts';
import { interleaved, median, spread } from './harness/statistics.ts';

const OBJECTS = 10;
const CALL_MS = 20;
/** Sequential calls for each object: GET, rooms.media, the claim, the query for newer versions, the confirm, posted. */
const CALLS = 6;

/** The ideal time is the number of rounds (objects ÷ objects in flight) times the duration of one object's calls. */
export const bench: Bench = {
  question: 'How close is a batch of 10 to its ideal time, at 20 ms a call?',
  async run({ quick }) {
    const rounds = quick ? 3 : 15;
    const counterparts = await startCounterparts({ delayMs: CALL_MS });
    const widths = [1, 5, 10] as const;
    const started = await Promise.all(
      widths.map(async (filesAtOnce) => startFunction({ kind: 'relay', counterparts, filesAtOnce })),
    );
    try {
      const sides = Object.fromEntries(
        started.map((side, i) => [
          String(widths[i]),
          async () => {
            const startedAt = performance.now();
            await side.deliver(Array.from({ length: OBJECTS }, () => ({ sizeBytes: 1024 })));
            return performance.now() - startedAt;
          },
        ]),
      );
      for (let warming = 0; warming < 3; warming += 1) for (const side of Object.values(sides)) await side();
      const samples = await interleaved(rounds, sides);
      const idealMs = (width: number) => Math.ceil(OBJECTS / width) * CALLS * CALL_MS;
      const nearness = (width: number) => idealMs(width) / median(samples[String(width)] ?? []);
      return {
        columns: ['in flight', 'ms', 'ideal ms', 'ideal ÷ real'],
        rows: widths.map((width) => [
          String(width),
          spread(samples[String(width)] ?? [], 0),
          String(idealMs(width)),
          nearness(width).toFixed(2),
        ]),
        repeats: `${rounds} batches each, in turns`,
        gates: [{ what: 'ideal ÷ real at 5 in flight', reached: nearness(5), better: 'larger', must: 0.85, aim: 0.88 }],
      };
    } finally {
      await Promise.all(started.map((side) => side.stop()));
      await counterparts.stop();
    }
  },
};
