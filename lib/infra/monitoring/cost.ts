import { LONGEST_SLEEP_MS } from '../../../lambdas/relay/names.ts';
import { PRICES } from './prices.ts';

/** Assumptions of the estimate; replace them by your own measurements. */
export interface CostAssumptions {
  /** CPU time per object, independent of its size, in milliseconds of a whole core. @default 4.1 */
  readonly cpuMsPerObject: number;
  /** CPU time per MiB, with TLS on both sides, in milliseconds of a whole core. @default 4 */
  readonly cpuMsPerMiB: number;
  /** Time per object spent waiting for S3, DynamoDB and the chat server. @default 135 */
  readonly networkMsPerObject: number;
  /** Transfer time per MiB where the network, not the CPU, is the bottleneck. @default 10 (100 MiB/s) */
  readonly networkMsPerMiB: number;
  /** Messages per invocation. @default 10 without a rate limit, 1 with one */
  readonly batchSize?: number | undefined;
  /** Log lines and metrics per object, in bytes. @default 800 */
  readonly logBytesPerObject: number;
}

export interface CostInput {
  /** Number of objects. Under a rate limit, they are uploaded at once and wait together. */
  readonly objects: number;
  readonly sizeBytes: number;
  /** @default 256 */
  readonly memorySizeMb?: number | undefined;
  /** @default 5 */
  readonly filesAtOnce?: number | undefined;
  /** The chat server's rate limit in files per minute. @default none */
  readonly callsPerMinute?: number | undefined;
  /** How the files reach the chat server: over the Internet, through a NAT gateway, or within the VPC. @default 'internet' */
  readonly chatServer?: 'internet' | 'nat' | 'same-network' | undefined;
  readonly assumptions?: Partial<CostAssumptions> | undefined;
}

/** In US dollars, except `drainHours`. */
export interface CostEstimate {
  readonly function: number;
  readonly queue: number;
  readonly ledger: number;
  readonly bucket: number;
  readonly log: number;
  /** Sum of the above: the cost of the relay. */
  readonly relay: number;
  /** Data transfer to the chat server, which any sender would pay. */
  readonly dataTransfer: number;
  readonly total: number;
  /** The shortest time in which the rate limit allows all objects to be posted, in hours; 0 without a limit. */
  readonly drainHours: number;
}

/** A delivery without failures writes twice: the claim with the upload, and the message. */
const LEDGER_WRITES = 2;
/** A function with 1,769 MB has one core, and less memory gives a proportional share (Lambda Developer Guide, "Configure memory"). */
const MB_PER_CORE = 1769;
const MIB = 1024 ** 2;
/** Long sleeps are spread evenly between 0.75 and 1 of `LONGEST_SLEEP_MS` (`lambdas/relay/pacing`). */
const AVERAGE_LONG_SLEEP_HOURS = (0.875 * LONGEST_SLEEP_MS) / 3_600_000;
const LONGEST_SLEEP_HOURS = LONGEST_SLEEP_MS / 3_600_000;

/**
 * Estimates the cost of posting objects of one size, at list prices. It assumes full batches and no failures.
 *
 * @example
 * estimateCost({ objects: 1e6, sizeBytes: 1024 ** 2 }).relay; // dollars
 */
export const estimateCost = (input: CostInput): CostEstimate => {
  const { objects, sizeBytes, callsPerMinute, chatServer = 'internet' } = input;
  const drainHours = callsPerMinute === undefined ? 0 : objects / callsPerMinute / 60;
  const sleeps = callsPerMinute === undefined ? 0 : sleepsPerObject(drainHours);
  const batchSize = input.assumptions?.batchSize ?? (callsPerMinute === undefined ? 10 : 1);
  const receives = (1 + sleeps) / batchSize;

  const cost = {
    function: functionCost(input, { batchSize, invocationsPerObject: receives }) * objects,
    // One send by S3, receives and deletes in batches, and one call for each sleep.
    queue: (1 + receives + 1 / batchSize + sleeps) * PRICES.sqsRequest * objects,
    ledger: LEDGER_WRITES * PRICES.dynamoDbWrite * objects,
    bucket: PRICES.s3Get * objects,
    log: (assumed(input).logBytesPerObject / 1e9) * PRICES.logGb * objects,
  };
  const relay = Object.values(cost).reduce((sum, part) => sum + part, 0);
  const dataTransfer = ((objects * sizeBytes) / 1e9) * TRANSFER[chatServer];
  return { ...cost, relay, dataTransfer, total: relay + dataTransfer, drainHours };
};

/**
 * How often an object sleeps for the rate limit, on average, when a burst takes `drainHours`. It is received once more
 * than it sleeps.
 *
 * A message whose turn comes within the longest sleep sleeps once, until its turn. A message whose turn comes later is put
 * to sleep for the longest time again and again, so it sleeps once more for each average long sleep until its turn. This
 * counts the last part of the wait as well, in which a message knows its turn: a process that is replaced forgets the
 * turns it gave out, and messages are received in vain.
 */
export const sleepsPerObject = (drainHours: number): number => {
  if (drainHours <= LONGEST_SLEEP_HOURS) return 1;
  // Turns are spread evenly over drainHours: the integral of turn / average sleep over the late turns.
  const longSleeps = (drainHours ** 2 - LONGEST_SLEEP_HOURS ** 2) / (2 * AVERAGE_LONG_SLEEP_HOURS * drainHours);
  return 1 + longSleeps;
};

/** Monthly cost without any upload, in US dollars: the secret, alarms and metrics. Up to three dashboards are free. */
export const monthlyCost = ({ alarmMetrics, customMetrics }: { alarmMetrics: number; customMetrics: number }): number =>
  PRICES.secretMonth + alarmMetrics * PRICES.alarmMetricMonth + customMetrics * PRICES.customMetricMonth;

const TRANSFER = { internet: PRICES.internetGb, nat: PRICES.internetGb + PRICES.natGb, 'same-network': 0 } as const;

const assumed = ({ assumptions }: CostInput): CostAssumptions => ({
  cpuMsPerObject: 4.1,
  cpuMsPerMiB: 4,
  networkMsPerObject: 135,
  networkMsPerMiB: 10,
  logBytesPerObject: 800,
  ...assumptions,
});

/** Cost per object: its share of an invocation, whose duration is the longer of its waiting time and its CPU time. */
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
