import { type CostInput, estimateCost } from '../../lib/infra/monitoring/cost.ts';
import { PRICES } from '../../lib/infra/monitoring/prices.ts';

const MIB = 1024 ** 2;
const SIZES: readonly [string, number][] = [
  ['10 KiB', 10 * 1024],
  ['100 KiB', 100 * 1024],
  ['1 MiB', MIB],
  ['10 MiB', 10 * MIB],
  ['100 MiB', 100 * MIB],
];

/** Calls a minute that the chat server allows, and files that are uploaded at once. */
const BURSTS: readonly (readonly [number | undefined, number])[] = [
  [10, 1_000],
  [10, 20_000],
  [10, 100_000],
  [100, 20_000],
  [100, 1e6],
  [600, 1e6],
  [undefined, 1e6],
];

/** The tables of `docs/cost.md`, by the names of their markers. */
export const costTables = (): Record<string, string> => ({
  'by-size': table(
    ['Size', 'Function', 'Queue', 'Ledger', 'S3', 'Log', '**The relay**', 'Data to the Internet'],
    SIZES.map(([name, sizeBytes]) => [name, ...columns({ objects: 1e6, sizeBytes })]),
  ),
  'by-memory': table(
    ['Memory', ...SIZES.map(([name]) => name)],
    [256, 512, 1024, 1769].map((memorySizeMb) => [
      `${memorySizeMb} MB`,
      ...SIZES.map(([, sizeBytes]) => dollars(estimateCost({ objects: 1e6, sizeBytes, memorySizeMb }).function)),
    ]),
  ),
  'by-limit': table(
    ['Limit', 'Files in a burst', 'The burst takes', 'Function', 'Queue', '**The relay**'],
    BURSTS.map(([callsPerMinute, objects]) => {
      const cost = estimateCost({ objects, sizeBytes: MIB, callsPerMinute });
      const perMillion = (amount: number) => dollars((amount / objects) * 1e6);
      return [
        callsPerMinute === undefined ? 'none' : `${callsPerMinute} a minute`,
        callsPerMinute === undefined ? 'any' : objects.toLocaleString('en-US'),
        callsPerMinute === undefined ? '–' : `${cost.drainHours.toFixed(1)} h`,
        perMillion(cost.function),
        perMillion(cost.queue),
        `**${perMillion(cost.relay)}**`,
      ];
    }),
  ),
  prices: table(
    ['What', 'Price'],
    [
      ['Lambda, arm64, a GB-second', `${PRICES.lambdaGbSecond} $`],
      ['Lambda, a million requests', dollars(PRICES.lambdaRequest * 1e6)],
      ['SQS, a million requests', dollars(PRICES.sqsRequest * 1e6)],
      ['DynamoDB on demand, a million writes of up to 1 KB', `${PRICES.dynamoDbWrite * 1e6} $`],
      ['S3, a million GET', dollars(PRICES.s3Get * 1e6)],
      ['CloudWatch Logs, a GB', dollars(PRICES.logGb)],
      ['CloudWatch, an alarm on one metric, a month', dollars(PRICES.alarmMetricMonth)],
      ['CloudWatch, a custom metric, a month', dollars(PRICES.customMetricMonth)],
      ['Secrets Manager, a secret, a month', dollars(PRICES.secretMonth)],
      ['Data to the Internet, a GB', dollars(PRICES.internetGb)],
      ['Data through a NAT gateway, a GB', `${PRICES.natGb} $`],
    ],
  ),
});

const columns = (input: CostInput): string[] => {
  const cost = estimateCost(input);
  const { function: run, queue, ledger, bucket, log, relay, dataTransfer } = cost;
  return [...[run, queue, ledger, bucket, log].map(dollars), `**${dollars(relay)}**`, dollars(dataTransfer)];
};

const dollars = (amount: number): string =>
  `${amount >= 100 ? Math.round(amount).toLocaleString('en-US') : amount.toFixed(2)} $`;

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map((_, i) => (i === 0 ? '---' : '---:')), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
