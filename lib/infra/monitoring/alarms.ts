import { Duration, Stack } from 'aws-cdk-lib';
import {
  Alarm,
  type AlarmProps,
  ComparisonOperator,
  type IMetric,
  MathExpression,
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
  Misconfigured: 'Misconfigured',
  DeliveriesFail: 'DeliveriesFail',
  FunctionErrors: 'FunctionErrors',
  FunctionThrottled: 'FunctionThrottled',
  FunctionTimesOut: 'FunctionTimesOut',
  LoopSuspected: 'LoopSuspected',
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
  readonly runbookUrl: string;
}

type Definition = Pick<AlarmProps, 'threshold' | 'treatMissingData'> &
  Partial<AlarmProps> & { readonly metric: IMetric; readonly meaning: string };

const FIVE_MINUTES = Duration.minutes(5);
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
  [AlarmName.Misconfigured]: {
    meaning: 'Objects wait until an operator corrects the token, a room or a permission.',
    metric: relay.metricMisconfigured(),
    threshold: 1,
    // The metric is written only when it happens.
    treatMissingData: TreatMissingData.NOT_BREACHING,
  },
  [AlarmName.DeliveriesFail]: deliveriesFail(relay),
  [AlarmName.FunctionErrors]: {
    meaning: 'The function cannot start, crashes or runs out of memory.',
    metric: relay.function.metricErrors(),
    threshold: 1,
    // A single crash is retried. Errors in three periods in a row do not pass by themselves.
    evaluationPeriods: 3,
    // Without invocations there are no errors.
    treatMissingData: TreatMissingData.NOT_BREACHING,
  },
  [AlarmName.FunctionThrottled]: {
    meaning: "Lambda does not run the function because the account's concurrency is used up.",
    metric: relay.function.metricThrottles(),
    threshold: 1,
    // SQS tries again within a minute, so only lasting throttles delay files.
    evaluationPeriods: 3,
    // Without invocations there are no throttles.
    treatMissingData: TreatMissingData.NOT_BREACHING,
  },
  [AlarmName.FunctionTimesOut]: {
    meaning: 'An invocation ran until its timeout, when Lambda ended it.',
    // Lambda has no metric for timeouts, but such an invocation lasts as long as the timeout.
    metric: relay.function.metricDuration({ statistic: Stats.MAXIMUM }),
    threshold: options.functionTimeout.minus(HANGS_BEFORE_TIMEOUT).toMilliseconds(),
    // Without invocations there are no timeouts.
    treatMissingData: TreatMissingData.NOT_BREACHING,
  },
  [AlarmName.LoopSuspected]: {
    meaning: 'The watched bucket receives uploads of Rocket.Chat itself; posting them would create an endless loop.',
    metric: relay.metricLoopSuspected(),
    threshold: 1,
    // The metric is written only when it happens.
    treatMissingData: TreatMissingData.NOT_BREACHING,
  },
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
 * Under a rate limit, the oldest message has waited `age` and the queue needs `drain` more. Their sum stays constant while
 * the queue drains and grows when it does not. Without a limit, a message of one hour is too old.
 */
const backlogTooOld = (relay: RelayParts, limitedHours: number): Definition => {
  const period = Duration.minutes(15);
  const [limited, unlimited] = [limitedHours * 3600, UNLIMITED_AGE_HOURS * 3600];
  return {
    meaning: `Uploads wait longer than allowed: ${UNLIMITED_AGE_HOURS} h without a rate limit, ${limitedHours} h with one.`,
    metric: new MathExpression({
      expression: `IF(FILL(drain, -1) >= 0, (age + FILL(drain, 0)) / ${limited}, age / ${unlimited})`,
      label: 'Age of the oldest upload; 1 is the allowed maximum',
      usingMetrics: {
        age: relay.queue.metricApproximateAgeOfOldestMessage({ statistic: Stats.MAXIMUM, period }),
        drain: relay.metricExpectedDrainTime({ period }),
      },
      period,
    }),
    comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
    threshold: 1,
    // The function writes the drain time every five minutes while it runs, so it may be missing from a single period.
    evaluationPeriods: 3,
    // SQS reports no data for an empty queue.
    treatMissingData: TreatMissingData.NOT_BREACHING,
  };
};

const deliveriesFail = (relay: RelayParts): Definition => ({
  meaning: 'At least half of the deliveries fail and are retried: the chat server, the network or AWS has a fault.',
  metric: new MathExpression({
    // Fewer than five failures are too few for a rate.
    expression: `IF(FILL(retried, 0) >= 5, 100 * FILL(retried, 0) / (FILL(retried, 0) + FILL(posted, 0)), 0)`,
    label: 'Failed deliveries, percent',
    usingMetrics: { retried: relay.metricRetried(), posted: relay.metricObjectsPosted() },
    period: FIVE_MINUTES,
  }),
  threshold: 50,
  evaluationPeriods: 3,
  // Neither metric is written while nothing is uploaded.
  treatMissingData: TreatMissingData.NOT_BREACHING,
});
