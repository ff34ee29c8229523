import { estimateCost } from '../lib/infra/monitoring/cost.ts';
import { createCertificate } from './harness/certificate.ts';
import { startCounterparts } from './harness/counterparts.ts';
import { type FunctionKind, type MeasuredFunction, startFunction } from './harness/functions.ts';
import type { Bench } from './harness/report.ts';
import { interleaved, median } from './harness/statistics.ts';

const MIB = 1024 ** 2;
const SMALL = 1024;
const LARGE = 8 * MIB;
const SIZES = [10 * 1024, MIB, 10 * MIB, 100 * MIB];
const MEMORIES = [256, 512, 1024, 1769];
/** The usual way holds about seven copies of an object in memory (npm run bench -- memory). */
const memoryOfUsualWay = (sizeBytes: number) => Math.max(256, Math.ceil(100 + (sizeBytes / MIB) * 7));

/**
 * CPU is measured here, over TLS, and split into the cost of an object and the cost of a MiB. Two things are assumed:
 * the network time (lib/infra/monitoring/cost.ts), and that a core of Lambda is as fast as a core of this machine.
 */
export const bench: Bench = {
  question: 'What do a million objects cost?',
  async run({ quick }) {
    const rounds = quick ? 1 : 5;
    const batches = quick ? 5 : 20;
    const tls = createCertificate();
    const counterparts = await startCounterparts({ tls });
    const relay = await startFunction({ kind: 'relay', counterparts });
    const usual = await startFunction({ kind: 'usual way', counterparts, memoryMb: 2048 });
    const spentMs = (side: MeasuredFunction, sizeBytes: number) => async () => {
      const before = side.cpuSeconds();
      const count = sizeBytes === SMALL ? batches * 10 : batches;
      for (let sent = 0; sent < count; sent += 5) {
        await side.deliver(Array.from({ length: 5 }, () => ({ sizeBytes })));
      }
      return ((side.cpuSeconds() - before) / count) * 1_000;
    };
    try {
      for (const side of [relay, usual]) for (const size of [SMALL, SMALL, SMALL, LARGE]) await spentMs(side, size)();
      const samples = await interleaved(rounds, {
        relaySmall: spentMs(relay, SMALL),
        usualSmall: spentMs(usual, SMALL),
        relayLarge: spentMs(relay, LARGE),
        usualLarge: spentMs(usual, LARGE),
      });
      const split = (small: readonly number[], large: readonly number[]) => ({
        cpuMsPerObject: median(small),
        cpuMsPerMiB: (median(large) - median(small)) / (LARGE / MIB),
      });
      const cpu: Record<FunctionKind, ReturnType<typeof split>> = {
        relay: split(samples.relaySmall, samples.relayLarge),
        'usual way': split(samples.usualSmall, samples.usualLarge),
      };
      const dollars = (kind: FunctionKind, sizeBytes: number, memorySizeMb: number) => {
        const estimate = estimateCost({ objects: 1e6, sizeBytes, memorySizeMb, assumptions: cpu[kind] });
        return `${estimate.relay.toFixed(2)} (${estimate.function.toFixed(2)})`;
      };
      const nameOf = (sizeBytes: number) => (sizeBytes < MIB ? `${sizeBytes / 1024} KiB` : `${sizeBytes / MIB} MiB`);
      const cpuNote = (kind: FunctionKind) =>
        `${kind}: ${cpu[kind].cpuMsPerObject.toFixed(1)} ms of CPU an object and ${cpu[kind].cpuMsPerMiB.toFixed(1)} a MiB`;
      return {
        columns: [
          '$ a million (the function alone)',
          ...MEMORIES.map((mb) => `${mb} MB`),
          'usual way, memory it needs',
        ],
        rows: SIZES.map((sizeBytes) => [
          nameOf(sizeBytes),
          ...MEMORIES.map((mb) => dollars('relay', sizeBytes, mb)),
          `${dollars('usual way', sizeBytes, memoryOfUsualWay(sizeBytes))} at ${memoryOfUsualWay(sizeBytes)} MB`,
        ]),
        repeats: `CPU: ${rounds} rounds, in turns`,
        notes: [
          cpuNote('relay'),
          cpuNote('usual way'),
          "the relay's costs include a strongly consistent read (0.13 $ a million) that the usual way does not make",
        ],
        gates: [],
      };
    } finally {
      await Promise.all([relay.stop(), usual.stop()]);
      await counterparts.stop();
      tls.remove();
    }
  },
};
