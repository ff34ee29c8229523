import { Metric } from '../names.ts';
import type { Outcome } from '../outcome.ts';
import type { Metrics } from '../ports.ts';

/** Adds one delivery's outcome to the metrics. `ageMs` is the time since the upload. */
export const countOutcome = (metrics: Metrics, outcome: Outcome, sizeBytes: number, ageMs: number): void => {
  switch (outcome.kind) {
    case 'posted':
      metrics.add(Metric.ObjectsPosted, 1);
      if (outcome.link === undefined) metrics.add(Metric.BytesPosted, sizeBytes);
      metrics.add(Metric.RelayLatency, ageMs);
      return;
    case 'duplicate':
      metrics.add(Metric.DuplicatesSkipped, 1);
      return;
    case 'ignored':
      if (outcome.isLoopSuspected) metrics.add(Metric.LoopSuspected, 1);
      metrics.add(Metric.Ignored, 1);
      return;
    case 'gone':
      metrics.add(Metric.Ignored, 1);
      return;
    case 'retrying':
      // Nothing fails while GuardDuty scans an object, so no alarm may count it.
      if (outcome.failureKind === 'awaiting-scan') return;
      metrics.add(waiting(outcome.failureKind), 1);
      metrics.add(Metric.OldestWaiting, Math.round(ageMs / 1_000));
      return;
    case 'dead-lettered':
      if (outcome.failureKind === 'refused') metrics.add(Metric.Refused, 1);
      if (outcome.reason === 'MALWARE_FOUND') metrics.add(Metric.MalwareFound, 1);
      metrics.add(Metric.DeadLettered, 1);
      return;
    default:
      outcome satisfies never;
  }
};

/** Adds an event without an object to deliver to the metrics. */
export const countEvent = (metrics: Metrics, outcome: 'ignored' | 'dead-lettered'): void =>
  metrics.add(outcome === 'ignored' ? Metric.Ignored : Metric.DeadLettered, 1);

const waiting = (kind: string) => {
  if (kind === 'throttled') return Metric.Throttled;
  return kind === 'misconfigured' ? Metric.Misconfigured : Metric.Retried;
};
