import { startContestant } from './harness/contestants.ts';
import { startCounterparts } from './harness/counterparts.ts';
import { startFunction } from './harness/functions.ts';
import type { Bench } from './harness/report.ts';
import { interleaved, median, pairedRatio, spread } from './harness/statistics.ts';
import type { ChecksumKind } from './harness/synthetic-object.ts';

const MIB = 1024 ** 2;

interface Sample {
  readonly mibPerSecond: number;
  readonly cpuSecondsPerGib: number;
}

/** Each contestant runs in its own process; the source and the destination share another one. */
export const bench: Bench = {
  question: 'How fast is one big object delivered?',
  async run({ quick }) {
    const rounds = quick ? 2 : 5;
    const sizeBytes = (quick ? 128 : 1024) * MIB;
    const counterparts = await startCounterparts();
    const pipe = await startContestant('raw-pipe');
    const sender = await startContestant('sender');
    const blob = await startContestant('fetch-blob', 2048);
    const relay = await startFunction({ kind: 'relay', counterparts });
    const { s3, chat } = counterparts.endpoints;
    const to = `${chat}/api/v1/rooms.media/GENERAL`;
    const from = (bytes: number) => `${s3}/uploads/crc32/${bytes}/a.bin`;
    const measured = async (bytes: number, side: { cpuSeconds(): number }, send: () => Promise<void>) => {
      const cpuBefore = side.cpuSeconds();
      const startedAt = performance.now();
      await send();
      const seconds = (performance.now() - startedAt) / 1_000;
      const cpu = side.cpuSeconds() - cpuBefore;
      return { mibPerSecond: bytes / MIB / seconds, cpuSecondsPerGib: cpu * (1024 / (bytes / MIB)) };
    };
    const delivered = (checksum: ChecksumKind) => () =>
      measured(sizeBytes, relay, () => relay.deliver([{ sizeBytes, checksum }]));
    // For objects of about 300 MiB and more, it would need more memory than the function has.
    const blobBytes = Math.min(sizeBytes, 128 * MIB);
    const sides = {
      'raw node:http pipe': () => measured(sizeBytes, pipe, () => pipe.send(from(sizeBytes), to)),
      'sender alone': () => measured(sizeBytes, sender, () => sender.send(from(sizeBytes), to)),
      'delivery, CRC32': delivered('crc32'),
      'delivery, SHA-256': delivered('sha256'),
      'delivery, MD5 as ETag': delivered('md5'),
      'delivery, CRC64NVME': delivered('crc64nvme'),
      'delivery, no checksum stored': delivered('none'),
      'fetch, FormData, Blob (128 MiB)': () => measured(blobBytes, blob, () => blob.send(from(blobBytes), to)),
    };
    try {
      for (const kind of ['crc32', 'sha256', 'md5', 'crc64nvme'] as const) await counterparts.prepare(sizeBytes, kind);
      await counterparts.prepare(blobBytes, 'crc32');
      await relay.deliver([{ sizeBytes: 8 * MIB }]);
      await pipe.send(from(8 * MIB), to);
      await sender.send(from(8 * MIB), to);
      const samples = await interleaved<keyof typeof sides, Sample>(rounds, sides);
      const rates = (name: keyof typeof sides) => samples[name].map(({ mibPerSecond }) => mibPerSecond);
      const ratio = (name: keyof typeof sides) => pairedRatio(rates(name), rates('raw node:http pipe'));
      return {
        columns: ['', 'MiB/s', 'ratio', 'CPU s a GiB'],
        rows: (Object.keys(sides) as (keyof typeof sides)[]).map((name) => [
          name,
          spread(rates(name), 0),
          ratio(name).toFixed(2),
          median(samples[name].map(({ cpuSecondsPerGib }) => cpuSecondsPerGib)).toFixed(2),
        ]),
        repeats: `${rounds} rounds of ${sizeBytes / MIB} MiB each, in turns; the ratio is the median of each round's`,
        gates: [
          {
            what: 'delivery with CRC32, × a raw pipe',
            reached: ratio('delivery, CRC32'),
            better: 'larger',
            must: 0.85,
          },
          {
            what: 'delivery with CRC64NVME, × a raw pipe',
            reached: ratio('delivery, CRC64NVME'),
            better: 'larger',
            must: 0.5,
          },
        ],
      };
    } finally {
      await Promise.all([pipe.stop(), sender.stop(), blob.stop(), relay.stop()]);
      await counterparts.stop();
    }
  },
};
