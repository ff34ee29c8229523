import { type Counterparts, startCounterparts } from './harness/counterparts.ts';
import { type FunctionKind, startFunction } from './harness/functions.ts';
import type { Bench } from './harness/report.ts';
import type { ObjectSpec } from './harness/sqs-event.ts';
import { median, spread } from './harness/statistics.ts';

const MIB = 1024 ** 2;

/** Each delivery has a new process with the flags of a 256 MB function. The kernel records the peak. */
export const bench: Bench = {
  question: 'How much memory do objects of different sizes take?',
  async run({ quick }) {
    const rounds = quick ? 1 : 3;
    const counterparts = await startCounterparts();
    const gib = (quick ? 128 : 1024) * MIB;
    const fifth = (quick ? 20 : 200) * MIB;
    const cases: readonly (readonly [string, FunctionKind, readonly ObjectSpec[]])[] = [
      ['1 MiB', 'relay', [{ sizeBytes: MIB }]],
      ['100 MiB', 'relay', [{ sizeBytes: 100 * MIB }]],
      [`${gib / MIB} MiB`, 'relay', [{ sizeBytes: gib }]],
      [`${gib / MIB} MiB, CRC64NVME`, 'relay', [{ sizeBytes: gib, checksum: 'crc64nvme' }]],
      [`five of ${fifth / MIB} MiB at once`, 'relay', Array.from({ length: 5 }, () => ({ sizeBytes: fifth }))],
      ['usual way, 1 MiB', 'usual way', [{ sizeBytes: MIB }]],
      ['usual way, 100 MiB', 'usual way', [{ sizeBytes: 100 * MIB }]],
    ];
    try {
      const peaks: number[][] = cases.map(() => []);
      for (let round = 0; round < rounds; round += 1) {
        for (const [i, [, kind, objects]] of cases.entries()) {
          peaks[i]?.push(await peakOf(counterparts, kind, objects));
        }
      }
      const of = (i: number) => median(peaks[i] ?? []);
      return {
        columns: ['', 'peak MB resident'],
        rows: cases.map(([name], i) => [name, spread(peaks[i] ?? [], 0)]),
        repeats: `${rounds} fresh processes each, in turns`,
        gates: [
          { what: `MB, ${cases[2]?.[0]}`, reached: of(2), better: 'smaller', must: 200, digits: 0 },
          { what: `MB, ${cases[4]?.[0]}`, reached: of(4), better: 'smaller', must: 200, digits: 0 },
        ],
      };
    } finally {
      await counterparts.stop();
    }
  },
};

const peakOf = async (counterparts: Counterparts, kind: FunctionKind, objects: readonly ObjectSpec[]) => {
  // The usual way gets more memory, because it would fail with 256 MB.
  const memoryMb = kind === 'relay' ? 256 : 2048;
  const started = await startFunction({ kind, counterparts, memoryMb, filesAtOnce: 5 });
  try {
    for (const { sizeBytes, checksum } of objects) await counterparts.prepare(sizeBytes, checksum ?? 'crc32');
    await started.deliver(objects);
    return started.peakMemoryMb();
  } finally {
    await started.stop();
  }
};
