import { LONGEST_SLEEP_MS } from '../../../lambdas/relay/names.ts';
import { PRICES } from './prices.ts';

/** What the estimate takes for granted. Give others that you have measured. */
export interface CostAssumptions {
  /** CPU of one object whatever its size, in milliseconds of a whole core. @default 1.9 */
  readonly cpuMsPerObject: number;
  /** CPU of each MiB that passes, over TLS on both sides. @default 1.8 */
  readonly cpuMsPerMiB: number;
  /** What an object waits for S3, DynamoDB and the chat server. @default 135 */
  readonly networkMsPerObject: number;
  /** What a MiB takes on the way where the network, not the CPU, sets the pace. @default 10 (100 MiB/s) */
  readonly networkMsPerMiB: number;
  /** Messages that one invocation gets. @default 10 without a rate limit, 1 with one */
  readonly batchSize?: number | undefined;
  /** Log lines and metrics of one object, in bytes. @default 800 */
  readonly logBytesPerObject: number;
}

export interface CostInput {
  readonly objects: number;
  readonly sizeBytes: number;
  /** @default 256 */
  readonly memorySizeMb?: number | undefined;
  /** @default 5 */
  readonly filesAtOnce?: number | undefined;
  /** The chat server's limit, where it holds. @default none */
  readonly callsPerMinute?: number | undefined;
  /** How the files leave: to the Internet, there through a NAT gateway, or to a server in the same network. @default 'internet' */
  readonly chatServer?: 'internet' | 'nat' | 'same-network' | undefined;
  readonly assumptions?: Partial<CostAssumptions> | undefined;
}

/** In dollars. */
export interface CostEstimate {
  readonly function: number;
  readonly queue: number;
  readonly ledger: number;
  readonly bucket: number;
  readonly log: number;
  /** All of the above: what the relay costs. */
  readonly relay: number;
  /** What the bytes cost that leave AWS, whoever sends them. */
  readonly dataTransfer: number;
  readonly total: number;
  /** How long it takes at the least while a rate limit holds; 0 without one. */
  readonly drainHours: number;
}

/** Smooth deliveries write twice: the upload with its claim, and the message. */
const LEDGER_WRITES = 2;
/** Lambda gives a whole core to 1,769 MB and the same share of it to less (Lambda Developer Guide, "Configure memory"). */
const MB_PER_CORE = 1769;
const MIB = 1024 ** 2;

/**
 * What it costs to post so many objects of one size, at list price. An estimate: batches are full, nothing fails.
 *
 * @example
 * estimateCost({ objects: 1e6, sizeBytes: 1024 ** 2 }).relay; // dollars
 */
export const estimateCost = (input: CostInput): CostEstimate => {
  const { objects, sizeBytes, callsPerMinute, chatServer = 'internet' } = input;
  const drainHours = callsPerMinute === undefined ? 0 : objects / callsPerMinute / 60;
  // With a limit, an object is received, sent to sleep, and received again when it is its turn.
  const sleeps = callsPerMinute === undefined ? 0 : 1 + Math.floor((drainHours / 2) * (3_600_000 / LONGEST_SLEEP_MS));
  const batchSize = input.assumptions?.batchSize ?? (callsPerMinute === undefined ? 10 : 1);
  const receives = (1 + sleeps) / batchSize;

  const cost = {
    function: functionCost(input, { batchSize, invocationsPerObject: receives }) * objects,
    // Sent by S3; received and deleted by batches; each sleep is a call of its own.
    queue: (1 + receives + 1 / batchSize + sleeps) * PRICES.sqsRequest * objects,
    ledger: LEDGER_WRITES * PRICES.dynamoDbWrite * objects,
    bucket: PRICES.s3Get * objects,
    log: (assumed(input).logBytesPerObject / 1e9) * PRICES.logGb * objects,
  };
  const relay = Object.values(cost).reduce((sum, part) => sum + part, 0);
  const dataTransfer = ((objects * sizeBytes) / 1e9) * TRANSFER[chatServer];
  return { ...cost, relay, dataTransfer, total: relay + dataTransfer, drainHours };
};

/** What stands costs by the month, without any upload: the secret, alarms and metrics. Dashboards: three are free. */
export const monthlyCost = ({ alarmMetrics, customMetrics }: { alarmMetrics: number; customMetrics: number }): number =>
  PRICES.secretMonth + alarmMetrics * PRICES.alarmMetricMonth + customMetrics * PRICES.customMetricMonth;

const TRANSFER = { internet: PRICES.internetGb, nat: PRICES.internetGb + PRICES.natGb, 'same-network': 0 } as const;

const assumed = ({ assumptions }: CostInput): CostAssumptions => ({
  cpuMsPerObject: 1.9,
  cpuMsPerMiB: 1.8,
  networkMsPerObject: 135,
  networkMsPerMiB: 10,
  logBytesPerObject: 800,
  ...assumptions,
});

/** Of one object: its share of an invocation, which lasts as long as its waits in turn or its CPU, whichever is more. */
const functionCost = (
  input: CostInput,
  { batchSize, invocationsPerObject }: { batchSize: number; invocationsPerObject: number },
): number => {
  const { sizeBytes, memorySizeMb = 256, filesAtOnce = 5 } = input;
  const { cpuMsPerObject, cpuMsPerMiB, networkMsPerObject, networkMsPerMiB } = assumed(input);
  const sizeMiB = sizeBytes / MIB;
  const cpuMs = (cpuMsPerObject + cpuMsPerMiB * sizeMiB) / Math.min(1, memorySizeMb / MB_PER_CORE);
  const waitsInTurn = Math.ceil(batchSize / filesAtOnce);
  const networkMs = (waitsInTurn * networkMsPerObject) / batchSize + networkMsPerMiB * sizeMiB;
  const gbSeconds = (Math.max(cpuMs, networkMs) / 1000) * (memorySizeMb / 1024);
  return gbSeconds * PRICES.lambdaGbSecond + invocationsPerObject * PRICES.lambdaRequest;
};
