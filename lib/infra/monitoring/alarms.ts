import { Duration, Stack } from 'aws-cdk-lib';
import {
  Alarm,
  type AlarmProps,
  ComparisonOperator,
  type IMetric,
  MathExpression,
  type Metric,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { RelayParts } from '../relay-parts.ts';

/** `docs/operating.md` has a section for each alarm, named like the alarm. */
export const AlarmName = {
  DeadLetters: 'DeadLetters',
  BacklogTooOld: 'BacklogTooOld',
  QueueStalled: 'QueueStalled',
  Misconfigured: 'Misconfigured',
  DeliveriesFail: 'DeliveriesFail',
  FunctionErrors: 'FunctionErrors',
  FunctionThrottled: 'FunctionThrottled',
  FunctionTimesOut: 'FunctionTimesOut',
  LoopSuspected: 'LoopSuspected',
  MalwareFound: 'MalwareFound',
  NothingPosted: 'NothingPosted',
} as const;
export type AlarmName = (typeof AlarmName)[keyof typeof AlarmName];

/** `docs/operating.md` of the published package. Alarms link to the section `#<name in lower case>` of this page. */
export const RUNBOOK_URL = 'https://unpkg.com/s3-to-rocketchat/docs/operating.md';

export interface AlarmsProps {
  readonly topic: ITopic;
  readonly functionTimeout: Duration;
  readonly backlogAlarmAfterHours: number;
  readonly quietAlarmAfterHours?: number | undefined;
  readonly requireMalwareScan?: boolean | undefined;
  readonly runbookUrl: string;
}

type Definition = Pick<AlarmProps, 'threshold' | 'treatMissingData'> &
  Partial<AlarmProps> & { readonly metric: IMetric; readonly meaning: string };

const FIVE_MINUTES = Duration.minutes(5);
/** The longest backoff (`lambdas/relay/domain/retry-delay.ts`). */
export const LONGEST_BACKOFF = Duration.hours(1);
/**
 * Metrics of deliveries that fail are written only when a message is received. While a single object fails, that is once
 * per longest backoff, so a shorter period would end the alarm between two tries and start it again. Half an hour more,
 * for an invocation of 15 minutes and the time until Lambda receives the message.
 */
const BETWEEN_TRIES = LONGEST_BACKOFF.plus(Duration.minutes(30));
/** A batch whose invocation fails comes back after 16 minutes, so three fail in an hour. */
const FAILURES_AN_HOUR = 3;
/** A shorter fault, such as a restart of the chat server, needs no operator. */
const FAULT_LASTS = Duration.minutes(15);
/** Without a rate limit, only retries make a message this old. */
const UNLIMITED_AGE_HOURS = 1;
/** The function stops by itself 15 s before its timeout, so an invocation that comes this close hangs. */
const HANGS_BEFORE_TIMEOUT = Duration.seconds(5);

/** Creates every alarm. Its text says what the alarm means and links to its section of the runbook. */
export const createAlarms = (
  relay: RelayParts,
  { topic, runbookUrl, ...options }: AlarmsProps,
): Readonly<Partial<Record<AlarmName, Alarm>>> => {
  const scope = new Construct(relay, 'Alarms');
  const action = new SnsAction(topic);
  const alarms = Object.entries(definitions(relay, options)).map(([name, definition]) => {
    const { meaning, ...props } = definition;
    const alarm = new Alarm(scope, name, {
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: 1,
      ...props,
      alarmName: `${relay.serviceName}-${name}`,
      alarmDescription:
        `${meaning} Stack: ${Stack.of(relay).stackName}. ` +
        `What to do: section ${name} of ${runbookUrl}#${name.toLowerCase()}`,
    });
    alarm.addAlarmAction(action);
    alarm.addOkAction(action);
    return [name, alarm] as const;
  });
  return Object.fromEntries(alarms);
};

const definitions = (
  relay: RelayParts,
  options: Omit<AlarmsProps, 'topic' | 'runbookUrl'>,
): Partial<Record<AlarmName, Definition>> => ({
  [AlarmName.DeadLetters]: {
    meaning: 'The dead-letter queue holds objects that could not be posted.',
    metric: relay.deadLetterQueue.metricApproximateNumberOfMessagesVisible({ statistic: Stats.MAXIMUM }),
    threshold: 1,
    // SQS reports no data for a queue that has been empty and unused for six hours, but always for one with messages.
    treatMissingData: TreatMissingData.NOT_BREACHING,
  },
  [AlarmName.BacklogTooOld]: backlogTooOld(relay, options.backlogAlarmAfterHours),
  [AlarmName.QueueStalled]: queueStalled(relay),
  [AlarmName.Misconfigured]: {
    meaning: 'Objects wait until an operator corrects the token, a room or a permission.',
    metric: filled(relay.metricMisconfigured({ period: BETWEEN_TRIES })),
    threshold: 1,
    // The metric is written only when it happens.
    treatMissingData: TreatMissingData.NOT_BREACHING,
  },
  [AlarmName.DeliveriesFail]: deliveriesFail(relay),
  [AlarmName.FunctionErrors]: {
    meaning: 'The function cannot start, crashes or runs out of memory.',
    metric: filled(relay.function.metricErrors({ period: Duration.hours(1) })),
    // A single crash is retried and needs no operator.
    threshold: FAILURES_AN_HOUR,
    // Without invocations there are no errors.
    treatMissingData: TreatMissingData.NOT_BREACHING,
  },
  [AlarmName.FunctionThrottled]: {
    meaning: "Lambda does not run the function because the account's concurrency is used up.",
    metric: filled(relay.function.metricThrottles({ period: FIVE_MINUTES })),
    threshold: 1,
    // Lambda tries again by itself, so only lasting throttles delay files: three periods of an hour.
    evaluationPeriods: 12,
    datapointsToAlarm: FAILURES_AN_HOUR,
    // Without invocations there are no throttles.
    treatMissingData: TreatMissingData.NOT_BREACHING,
  },
  [AlarmName.FunctionTimesOut]: {
    meaning: 'An invocation ran until its timeout, when Lambda ended it.',
    // Lambda has no metric for timeouts, but such an invocation lasts as long as the timeout.
    // Such a message is received again after 16 minutes, and the next invocation may hang as long: an hour has both.
    metric: filled(relay.function.metricDuration({ statistic: Stats.MAXIMUM, period: Duration.hours(1) })),
    threshold: options.functionTimeout.minus(HANGS_BEFORE_TIMEOUT).toMilliseconds(),
    // Without invocations there are no timeouts.
    treatMissingData: TreatMissingData.NOT_BREACHING,
  },
  [AlarmName.LoopSuspected]: {
    meaning: 'The watched bucket receives uploads of Rocket.Chat itself; posting them would create an endless loop.',
    metric: filled(relay.metricLoopSuspected({ period: Duration.hours(1) })),
    threshold: 1,
    // The metric is written only when it happens.
    treatMissingData: TreatMissingData.NOT_BREACHING,
  },
  ...(options.requireMalwareScan === true && {
    [AlarmName.MalwareFound]: {
      meaning: 'GuardDuty found malware in an uploaded object. It was not posted.',
      metric: filled(relay.metricMalwareFound({ period: Duration.hours(1) })),
      threshold: 1,
      // The metric is written only when it happens.
      treatMissingData: TreatMissingData.NOT_BREACHING,
    },
  }),
  ...(options.quietAlarmAfterHours !== undefined && {
    [AlarmName.NothingPosted]: {
      meaning: `No file was posted for ${options.quietAlarmAfterHours} hours.`,
      metric: relay.metricObjectsPosted({ period: Duration.hours(1) }),
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      threshold: 1,
      evaluationPeriods: options.quietAlarmAfterHours,
      // Missing data means that nothing was posted, which is what this alarm reports.
      treatMissingData: TreatMissingData.BREACHING,
    },
  }),
});

/**
 * A metric that is written only now and then, as a metric without gaps. In place of a missing period, CloudWatch uses an
 * older one, so an alarm on the metric itself would end late, and could start again without a new event.
 */
const filled = (metric: Metric): IMetric =>
  new MathExpression({
    expression: 'FILL(sparse, 0)',
    label: metric.metricName,
    usingMetrics: { sparse: metric },
    ...(metric.period !== undefined && { period: metric.period }),
  });

/**
 * Under a rate limit, the oldest upload has waited `waiting` and the queue needs `drain` more. Their sum stays constant
 * while the queue drains and grows when it does not. Without a limit, an upload of one hour is too old.
 *
 * `waiting` is written by the function, because SQS leaves a message that was received three times out of `age`. The
 * period is that of `waiting`. `age` and `drain` are minima, because both have values all the time: a maximum of `age`
 * would outlast a backlog, and a maximum of `drain` would add the start of a backlog to its end.
 */
const backlogTooOld = (relay: RelayParts, limitedHours: number): Definition => {
  const period = BETWEEN_TRIES;
  const [limited, unlimited] = [limitedHours * 3600, UNLIMITED_AGE_HOURS * 3600];
  const oldest = (waiting: string) => `IF(FILL(age, 0) > ${waiting}, FILL(age, 0), ${waiting})`;
  // After the end of a backlog under a limit, its `waiting` may be a few minutes newer than its `drain`.
  const failing = 'IF(FILL(retried, 0) + FILL(misconfigured, 0) > 0, FILL(waiting, 0), 0)';
  return {
    meaning: `Uploads wait longer than allowed: ${UNLIMITED_AGE_HOURS} h without a rate limit, ${limitedHours} h with one.`,
    metric: new MathExpression({
      expression:
        `IF(FILL(drain, -1) >= 0, (${oldest('FILL(waiting, 0)')} + FILL(drain, 0)) / ${limited}, ` +
        `${oldest(failing)} / ${unlimited})`,
      label: 'Age of the oldest upload; 1 is the allowed maximum',
      usingMetrics: {
        age: relay.queue.metricApproximateAgeOfOldestMessage({ statistic: Stats.MINIMUM, period }),
        waiting: relay.metricOldestWaiting({ period }),
        drain: relay.metricExpectedDrainTime({ statistic: Stats.MINIMUM, period }),
        retried: relay.metricRetried({ period }),
        misconfigured: relay.metricMisconfigured({ period }),
      },
      period,
    }),
    comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
    threshold: 1,
    // SQS reports no data for an empty queue.
    treatMissingData: TreatMissingData.NOT_BREACHING,
  };
};

/** The function deletes what it has posted, so an hour without a deletion is an hour without progress, whatever the cause. */
const queueStalled = (relay: RelayParts): Definition => {
  const of = { period: FIVE_MINUTES, statistic: Stats.MAXIMUM };
  return {
    meaning: 'The queue is not empty, and nothing was posted or dead-lettered for an hour.',
    metric: new MathExpression({
      expression: 'IF(FILL(visible, 0) + FILL(hidden, 0) > 0 AND FILL(deleted, 0) == 0, 1, 0)',
      label: 'Messages, but no deletion',
      usingMetrics: {
        visible: relay.queue.metricApproximateNumberOfMessagesVisible(of),
        hidden: relay.queue.metricApproximateNumberOfMessagesNotVisible(of),
        deleted: relay.queue.metricNumberOfMessagesDeleted({ period: FIVE_MINUTES, statistic: Stats.SUM }),
      },
      period: FIVE_MINUTES,
    }),
    threshold: 1,
    // Each of the twelve periods, because a message that has just arrived is not deleted yet either.
    evaluationPeriods: 12,
    // SQS reports no data for a queue that has been empty and unused for six hours.
    treatMissingData: TreatMissingData.NOT_BREACHING,
  };
};

/** Few uploads give few failures, so their number says little; the age of the oldest object shows that the fault lasts. */
const deliveriesFail = (relay: RelayParts): Definition => ({
  meaning: 'At least half of the deliveries fail and are retried: the chat server, the network or AWS has a fault.',
  metric: new MathExpression({
    expression:
      `IF(FILL(retried, 0) > 0 AND FILL(waiting, 0) >= ${FAULT_LASTS.toSeconds()}, ` +
      '100 * FILL(retried, 0) / (FILL(retried, 0) + FILL(posted, 0)), 0)',
    label: 'Failed deliveries, percent',
    usingMetrics: {
      retried: relay.metricRetried({ period: BETWEEN_TRIES }),
      posted: relay.metricObjectsPosted({ period: BETWEEN_TRIES }),
      waiting: relay.metricOldestWaiting({ period: BETWEEN_TRIES }),
    },
    period: BETWEEN_TRIES,
  }),
  threshold: 50,
  // No metric is written while nothing is uploaded.
  treatMissingData: TreatMissingData.NOT_BREACHING,
});
