import { createCertificate } from './harness/certificate.ts';
import { startCounterparts } from './harness/counterparts.ts';
import { type FunctionKind, startFunction } from './harness/functions.ts';
import type { Bench } from './harness/report.ts';
import { interleaved, median, pairedRatio, spread } from './harness/statistics.ts';

/**
 * Measures from the start of the process until the chat server has the first object's message: Node's own start,
 * loading the bundle, reading the secret, the ledger, the object, and a TLS handshake with each of the four services.
 */
export const bench: Bench = {
  question: 'How long does a new process take to post its first object, over TLS?',
  async run({ quick }) {
    const rounds = quick ? 5 : 15;
    const tls = createCertificate();
    const counterparts = await startCounterparts({ tls });
    const start = (kind: FunctionKind) => async () => {
      await counterparts.reset();
      const startedAt = process.hrtime.bigint();
      const started = await startFunction({ kind, counterparts });
      try {
        await started.deliver([{ sizeBytes: 1024 }]);
        const cpu = started.cpuSeconds();
        const postedAt = await counterparts.firstConfirmAt();
        if (postedAt === undefined) throw new Error('nothing was posted');
        return { ms: Number(postedAt - startedAt) / 1e6, cpu };
      } finally {
        await started.stop();
      }
    };
    try {
      await start('relay')();
      await start('usual way')();
      const samples = await interleaved(rounds, { relay: start('relay'), 'usual way': start('usual way') });
      const ms = (kind: FunctionKind) => samples[kind].map((sample) => sample.ms);
      const ratio = pairedRatio(ms('relay'), ms('usual way'));
      return {
        columns: ['', 'ms', 'CPU s', 'ratio'],
        rows: (['relay', 'usual way'] as const).map((kind) => [
          kind,
          spread(ms(kind), 0),
          median(samples[kind].map((sample) => sample.cpu)).toFixed(2),
          pairedRatio(ms(kind), ms('usual way')).toFixed(2),
        ]),
        repeats: `${rounds} cold processes each, in turns`,
        gates: [{ what: '× the usual way', reached: ratio, better: 'smaller', must: 0.65, aim: 0.55 }],
      };
    } finally {
      await counterparts.stop();
      tls.remove();
    }
  },
};
