import { Duration, Stack } from 'aws-cdk-lib';
import {
  type Alarm,
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IMetric,
  LogQueryWidget,
  MathExpression,
  Metric,
  PeriodOverride,
  SingleValueWidget,
  Stats,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { RelayParts } from '../relay-parts.ts';
import { PRICES } from './prices.ts';

/** Shows throughput, backlog, failures with their reasons, the effect of the rate limit, and the cost. */
export const createDashboard = (
  relay: RelayParts,
  { alarms, memorySizeMb, runbookUrl }: { alarms: readonly Alarm[]; memorySizeMb: number; runbookUrl: string },
): Dashboard => {
  const graph = (title: string, left: IMetric[], right: IMetric[] = []) =>
    new GraphWidget({ title, left, right, width: 12, height: 6, leftYAxis: { min: 0 }, rightYAxis: { min: 0 } });
  const seconds = { showUnits: false, label: 'seconds', min: 0 };

  const dashboard = new Dashboard(relay, 'Dashboard', {
    dashboardName: relay.serviceName,
    defaultInterval: Duration.hours(12),
    periodOverride: PeriodOverride.AUTO,
  });
  dashboard.addWidgets(
    new TextWidget({ markdown: heading(runbookUrl), width: 12, height: 3 }),
    new AlarmStatusWidget({ title: 'Alarms', alarms: [...alarms], width: 12, height: 3 }),
  );
  dashboard.addWidgets(
    graph(
      'Is it flowing?',
      [relay.metricObjectsPosted(), relay.metricDuplicatesSkipped(), relay.metricIgnored()],
      [relay.metricBytesPosted()],
    ),
    graph('From upload to message, ms', [
      relay.metricRelayLatency({ label: 'median' }),
      relay.metricRelayLatency({ statistic: Stats.p(99), label: '99th percentile' }),
    ]),
  );
  dashboard.addWidgets(
    graph('How far behind? Messages', [
      relay.queue.metricApproximateNumberOfMessagesVisible({ label: 'waiting', statistic: Stats.MAXIMUM }),
      relay.queue.metricApproximateNumberOfMessagesNotVisible({
        label: 'sleeping or in progress',
        statistic: Stats.MAXIMUM,
      }),
      relay.deadLetterQueue.metricApproximateNumberOfMessagesVisible({
        label: 'dead letters',
        statistic: Stats.MAXIMUM,
      }),
    ]),
    new GraphWidget({
      title: 'How far behind? Time, and waits for the rate limit',
      left: [
        relay.queue.metricApproximateAgeOfOldestMessage({ label: 'oldest upload', statistic: Stats.MAXIMUM }),
        relay.metricOldestWaiting({ label: 'oldest upload that was put back' }),
        relay.metricExpectedDrainTime({ label: 'time to drain under the limit' }),
      ],
      right: [relay.metricThrottled({ label: 'waits for the rate limit' })],
      leftYAxis: seconds,
      width: 12,
      height: 6,
    }),
  );
  dashboard.addWidgets(
    graph('What fails?', [
      relay.metricRetried(),
      relay.metricMisconfigured(),
      relay.metricRefused(),
      relay.metricDeadLettered(),
      relay.metricLoopSuspected(),
    ]),
    graph(
      'The function',
      [relay.function.metricErrors(), relay.function.metricThrottles()],
      [relay.function.metricDuration({ statistic: Stats.MAXIMUM, label: 'longest invocation, ms' })],
    ),
  );
  dashboard.addWidgets(
    new LogQueryWidget({
      title: 'Why?',
      logGroupNames: [relay.logGroup.logGroupName],
      queryLines: [
        'filter message = "delivery" and outcome in ["retrying", "dead-lettered"]',
        'stats count(*) as deliveries, latest(detail) as example by reason, outcome, room',
        'sort deliveries desc',
        'limit 20',
      ],
      width: 24,
      height: 6,
    }),
  );
  const dollars = dollarsPerHour(relay, memorySizeMb);
  dashboard.addWidgets(
    new SingleValueWidget({
      title: 'Dollars in the time shown, at list prices, without data transfer to the chat server',
      metrics: [dollars],
      setPeriodToTimeRange: true,
      width: 12,
      height: 4,
    }),
    graph('Dollars an hour', [dollars]),
  );
  return dashboard;
};

const heading = (runbookUrl: string): string =>
  [
    '# S3 to Rocket.Chat',
    'Healthy: the first graph rises while files are uploaded, and both times of the backlog are low or fall.',
    `If an alarm is red, see its section in [docs/operating.md](${runbookUrl}).`,
  ].join('\n\n');

/** Computed from AWS's own metrics. The cost of the other services is small in comparison. */
const dollarsPerHour = (relay: RelayParts, memorySizeMb: number): IMetric => {
  const period = Duration.hours(1);
  const gbSecondsOfMs = memorySizeMb / 1024 / 1000;
  // In millionths of a dollar, because metric math supports no exponents.
  const of = (metric: string, price: number) => `FILL(${metric}, 0) * ${Number((price * 1e6).toPrecision(6))}`;
  return new MathExpression({
    label: `$ (${Stack.of(relay).stackName})`,
    period,
    expression: `(${[
      of('duration', gbSecondsOfMs * PRICES.lambdaGbSecond),
      of('invocations', PRICES.lambdaRequest),
      of('sent', PRICES.sqsRequest),
      // One receive and one delete per message, the most expensive case: batches need fewer.
      of('received', 2 * PRICES.sqsRequest),
      of('empty', PRICES.sqsRequest),
      of('writes', PRICES.dynamoDbWrite),
      of('posted', PRICES.s3Get),
      of('logged', PRICES.logGb / 1e9),
    ].join(' + ')}) / 1000000`,
    usingMetrics: {
      duration: relay.function.metricDuration({ statistic: Stats.SUM, period }),
      invocations: relay.function.metricInvocations({ period }),
      sent: relay.queue.metricNumberOfMessagesSent({ statistic: Stats.SUM, period }),
      received: relay.queue.metricNumberOfMessagesReceived({ statistic: Stats.SUM, period }),
      empty: relay.queue.metricNumberOfEmptyReceives({ statistic: Stats.SUM, period }),
      writes: relay.table.metricConsumedWriteCapacityUnits({ period }),
      posted: relay.metricObjectsPosted({ period }),
      // CDK's own metricIncomingBytes() names no log group, and so counts all of the account.
      logged: new Metric({
        namespace: 'AWS/Logs',
        metricName: 'IncomingBytes',
        dimensionsMap: { LogGroupName: relay.logGroup.logGroupName },
        statistic: Stats.SUM,
        period,
      }),
    },
  });
};
