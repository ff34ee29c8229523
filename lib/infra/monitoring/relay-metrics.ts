import { Metric as CloudWatchMetric, type MetricOptions, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { METRICS_NAMESPACE, Metric, type MetricName } from '../../../lambdas/relay/names.ts';

/** The metrics that a relay writes, each as a method. */
export abstract class RelayMetrics extends Construct {
  /** The dimension `service` of the metrics: two relays of one account do not add up. */
  abstract readonly serviceName: string;

  /** Any metric by its name. @default the statistic that suits it, over 5 minutes */
  metric(name: MetricName, options?: MetricOptions): CloudWatchMetric {
    return new CloudWatchMetric({
      namespace: METRICS_NAMESPACE,
      metricName: name,
      dimensionsMap: { service: this.serviceName },
      statistic: STATISTICS[name] ?? Stats.SUM,
      ...options,
    });
  }

  /** Objects that became a message. @default sum over 5 minutes */
  metricObjectsPosted(options?: MetricOptions): CloudWatchMetric {
    return this.metric(Metric.ObjectsPosted, options);
  }

  /** Size of the objects that became a message, in bytes. @default sum over 5 minutes */
  metricBytesPosted(options?: MetricOptions): CloudWatchMetric {
    return this.metric(Metric.BytesPosted, options);
  }

  /** Milliseconds from the upload to S3 to the message. @default median over 5 minutes */
  metricRelayLatency(options?: MetricOptions): CloudWatchMetric {
    return this.metric(Metric.RelayLatency, options);
  }

  /** Repeated deliveries that the ledger answered. @default sum over 5 minutes */
  metricDuplicatesSkipped(options?: MetricOptions): CloudWatchMetric {
    return this.metric(Metric.DuplicatesSkipped, options);
  }

  /** Deliveries that wait for the server's rate limit. @default sum over 5 minutes */
  metricThrottled(options?: MetricOptions): CloudWatchMetric {
    return this.metric(Metric.Throttled, options);
  }

  /** Seconds that the queue takes at the limit's pace; only while there is a limit. @default maximum over 5 minutes */
  metricExpectedDrainTime(options?: MetricOptions): CloudWatchMetric {
    return this.metric(Metric.ExpectedDrainTime, options);
  }

  /** Deliveries put back after a passing fault. @default sum over 5 minutes */
  metricRetried(options?: MetricOptions): CloudWatchMetric {
    return this.metric(Metric.Retried, options);
  }

  /** Objects that the server will never take. @default sum over 5 minutes */
  metricRefused(options?: MetricOptions): CloudWatchMetric {
    return this.metric(Metric.Refused, options);
  }

  /** Deliveries that wait for an operator: credentials, room, permissions. @default sum over 5 minutes */
  metricMisconfigured(options?: MetricOptions): CloudWatchMetric {
    return this.metric(Metric.Misconfigured, options);
  }

  /** Events that ask for no message. @default sum over 5 minutes */
  metricIgnored(options?: MetricOptions): CloudWatchMetric {
    return this.metric(Metric.Ignored, options);
  }

  /** Messages written to the dead-letter queue. @default sum over 5 minutes */
  metricDeadLettered(options?: MetricOptions): CloudWatchMetric {
    return this.metric(Metric.DeadLettered, options);
  }

  /** Objects that came out of Rocket.Chat itself. @default sum over 5 minutes */
  metricLoopSuspected(options?: MetricOptions): CloudWatchMetric {
    return this.metric(Metric.LoopSuspected, options);
  }
}

/** All others are counted. */
const STATISTICS: Partial<Record<MetricName, string>> = {
  [Metric.RelayLatency]: Stats.p(50),
  [Metric.ExpectedDrainTime]: Stats.MAXIMUM,
};
