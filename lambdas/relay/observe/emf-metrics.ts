import { MetricUnit, type Metrics as PowertoolsMetrics } from '@aws-lambda-powertools/metrics';
import { Metric, type MetricName } from '../names.ts';
import type { Metrics } from '../ports.ts';

const UNITS: Partial<Record<MetricName, (typeof MetricUnit)[keyof typeof MetricUnit]>> = {
  [Metric.BytesPosted]: MetricUnit.Bytes,
  [Metric.RelayLatency]: MetricUnit.Milliseconds,
  [Metric.ExpectedDrainTime]: MetricUnit.Seconds,
  [Metric.OldestWaiting]: MetricUnit.Seconds,
};

/** CloudWatch metrics in Embedded Metric Format. Powertools writes them to the log when the invocation ends. */
export const createEmfMetrics = (metrics: PowertoolsMetrics): Metrics => ({
  add: (name, value = 1) => metrics.addMetric(name, UNITS[name] ?? MetricUnit.Count, value),
});
