/** What CloudWatch keeps of a metric's values of one minute. */
export interface Statistics {
  readonly sum: number;
  readonly maximum: number;
  readonly minimum: number;
}
/** The values of one metric, by the minute since the start of the simulation. */
export type MinuteValues = ReadonlyMap<number, Statistics>;
/** By `metricKey`. */
export type Timeline = ReadonlyMap<string, MinuteValues>;

interface MetricReference {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions?: unknown;
}

/** The properties of `AWS::CloudWatch::Alarm` that decide its state. */
export interface AlarmProperties extends Partial<MetricReference> {
  readonly ComparisonOperator: string;
  readonly Threshold: number;
  readonly EvaluationPeriods: number;
  readonly DatapointsToAlarm?: number;
  readonly TreatMissingData?: string;
  readonly Period?: number;
  readonly Statistic?: string;
  readonly Metrics?: readonly {
    readonly Id: string;
    readonly Expression?: string;
    readonly MetricStat?: { readonly Metric: MetricReference; readonly Period: number; readonly Stat: string };
  }[];
}

/** The name of a metric in a timeline. The two queues have metrics of the same name. */
export const metricKey = ({ Namespace, MetricName, Dimensions }: MetricReference): string =>
  `${Namespace} ${MetricName}${JSON.stringify(Dimensions ?? []).includes('DeadLetter') ? ' of dead letters' : ''}`;

/**
 * The minutes at which an alarm starts and ends, as CloudWatch evaluates it: every minute, over a sliding window of
 * `EvaluationPeriods` periods (CloudWatch User Guide, "Alarm evaluation window").
 */
export const changesOf = (
  alarm: AlarmProperties,
  timeline: Timeline,
  minutes: number,
): { readonly minute: number; readonly isAlarm: boolean }[] => {
  const changes: { minute: number; isAlarm: boolean }[] = [];
  let isAlarm = false;
  for (let minute = 1; minute <= minutes; minute++) {
    const next = isBreaching(alarm, timeline, minute);
    if (next !== isAlarm) changes.push({ minute, isAlarm: next });
    isAlarm = next;
  }
  return changes;
};

/**
 * CloudWatch reads a few more periods than it needs, and uses older ones in place of missing ones (CloudWatch User Guide,
 * "How alarm state is evaluated when data is missing").
 */
const SPARE_PERIODS = 2;

const isBreaching = (alarm: AlarmProperties, timeline: Timeline, minute: number): boolean => {
  const periods = alarm.EvaluationPeriods;
  const newestFirst = Array.from({ length: periods + SPARE_PERIODS }, (_, i) => datapoint(alarm, timeline, minute, i));
  const real = newestFirst.filter((value) => value !== undefined).slice(0, periods);
  const missing = periods - real.length;
  const breaching = real.filter((value) => compare(alarm, value)).length;
  const counted = alarm.TreatMissingData === 'breaching' ? missing : 0;
  if (!['breaching', 'notBreaching'].includes(alarm.TreatMissingData ?? '')) throw new Error('not simulated');
  return breaching + counted >= (alarm.DatapointsToAlarm ?? periods);
};

const compare = ({ ComparisonOperator, Threshold }: AlarmProperties, value: number): boolean => {
  switch (ComparisonOperator) {
    case 'GreaterThanThreshold':
      return value > Threshold;
    case 'GreaterThanOrEqualToThreshold':
      return value >= Threshold;
    case 'LessThanThreshold':
      return value < Threshold;
    default:
      throw new Error(`${ComparisonOperator} is not simulated`);
  }
};

/** The value of the period that ended `age` periods before `minute`; `undefined` if it is missing. */
const datapoint = (alarm: AlarmProperties, timeline: Timeline, minute: number, age: number): number | undefined => {
  if (alarm.Metrics === undefined) {
    const { Namespace = '', MetricName = '', Dimensions, Period = 0, Statistic = '' } = alarm;
    return statistic(timeline.get(metricKey({ Namespace, MetricName, Dimensions })), minute, age, Period, Statistic);
  }
  const values: Record<string, number | undefined> = {};
  let expression = '';
  for (const { Id, Expression, MetricStat } of alarm.Metrics) {
    if (Expression !== undefined) expression = Expression;
    if (MetricStat === undefined) continue;
    const { Metric, Period, Stat } = MetricStat;
    values[Id] = statistic(timeline.get(metricKey(Metric)), minute, age, Period, Stat);
  }
  return evaluate(expression, values);
};

const statistic = (
  values: MinuteValues | undefined,
  minute: number,
  age: number,
  periodSeconds: number,
  name: string,
): number | undefined => {
  const length = periodSeconds / 60;
  if (!Number.isInteger(length) || length < 1) throw new Error(`a period of ${periodSeconds} s is not simulated`);
  const end = minute - age * length;
  let found: Statistics | undefined;
  for (let at = end - length; at < end; at++) {
    const next = values?.get(at);
    if (next !== undefined) found = found === undefined ? next : combined(found, next);
  }
  if (name === 'Sum') return found?.sum;
  if (name === 'Maximum') return found?.maximum;
  if (name === 'Minimum') return found?.minimum;
  throw new Error(`the statistic ${name} is not simulated`);
};

export const combined = (a: Statistics, b: Statistics): Statistics => ({
  sum: a.sum + b.sum,
  maximum: Math.max(a.maximum, b.maximum),
  minimum: Math.min(a.minimum, b.minimum),
});

/**
 * Evaluates metric math for one datapoint. Every metric must stand in a FILL: the rules for missing values of operators
 * are not simulated. A FILL of a metric that has never been written is assumed to give the value, too; AWS does not
 * document this case.
 */
export const evaluate = (expression: string, values: Readonly<Record<string, number | undefined>>): number => {
  const run = compiled.get(expression) ?? compile(expression);
  compiled.set(expression, run);
  return run(IF, (name: string, otherwise: number) => values[name] ?? otherwise);
};

type Compiled = (iff: typeof IF, fill: (name: string, otherwise: number) => number) => number;
const compiled = new Map<string, Compiled>();
const IF = (condition: boolean, yes: number, no: number): number => (condition ? yes : no);

const compile = (expression: string): Compiled => {
  const unfilled = expression.replaceAll(/FILL\(\w+, -?\d+\)/g, '0').match(/\b[a-z]\w*\b/);
  if (unfilled !== null) throw new Error(`${unfilled[0]} is not in a FILL`);
  const javascript = expression
    .replaceAll(/FILL\((\w+),/g, "FILL('$1',")
    .replaceAll(' AND ', ' && ')
    .replaceAll(' == ', ' === ');
  return Function('IF', 'FILL', `return ${javascript}`) as Compiled;
};
