import { Duration, Stack } from 'aws-cdk-lib';
import {
  type Alarm,
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IMetric,
  LogQueryWidget,
  MathExpression,
  PeriodOverride,
  SingleValueWidget,
  Stats,
  TextWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { RocketChatRelay } from '../rocket-chat-relay.ts';
import { PRICES } from './prices.ts';

/** One look: is it flowing, how far behind, what fails and why, what the limit costs, what it costs in dollars. */
export const createDashboard = (
  relay: RocketChatRelay,
  { alarms, memorySizeMb }: { alarms: readonly Alarm[]; memorySizeMb: number },
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
    new TextWidget({ markdown: HEADING, width: 12, height: 3 }),
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
      relay.metricRelayLatency({ statistic: Stats.p(99), label: '99 of 100' }),
    ]),
  );
  dashboard.addWidgets(
    graph('How far behind? Messages', [
      relay.queue.metricApproximateNumberOfMessagesVisible({ label: 'waiting', statistic: Stats.MAXIMUM }),
      relay.queue.metricApproximateNumberOfMessagesNotVisible({ label: 'asleep or in work', statistic: Stats.MAXIMUM }),
      relay.deadLetterQueue.metricApproximateNumberOfMessagesVisible({ label: 'given up', statistic: Stats.MAXIMUM }),
    ]),
    new GraphWidget({
      title: 'How far behind, and what does the limit cost? Time',
      left: [
        relay.queue.metricApproximateAgeOfOldestMessage({ label: 'oldest upload', statistic: Stats.MAXIMUM }),
        relay.metricExpectedDrainTime({ label: 'to drain at the limit' }),
      ],
      right: [relay.metricThrottled({ label: 'waits for the limit' })],
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
      title: 'Dollars in the time shown, at list price, without the files on their way to the chat server',
      metrics: [dollars],
      setPeriodToTimeRange: true,
      width: 12,
      height: 4,
    }),
    graph('Dollars an hour', [dollars]),
  );
  return dashboard;
};

const HEADING = [
  '# S3 into Rocket.Chat',
  'Flowing: the first graph moves while files are uploaded. Behind: both curves of time are low, or fall.',
  'What to do when an alarm is red stands in docs/operating.md.',
].join('\n\n');

/** From what AWS itself counts. Its usage of the other services is small beside these. */
const dollarsPerHour = (relay: RocketChatRelay, memorySizeMb: number): IMetric => {
  const period = Duration.hours(1);
  const gbSecondsOfMs = memorySizeMb / 1024 / 1000;
  // In millionths of a dollar, because metric math knows no exponents.
  const of = (metric: string, price: number) => `FILL(${metric}, 0) * ${Number((price * 1e6).toPrecision(6))}`;
  return new MathExpression({
    label: `$ (${Stack.of(relay).stackName})`,
    period,
    expression: `(${[
      of('duration', gbSecondsOfMs * PRICES.lambdaGbSecond),
      of('invocations', PRICES.lambdaRequest),
      of('sent', PRICES.sqsRequest),
      // Received and deleted by batches, of which one message is the worst case.
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
      logged: relay.logGroup.metricIncomingBytes({ statistic: Stats.SUM, period }),
    },
  });
};
