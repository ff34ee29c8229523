import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Counterparts, startCounterparts } from './harness/counterparts.ts';
import { type MeasuredFunction, startFunction } from './harness/functions.ts';
import type { Bench, Gate } from './harness/report.ts';
import { interleaved, pairedRatio, spread } from './harness/statistics.ts';

const SHELL = join(import.meta.dirname, 'shell-pair/relay.sh');

/** The limits are multiples of the usual way's rate. */
const SIZES = [
  { sizeBytes: 1024, must: 1.1, aim: 1.3 },
  { sizeBytes: 100 * 1024, must: 1.4, aim: 1.6 },
];

/** The calls to the ledger are included, except in the shell, which has no ledger. */
export const bench: Bench = {
  question: 'How many small objects are delivered in a second?',
  async run({ quick }) {
    const rounds = quick ? 2 : 7;
    const count = quick ? 100 : 300;
    const counterparts = await startCounterparts();
    const relay = await startFunction({ kind: 'relay', counterparts });
    const relayOneByOne = await startFunction({ kind: 'relay', counterparts, filesAtOnce: 1 });
    const usual = await startFunction({ kind: 'usual way', counterparts });
    try {
      const rows: string[][] = [];
      const gates: Gate[] = [];
      for (const { sizeBytes, must, aim } of SIZES) {
        await counterparts.prepare(sizeBytes, 'crc32');
        const sides = {
          relay: () => rate(relay, count, 10, sizeBytes),
          'relay, one at a time': () => rate(relayOneByOne, count, 10, sizeBytes),
          'usual way': () => rate(usual, count, 10, sizeBytes),
          'usual way, one at a time (n8n, Apprise)': () => rate(usual, count, 1, sizeBytes),
          'curl, then curl twice': () => shellRate(counterparts, quick ? 10 : 30, sizeBytes),
        };
        for (const warm of [relay, relayOneByOne, usual]) await rate(warm, 50, 10, sizeBytes);
        const samples = await interleaved(rounds, sides);
        const size = `${sizeBytes / 1024} KiB`;
        for (const name of Object.keys(sides) as (keyof typeof sides)[]) {
          rows.push([
            `${size}: ${name}`,
            spread(samples[name], 0),
            pairedRatio(samples.relay, samples[name]).toFixed(1),
          ]);
        }
        gates.push(
          {
            what: `${size}, × the shell`,
            reached: pairedRatio(samples.relay, samples['curl, then curl twice']),
            better: 'larger',
            must: 6,
            aim: 8,
          },
          {
            what: `${size}, × the usual way`,
            reached: pairedRatio(samples.relay, samples['usual way']),
            better: 'larger',
            must,
            aim,
          },
        );
      }
      return {
        columns: ['', 'objects/s', 'relay is × as fast'],
        rows,
        repeats: `${rounds} rounds of ${count} objects each (fewer for the shell), in turns`,
        gates,
      };
    } finally {
      await Promise.all([relay.stop(), relayOneByOne.stop(), usual.stop()]);
      await counterparts.stop();
    }
  },
};

const rate = async (side: MeasuredFunction, count: number, batch: number, sizeBytes: number): Promise<number> => {
  const startedAt = performance.now();
  for (let sent = 0; sent < count; sent += batch) {
    await side.deliver(Array.from({ length: batch }, () => ({ sizeBytes })));
  }
  return count / ((performance.now() - startedAt) / 1_000);
};

const shellRate = async ({ endpoints }: Counterparts, count: number, sizeBytes: number): Promise<number> => {
  const startedAt = performance.now();
  await promisify(execFile)('sh', [SHELL, `${endpoints.s3}/uploads/crc32/${sizeBytes}`, endpoints.chat, String(count)]);
  return count / ((performance.now() - startedAt) / 1_000);
};
