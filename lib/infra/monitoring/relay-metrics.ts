import { Metric as CloudWatchMetric, type MetricOptions, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { METRICS_NAMESPACE, Metric, type MetricName } from '../../../lambdas/relay/names.ts';

/** A construct with a method for each metric that the function writes. */
export abstract class RelayMetrics extends Construct {
  /** Value of the metrics' dimension `service`, which separates the relays of one account. */
  abstract readonly serviceName: string;

  /** A metric by its name. @param options @default the metric's usual statistic over 5 minutes */
  metric(name: MetricName, options?: MetricOptions): CloudWatchMetric {
    return new CloudWatchMetric({
      namespace: METRICS_NAMESPACE,
      metricName: name,
      dimensionsMap: { service: this.serviceName },
      statistic: STATISTICS[name] ?? Stats.SUM,
      ...options,
    });
  }

  /** Objects that were posted. @default sum over 5 minutes */
  metricObjectsPosted(options?: MetricOptions): CloudWatchMetric {
    return this.metric(Metric.ObjectsPosted, options);
  }

  /** Size of the posted objects in bytes. @default sum over 5 minutes */
  metricBytesPosted(options?: MetricOptions): CloudWatchMetric {
    return this.metric(Metric.BytesPosted, options);
  }

  /** Milliseconds from the upload to S3 until the message was posted. @default median over 5 minutes */
  metricRelayLatency(options?: MetricOptions): CloudWatchMetric {
    return this.metric(Metric.RelayLatency, options);
  }

  /** Repeated events of objects that the ledger knows as posted. @default sum over 5 minutes */
  metricDuplicatesSkipped(options?: MetricOptions): CloudWatchMetric {
    return this.metric(Metric.DuplicatesSkipped, options);
  }

  /** Deliveries that wait for the server's rate limit. @default sum over 5 minutes */
  metricThrottled(options?: MetricOptions): CloudWatchMetric {
    return this.metric(Metric.Throttled, options);
  }

  /** Seconds in which one process posts the whole queue under the rate limit. Not written without a limit. @default maximum over 5 minutes */
  metricExpectedDrainTime(options?: MetricOptions): CloudWatchMetric {
    return this.metric(Metric.ExpectedDrainTime, options);
  }

  /** Seconds since the upload of the oldest object that was put back into the queue, malware scans aside. @default maximum over 5 minutes */
  metricOldestWaiting(options?: MetricOptions): CloudWatchMetric {
    return this.metric(Metric.OldestWaiting, options);
  }

  /** Deliveries that failed with a transient error and are retried. @default sum over 5 minutes */
  metricRetried(options?: MetricOptions): CloudWatchMetric {
    return this.metric(Metric.Retried, options);
  }

  /** Objects that the server refuses permanently. @default sum over 5 minutes */
  metricRefused(options?: MetricOptions): CloudWatchMetric {
    return this.metric(Metric.Refused, options);
  }

  /** Deliveries that need an operator: credentials, room or permissions. @default sum over 5 minutes */
  metricMisconfigured(options?: MetricOptions): CloudWatchMetric {
    return this.metric(Metric.Misconfigured, options);
  }

  /** Events that require no message, for example because no route matches. @default sum over 5 minutes */
  metricIgnored(options?: MetricOptions): CloudWatchMetric {
    return this.metric(Metric.Ignored, options);
  }

  /** Messages written to the dead-letter queue. @default sum over 5 minutes */
  metricDeadLettered(options?: MetricOptions): CloudWatchMetric {
    return this.metric(Metric.DeadLettered, options);
  }

  /** Objects in which GuardDuty found malware. Written only with `requireMalwareScan`. @default sum over 5 minutes */
  metricMalwareFound(options?: MetricOptions): CloudWatchMetric {
    return this.metric(Metric.MalwareFound, options);
  }

  /** Objects that Rocket.Chat itself stored in the bucket. @default sum over 5 minutes */
  metricLoopSuspected(options?: MetricOptions): CloudWatchMetric {
    return this.metric(Metric.LoopSuspected, options);
  }
}

/** The statistics of metrics that are not counts. */
const STATISTICS: Partial<Record<MetricName, string>> = {
  [Metric.RelayLatency]: Stats.p(50),
  [Metric.ExpectedDrainTime]: Stats.MAXIMUM,
  [Metric.OldestWaiting]: Stats.MAXIMUM,
};
