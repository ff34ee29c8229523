import { createCertificate } from './harness/certificate.ts';
import { startCounterparts } from './harness/counterparts.ts';
import { type MeasuredFunction, startFunction } from './harness/functions.ts';
import type { Bench } from './harness/report.ts';
import { interleaved, pairedRatio, spread } from './harness/statistics.ts';
import type { ChecksumKind } from './harness/synthetic-object.ts';

/** CPU time of a warm process that handles batches of ten, as the kernel counts it. */
export const bench: Bench = {
  question: 'How much CPU does a 1 MiB object take, over TLS?',
  async run({ quick }) {
    const rounds = quick ? 2 : 7;
    const batches = quick ? 10 : 20;
    const sizeBytes = 1024 ** 2;
    const tls = createCertificate();
    const counterparts = await startCounterparts({ tls });
    const relay = await startFunction({ kind: 'relay', counterparts });
    const usual = await startFunction({ kind: 'usual way', counterparts });
    const spent =
      (side: MeasuredFunction, checksum: ChecksumKind, count = batches) =>
      async () => {
        const before = side.cpuSeconds();
        for (let batch = 0; batch < count; batch += 1) {
          await side.deliver(Array.from({ length: 10 }, () => ({ sizeBytes, checksum })));
        }
        return ((side.cpuSeconds() - before) / (count * 10)) * 1_000;
      };
    const sides = {
      'relay, CRC32': spent(relay, 'crc32'),
      'usual way, CRC32': spent(usual, 'crc32'),
      'relay, CRC64NVME': spent(relay, 'crc64nvme'),
      'usual way, CRC64NVME': spent(usual, 'crc64nvme'),
    };
    try {
      await spent(relay, 'crc64nvme', 10)();
      await spent(usual, 'crc64nvme', 10)();
      const samples = await interleaved(rounds, sides);
      const ratio = (kind: 'CRC32' | 'CRC64NVME') =>
        pairedRatio(samples[`relay, ${kind}`], samples[`usual way, ${kind}`]);
      return {
        columns: ['', 'CPU ms an object'],
        rows: (Object.keys(sides) as (keyof typeof sides)[]).map((name) => [name, spread(samples[name], 1)]),
        repeats: `${rounds} rounds of ${batches * 10} objects each, in turns`,
        gates: [
          { what: 'ratio to the usual way, CRC32', reached: ratio('CRC32'), better: 'smaller', aim: 0.5 },
          { what: 'ratio to the usual way, CRC64NVME', reached: ratio('CRC64NVME'), better: 'smaller', aim: 0.5 },
        ],
      };
    } finally {
      await Promise.all([relay.stop(), usual.stop()]);
      await counterparts.stop();
      tls.remove();
    }
  },
};
