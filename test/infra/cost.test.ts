import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { estimateCost, monthlyCost } from '../../lib/infra/monitoring/cost.ts';
import { PRICES, PRICES_AS_OF } from '../../lib/infra/monitoring/prices.ts';
import { costTables } from './cost-tables.ts';

const MIB = 1024 ** 2;
const million = { objects: 1e6, sizeBytes: MIB };

describe('estimateCost', () => {
  it('adds up what AWS bills', () => {
    const cost = estimateCost(million);
    expect(cost.relay).toBeCloseTo(cost.function + cost.queue + cost.ledger + cost.bucket + cost.log, 10);
    expect(cost.total).toBe(cost.relay + cost.dataTransfer);
    expect(cost.ledger).toBeCloseTo(2 * 0.625, 10);
    expect(cost.bucket).toBeCloseTo(0.4, 10);
    // Sent one by one, received and deleted by tens.
    expect(cost.queue).toBeCloseTo(1.2 * 0.4, 10);
    expect(cost.dataTransfer).toBeCloseTo(((1e6 * MIB) / 1e9) * PRICES.internetGb, 6);
    expect(cost.drainHours).toBe(0);
  });

  it('is proportional to the objects', () => {
    const [one, ten] = [estimateCost(million), estimateCost({ ...million, objects: 1e7 })];
    expect(ten.total).toBeCloseTo(10 * one.total, 6);
    expect(estimateCost({ objects: 0, sizeBytes: MIB }).total).toBe(0);
  });

  it('knows what a rate limit costs: time, and calls to sleep and wake', () => {
    const limited = estimateCost({ objects: 1_000, sizeBytes: MIB, callsPerMinute: 10 });
    const free = estimateCost({ objects: 1_000, sizeBytes: MIB });
    expect(limited.drainHours).toBeCloseTo(1000 / 10 / 60, 10);
    expect(limited.queue).toBeGreaterThan(free.queue);
    expect(limited.function).toBeGreaterThan(free.function);
    expect([limited.ledger, limited.bucket, limited.dataTransfer]).toEqual([
      free.ledger,
      free.bucket,
      free.dataTransfer,
    ]);
  });

  it('takes more CPU for more bytes, and less time for it with more memory', () => {
    const of = (sizeBytes: number, memorySizeMb: number) => estimateCost({ objects: 1e6, sizeBytes, memorySizeMb });
    expect(of(10 * MIB, 256).function).toBeGreaterThan(of(MIB, 256).function);
    // Below a whole core, twice the memory does the same CPU in half of the time, for the same price.
    const cpuBound = (memorySizeMb: number) =>
      estimateCost({ objects: 1e6, sizeBytes: 100 * MIB, memorySizeMb, assumptions: { networkMsPerMiB: 0 } }).function;
    expect(cpuBound(512)).toBeCloseTo(cpuBound(256), 6);
    // Beyond, or where the network sets the pace, it costs more.
    expect(of(100 * MIB, 3538).function).toBeGreaterThan(of(100 * MIB, 256).function);
  });

  it('takes measurements in place of its assumptions', () => {
    const slow = estimateCost({ ...million, assumptions: { networkMsPerObject: 2_000, logBytesPerObject: 0 } });
    expect(slow.function).toBeGreaterThan(estimateCost(million).function);
    expect(slow.log).toBe(0);
  });

  it('takes no toll where the files stay in the network, and more through a NAT gateway', () => {
    const of = (chatServer: 'internet' | 'nat' | 'same-network') =>
      estimateCost({ ...million, chatServer }).dataTransfer;
    expect(of('same-network')).toBe(0);
    expect(of('nat')).toBeCloseTo(of('internet') * 1.5, 6);
  });
});

it('tells what stands costs by the month', () => {
  expect(monthlyCost({ alarmMetrics: 10, customMetrics: 5 })).toBeCloseTo(0.4 + 1 + 1.5, 10);
});

describe('docs/cost.md', () => {
  const file = new URL('../../docs/cost.md', import.meta.url);

  it.each(Object.entries(costTables()))(
    'has the table "%s" as estimateCost() gives it: UPDATE_DOCS=1 writes it',
    (name, table) => {
      const block = new RegExp(`(<!-- ${name} -->\\n)[^]*?(<!-- /${name} -->)`);
      const updated = readFileSync(file, 'utf8').replace(block, (_, start, end) => `${start}${table}\n${end}`);
      if (process.env['UPDATE_DOCS'] === '1') writeFileSync(file, updated);
      expect(readFileSync(file, 'utf8')).toContain(`<!-- ${name} -->\n${table}\n<!-- /${name} -->`);
    },
  );

  it('dates the prices and names where they are from', () => {
    const page = readFileSync(file, 'utf8');
    expect(page).toContain(PRICES_AS_OF);
    expect(page).toContain('us-east-1');
    expect(page).toContain('https://aws.amazon.com/lambda/pricing/');
  });
});
