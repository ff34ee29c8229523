import { startCounterparts } from './harness/counterparts.ts';
import { type FunctionKind, startFunction } from './harness/functions.ts';
import type { Bench } from './harness/report.ts';

const OBJECTS = 100;
const LEDGER_WRITE = /^DynamoDB (UpdateItem|PutItem)$/;

/**
 * Counted at the services. A first delivery is not counted, because it makes the calls that a process makes only once.
 */
export const bench: Bench = {
  question: 'How many network calls and ledger writes does an object take?',
  async run() {
    const counterparts = await startCounterparts();
    try {
      const countsOf = async (kind: FunctionKind): Promise<Record<string, number>> => {
        const started = await startFunction({ kind, counterparts });
        try {
          await started.deliver([{ sizeBytes: 1024 }]);
          await counterparts.reset();
          for (let sent = 0; sent < OBJECTS; sent += 10) {
            await started.deliver(Array.from({ length: 10 }, () => ({ sizeBytes: 1024 })));
          }
          return await counterparts.calls();
        } finally {
          await started.stop();
        }
      };
      const relay = await countsOf('relay');
      const usual = await countsOf('usual way');
      const each = (counts: Record<string, number>, name: string) => ((counts[name] ?? 0) / OBJECTS).toFixed(2);
      const names = [...new Set([...Object.keys(relay), ...Object.keys(usual)])].sort();
      const sum = (counts: Record<string, number>, isCounted: (name: string) => boolean) =>
        Object.entries(counts).reduce((total, [name, count]) => total + (isCounted(name) ? count : 0), 0) / OBJECTS;
      const all = () => true;
      return {
        columns: ['calls an object', 'relay', 'usual way'],
        rows: [
          ...names.map((name) => [name, each(relay, name), each(usual, name)]),
          ['all', sum(relay, all).toFixed(2), sum(usual, all).toFixed(2)],
        ],
        repeats: `${OBJECTS} objects in batches of 10`,
        gates: [
          {
            what: 'ledger writes an object',
            reached: sum(relay, (name) => LEDGER_WRITE.test(name)),
            better: 'smaller',
            must: 2,
          },
          { what: 'network calls an object', reached: sum(relay, all), better: 'smaller', must: 6 },
        ],
      };
    } finally {
      await counterparts.stop();
    }
  },
};
