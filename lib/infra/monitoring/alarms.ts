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
import type { RocketChatRelay } from '../rocket-chat-relay.ts';

/** Each has a section of this name in `docs/operating.md`. */
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

export interface AlarmsProps {
  readonly topic: ITopic;
  readonly functionTimeout: Duration;
  readonly backlogAlarmAfterHours: number;
  readonly quietAlarmAfterHours?: number | undefined;
}

type Definition = Pick<AlarmProps, 'threshold' | 'treatMissingData'> &
  Partial<AlarmProps> & { readonly metric: IMetric; readonly says: string };

const FIVE_MINUTES = Duration.minutes(5);
/** Without a rate limit, a message this old has been retried for long. */
const UNLIMITED_AGE_HOURS = 1;
/** The function ends its work 15 s before its time is up, so only one that hangs comes this close. */
const HANGS_BEFORE_TIMEOUT = Duration.seconds(5);

/** Every alarm: metric, threshold, and why missing data is treated so. The text says what it means and where to read on. */
export const createAlarms = (
  relay: RocketChatRelay,
  { topic, ...options }: AlarmsProps,
): Readonly<Partial<Record<AlarmName, Alarm>>> => {
  const scope = new Construct(relay, 'Alarms');
  const action = new SnsAction(topic);
  const alarms = Object.entries(definitions(relay, options)).map(([name, definition]) => {
    const { says, ...props } = definition;
    const alarm = new Alarm(scope, name, {
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: 1,
      ...props,
      alarmName: `${relay.serviceName}-${name}`,
      alarmDescription: `${says} What to do: docs/operating.md#${name.toLowerCase()} (stack ${Stack.of(relay).stackName})`,
    });
    alarm.addAlarmAction(action);
    alarm.addOkAction(action);
    return [name, alarm] as const;
  });
  return Object.fromEntries(alarms);
};

const definitions = (
  relay: RocketChatRelay,
  options: Omit<AlarmsProps, 'topic'>,
): Partial<Record<AlarmName, Definition>> => ({
  [AlarmName.DeadLetters]: {
    says: 'Objects were given up and wait in the dead-letter queue.',
    metric: relay.deadLetterQueue.metricApproximateNumberOfMessagesVisible({ statistic: Stats.MAXIMUM }),
    threshold: 1,
    // SQS falls silent about a queue that has been empty and unused for six hours; one with messages it always reports.
    treatMissingData: TreatMissingData.NOT_BREACHING,
  },
  [AlarmName.BacklogTooOld]: backlogTooOld(relay, options.backlogAlarmAfterHours),
  [AlarmName.Misconfigured]: {
    says: 'Objects wait for an operator: the token, a room, a permission.',
    metric: relay.metricMisconfigured(),
    threshold: 1,
    // Written only when it happens: no news is good news.
    treatMissingData: TreatMissingData.NOT_BREACHING,
  },
  [AlarmName.DeliveriesFail]: deliveriesFail(relay),
  [AlarmName.FunctionErrors]: {
    says: 'The function itself fails: it can not start, crashes or runs out of memory.',
    metric: relay.function.metricErrors(),
    threshold: 1,
    // One crash is retried and done with; three in a quarter of an hour are a pattern.
    evaluationPeriods: 3,
    // No invocation, no error.
    treatMissingData: TreatMissingData.NOT_BREACHING,
  },
  [AlarmName.FunctionThrottled]: {
    says: 'Lambda refuses to run the function: the concurrency of the account is used up.',
    metric: relay.function.metricThrottles(),
    threshold: 1,
    // SQS tries again within a minute; only what lasts delays anything.
    evaluationPeriods: 3,
    // No invocation, no throttle.
    treatMissingData: TreatMissingData.NOT_BREACHING,
  },
  [AlarmName.FunctionTimesOut]: {
    says: 'The function ran until Lambda ended it.',
    // Lambda has no metric of time-outs; an invocation that was ended lasted as long as it may.
    metric: relay.function.metricDuration({ statistic: Stats.MAXIMUM }),
    threshold: options.functionTimeout.minus(HANGS_BEFORE_TIMEOUT).toMilliseconds(),
    // No invocation, no time-out.
    treatMissingData: TreatMissingData.NOT_BREACHING,
  },
  [AlarmName.LoopSuspected]: {
    says: "Rocket.Chat's own files come by: posting them would go round in circles.",
    metric: relay.metricLoopSuspected(),
    threshold: 1,
    // Written only when it happens.
    treatMissingData: TreatMissingData.NOT_BREACHING,
  },
  ...(options.quietAlarmAfterHours !== undefined && {
    [AlarmName.NothingPosted]: {
      says: `Nothing was posted for ${options.quietAlarmAfterHours} hours.`,
      metric: relay.metricObjectsPosted({ period: Duration.hours(1) }),
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      threshold: 1,
      evaluationPeriods: options.quietAlarmAfterHours,
      // Silence is what this one listens for.
      treatMissingData: TreatMissingData.BREACHING,
    },
  }),
});

/**
 * While a rate limit holds, a message has waited `age` and will wait `drain` more: their sum stays the same as long as
 * the queue moves, and grows when it does not. Without a limit nothing explains a message that is an hour old.
 */
const backlogTooOld = (relay: RocketChatRelay, limitedHours: number): Definition => {
  const period = Duration.minutes(15);
  const [limited, unlimited] = [limitedHours * 3600, UNLIMITED_AGE_HOURS * 3600];
  return {
    says: `Uploads wait longer than expected: ${UNLIMITED_AGE_HOURS} h without a rate limit, ${limitedHours} h with one.`,
    metric: new MathExpression({
      expression: `IF(FILL(drain, -1) >= 0, (age + FILL(drain, 0)) / ${limited}, age / ${unlimited})`,
      label: 'Age of the oldest upload, 1 is what is allowed',
      usingMetrics: {
        age: relay.queue.metricApproximateAgeOfOldestMessage({ statistic: Stats.MAXIMUM, period }),
        drain: relay.metricExpectedDrainTime({ period }),
      },
      period,
    }),
    comparisonOperator: ComparisonOperator.GREATER_THAN_THRESHOLD,
    threshold: 1,
    // The function tells the drain time every five minutes while it is invoked; a period without it proves nothing yet.
    evaluationPeriods: 3,
    // SQS falls silent about a queue that is empty.
    treatMissingData: TreatMissingData.NOT_BREACHING,
  };
};

const deliveriesFail = (relay: RocketChatRelay): Definition => ({
  says: 'Most deliveries fail and are retried: the chat server, the network or AWS has a fault.',
  metric: new MathExpression({
    // A single file that fails and is retried is no rate.
    expression: `IF(FILL(retried, 0) >= 5, 100 * FILL(retried, 0) / (FILL(retried, 0) + FILL(posted, 0)), 0)`,
    label: 'Failed deliveries, per cent',
    usingMetrics: { retried: relay.metricRetried(), posted: relay.metricObjectsPosted() },
    period: FIVE_MINUTES,
  }),
  threshold: 50,
  evaluationPeriods: 3,
  // Neither metric is written while nothing is uploaded.
  treatMissingData: TreatMissingData.NOT_BREACHING,
});
