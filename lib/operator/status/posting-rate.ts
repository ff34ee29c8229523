import { GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import { METRICS_NAMESPACE, Metric, type MetricName } from '../../../lambdas/relay/names.ts';
import { readLog } from '../logs/read-log.ts';
import type { Target } from '../target/target.ts';

const PERIOD_SECONDS = 300;
const DAY_MS = 86_400_000;

/** How fast the relay has posted. */
export interface PostingRate {
  /** The files of the best five minutes of the last day, per second. 0 if nothing was posted. */
  readonly bestPerSecond: number;
  /** The files of the last quarter of an hour, per second. */
  readonly recentPerSecond: number;
}

/** From CloudWatch's metric ObjectsPosted; for the embedded relay, from its last 20,000 log lines. */
export const postingRate = async (target: Target, now: number): Promise<PostingRate> => {
  const periods =
    target.stack === undefined
      ? await localPeriods(target, now)
      : await metricPeriods(target, target.stack.serviceName, now);
  const best = Math.max(0, ...periods.map(({ posted }) => posted));
  const recent = periods
    .filter(({ startsAt }) => startsAt >= now - 3 * PERIOD_SECONDS * 1_000)
    .reduce((sum, { posted }) => sum + posted, 0);
  return { bestPerSecond: best / PERIOD_SECONDS, recentPerSecond: recent / (3 * PERIOD_SECONDS) };
};

interface Period {
  readonly startsAt: number;
  readonly posted: number;
}

const metricPeriods = async (target: Target, service: string, now: number): Promise<Period[]> => {
  const points = await relayMetric(target, service, {
    name: Metric.ObjectsPosted,
    from: now - DAY_MS,
    to: now,
    periodSeconds: PERIOD_SECONDS,
    statistic: 'Sum',
  });
  return points.map(({ time, value }) => ({ startsAt: time, posted: value }));
};

const localPeriods = async (target: Target, now: number): Promise<Period[]> => {
  const byPeriod = new Map<number, number>();
  for await (const { line } of readLog(target, { from: now - DAY_MS }, { outcomes: ['posted'] })) {
    // Counted back from now, so that the last one is a whole period.
    const period = Math.floor((now - line.timestamp) / (PERIOD_SECONDS * 1_000));
    byPeriod.set(period, (byPeriod.get(period) ?? 0) + 1);
  }
  return [...byPeriod].map(([period, posted]) => ({ startsAt: now - (period + 1) * PERIOD_SECONDS * 1_000, posted }));
};

/** A statistic of one of the relay's metrics, in any order. */
export const relayMetric = async (
  { clients }: Target,
  service: string,
  options: {
    readonly name: MetricName;
    readonly from: number;
    readonly to: number;
    readonly periodSeconds: number;
    readonly statistic: 'Sum' | 'Maximum';
  },
): Promise<{ readonly time: number; readonly value: number }[]> => {
  const { name, from, to, periodSeconds, statistic } = options;
  const { Datapoints = [] } = await clients.cloudWatch.send(
    new GetMetricStatisticsCommand({
      Namespace: METRICS_NAMESPACE,
      MetricName: name,
      Dimensions: [{ Name: 'service', Value: service }],
      StartTime: new Date(from),
      EndTime: new Date(to),
      Period: periodSeconds,
      Statistics: [statistic],
    }),
  );
  return Datapoints.map((point) => ({ time: point.Timestamp?.getTime() ?? 0, value: point[statistic] ?? 0 }));
};
