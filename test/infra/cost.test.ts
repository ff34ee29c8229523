import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Metric } from '../../lambdas/relay/names.ts';
import { estimateCost, monthlyCost, sleepsPerObject } from '../../lib/infra/monitoring/cost.ts';
import { PRICES, PRICES_AS_OF } from '../../lib/infra/monitoring/prices.ts';
import { costTables } from './cost-tables.ts';
import { synthesise } from './synthesise.ts';

const MIB = 1024 ** 2;
const million = { objects: 1e6, sizeBytes: MIB };

describe('estimateCost', () => {
  it('adds up the charges of each service', () => {
    const cost = estimateCost(million);
    expect(cost.relay).toBeCloseTo(cost.function + cost.queue + cost.ledger + cost.bucket + cost.log, 10);
    expect(cost.total).toBe(cost.relay + cost.dataTransfer);
    expect(cost.ledger).toBeCloseTo(2 * 0.625, 10);
    expect(cost.bucket).toBeCloseTo(0.4, 10);
    // Each message is sent alone, and received and deleted in batches of ten.
    expect(cost.queue).toBeCloseTo(1.2 * 0.4, 10);
    expect(cost.dataTransfer).toBeCloseTo(((1e6 * MIB) / 1e9) * PRICES.internetGb, 6);
    expect(cost.drainHours).toBe(0);
  });

  it('is proportional to the number of objects without a rate limit', () => {
    const [one, ten] = [estimateCost(million), estimateCost({ ...million, objects: 1e7 })];
    expect(ten.total).toBeCloseTo(10 * one.total, 6);
    expect(estimateCost({ objects: 0, sizeBytes: MIB }).total).toBe(0);
  });

  it('adds time and calls for a rate limit, and nothing else', () => {
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

  // Measured by `npm run bench:rate-limit` and the same simulation with fewer files (`simulate()` of test/helpers/virtual,
  // seed 1, ten calls a minute, one process that is replaced every two hours): see docs/decisions/2026-11-23-pacing.md.
  it.each([
    { files: 1_000, measuredReceives: 1.99 },
    { files: 2_000, measuredReceives: 2.23 },
    { files: 3_000, measuredReceives: 2.56 },
    { files: 5_000, measuredReceives: 3.72 },
    { files: 10_000, measuredReceives: 5.16 },
    { files: 20_000, measuredReceives: 8.51 },
  ])('estimates the receives of $files files at ten a minute within 10 % of $measuredReceives', (measured) => {
    const { files, measuredReceives } = measured;
    const { drainHours, queue } = estimateCost({ objects: files, sizeBytes: MIB, callsPerMinute: 10 });
    const sleeps = sleepsPerObject(drainHours);
    expect(Math.abs((1 + sleeps) / measuredReceives - 1)).toBeLessThan(0.1);
    // One send, one delete, the receives, and one ChangeMessageVisibility for each sleep.
    expect(queue / files).toBeCloseTo((1 + 1 + (1 + sleeps) + sleeps) * PRICES.sqsRequest, 12);
  });

  it('charges more CPU for more bytes, and less time for the same CPU with more memory', () => {
    const of = (sizeBytes: number, memorySizeMb: number) => estimateCost({ objects: 1e6, sizeBytes, memorySizeMb });
    expect(of(10 * MIB, 256).function).toBeGreaterThan(of(MIB, 256).function);
    // Below a whole core, twice the memory does the same work in half the time, for the same price.
    const cpuBound = (memorySizeMb: number) =>
      estimateCost({ objects: 1e6, sizeBytes: 100 * MIB, memorySizeMb, assumptions: { networkMsPerMiB: 0 } }).function;
    expect(cpuBound(512)).toBeCloseTo(cpuBound(256), 6);
    // Above a whole core, or where the network is the bottleneck, more memory costs more.
    expect(of(100 * MIB, 3538).function).toBeGreaterThan(of(100 * MIB, 256).function);
  });

  it('uses given assumptions instead of its own', () => {
    const slow = estimateCost({ ...million, assumptions: { networkMsPerObject: 2_000, logBytesPerObject: 0 } });
    expect(slow.function).toBeGreaterThan(estimateCost(million).function);
    expect(slow.log).toBe(0);
  });

  it('charges no data transfer within the network, and more through a NAT gateway', () => {
    const of = (chatServer: 'internet' | 'nat' | 'same-network') =>
      estimateCost({ ...million, chatServer }).dataTransfer;
    expect(of('same-network')).toBe(0);
    expect(of('nat')).toBeCloseTo(of('internet') * 1.5, 6);
  });
});

it('monthlyCost adds up the secret, the alarms and the metrics', () => {
  expect(monthlyCost({ alarmMetrics: 10, customMetrics: 5 })).toBeCloseTo(0.4 + 1 + 1.5, 10);
});

describe('docs/cost.md', () => {
  const file = new URL('../../docs/cost.md', import.meta.url);

  it.each(Object.entries(costTables()))(
    'contains the table "%s" that estimateCost() gives (UPDATE_DOCS=1 writes it)',
    (name, table) => {
      const block = new RegExp(`(<!-- ${name} -->\\n)[^]*?(<!-- /${name} -->)`);
      const updated = readFileSync(file, 'utf8').replace(block, (_, start, end) => `${start}${table}\n${end}`);
      if (process.env['UPDATE_DOCS'] === '1') writeFileSync(file, updated);
      expect(readFileSync(file, 'utf8')).toContain(`<!-- ${name} -->\n${table}\n<!-- /${name} -->`);
    },
  );

  it('states the monthly cost of the alarms of a stack', () => {
    const alarms = Object.values(synthesise({}).template.findResources('AWS::CloudWatch::Alarm'));
    const metrics = alarms.flatMap(({ Properties }) =>
      (Properties.Metrics ?? [{ MetricStat: Properties }]).filter((metric: object) => 'MetricStat' in metric),
    );
    expect([alarms.length, metrics.length, Object.keys(Metric).length]).toEqual([9, 17, 14]);
    const page = readFileSync(file, 'utf8');
    expect(page).toContain(`nine alarms on seventeen metrics: ${(17 * PRICES.alarmMetricMonth).toFixed(2)} $`);
    expect(page).toContain('each metric of the relay (fourteen at most)');
  });

  it('states the cost of a cold start, from the CPU time that the bench measured', () => {
    const seconds = 0.36 / (256 / 1769);
    const dollars = seconds * (256 / 1024) * PRICES.lambdaGbSecond * 1e6;
    expect(readFileSync(file, 'utf8').replaceAll('\n', ' ')).toContain(
      `about ${seconds.toFixed(1)} s or ${(dollars / 1e6).toFixed(7)} $: for a million uploads that each start an instance, ${dollars.toFixed(2)} $ more`,
    );
    expect(readFileSync(new URL('../../docs/performance.md', import.meta.url), 'utf8')).toMatch(
      /^## Cold start[\s\S]*?\| relay +\| \S+ \([^)]*\) +\| 0\.36 /m,
    );
  });

  it('states the date and the source of the prices', () => {
    const page = readFileSync(file, 'utf8');
    expect(page).toContain(PRICES_AS_OF);
    expect(page).toContain('us-east-1');
    expect(page).toContain('https://aws.amazon.com/lambda/pricing/');
  });
});
