import { describe, expect, it } from 'vitest';
import { retryDelayMs } from '../../../lambdas/relay/domain/retry-delay.ts';
import { LONGEST_BACKOFF } from '../../../lib/infra/monitoring/alarms.ts';
import { synthesise } from '../synthesise.ts';
import { type AlarmProperties, changesOf, evaluate, type Timeline } from './cloudwatch.ts';
import { relayTimeline, type State, type World } from './relay-timeline.ts';

const { template } = synthesise({});
const alarms = Object.values(template.findResources('AWS::CloudWatch::Alarm')).map(
  ({ Properties }) => [String(Properties.AlarmName).split('-').at(-1) ?? '', Properties as AlarmProperties] as const,
);
const queue = Object.values(template.findResources('AWS::SQS::Queue')).find(
  ({ Properties }) => Properties.RedrivePolicy !== undefined,
)?.['Properties'];

const HOUR = 60;
/** The fault lasts from the beginning until this minute. */
const MENDED_AT = 20 * HOUR;
const MINUTES = 30 * HOUR;

const UPLOADS = {
  'one upload a day': [60, 24 * 3600 + 60],
  'one upload an hour': Array.from({ length: 28 }, (_, i) => 60 + i * 3600),
  'a burst of 50 uploads': Array.from({ length: 50 }, (_, i) => 60 + i / 10),
} as const;
const SEEDS = [1, 2, 3];

/** Mulberry32. */
const randomOf = (seed: number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
};

const world = (uploads: readonly number[], stateAt: World['stateAt'], seed: number): World => ({
  uploads,
  stateAt,
  minutes: MINUTES,
  random: randomOf(seed),
  visibilityTimeoutSeconds: queue?.VisibilityTimeout,
  maxReceiveCount: queue?.RedrivePolicy.maxReceiveCount,
});

/** When each alarm starts and ends, by its name; alarms that never start are left out. */
const firings = (timeline: Timeline): Record<string, number[]> =>
  Object.fromEntries(
    alarms
      .map(([name, alarm]) => [name, changesOf(alarm, timeline, MINUTES).map(({ minute }) => minute)] as const)
      .filter(([, minutes]) => minutes.length > 0),
  );

/** The earliest and the latest minute after the first upload at which an alarm may start. */
type Expected = Readonly<Record<string, readonly [number, number]>>;

const STALLED = { QueueStalled: [55, 70] } as const;
const CASES: readonly (readonly [State, Expected])[] = [
  ['cannot-start', { FunctionErrors: [0, 35], ...STALLED }],
  ['wrong-token', { Misconfigured: [0, 2], BacklogTooOld: [60, 125], ...STALLED }],
  ['server-down', { DeliveriesFail: [15, 80], BacklogTooOld: [60, 125], ...STALLED }],
];

describe.each(Object.entries(UPLOADS))('with %s', (_name, uploads) => {
  it.each(CASES)('the state %s starts its alarms in time, once, and they end after the repair', (state, expected) => {
    for (const seed of SEEDS) {
      const timeline = relayTimeline(world(uploads, (at) => (at < MENDED_AT * 60 ? state : 'healthy'), seed));
      const found = firings(timeline);
      expect([seed, Object.keys(found).sort()]).toEqual([seed, Object.keys(expected).sort()]);
      for (const [name, [earliest, latest]] of Object.entries(expected)) {
        const [start = 0, end = 0, ...later] = found[name] ?? [];
        // An alarm that flaps has further changes.
        expect([seed, name, later]).toEqual([seed, name, []]);
        expect(start, `${name} starts (seed ${seed})`).toBeGreaterThanOrEqual(1 + earliest);
        expect(start, `${name} starts (seed ${seed})`).toBeLessThanOrEqual(1 + latest);
        expect(end, `${name} ends (seed ${seed})`).toBeGreaterThan(MENDED_AT);
        expect(end, `${name} ends (seed ${seed})`).toBeLessThanOrEqual(MENDED_AT + 95);
      }
    }
  });

  it('a healthy relay starts no alarm', () => {
    expect(firings(relayTimeline(world(uploads, () => 'healthy', 1)))).toEqual({});
  });

  it('a chat server that restarts for five minutes starts no alarm', () => {
    for (const seed of SEEDS) {
      const stateAt = (at: number): State => (at < 5 * 60 ? 'server-down' : 'healthy');
      expect([seed, firings(relayTimeline(world(uploads, stateAt, seed)))]).toEqual([seed, {}]);
    }
  });
});

it('a burst that takes four hours under a rate limit starts no alarm', () => {
  const uploads = Array.from({ length: 2_400 / 10 }, (_, i) => 60 + i / 10);
  const timeline = relayTimeline({ ...world(uploads, () => 'healthy', 1), limit: 1 });
  expect(timeline.has('RocketChatRelay ExpectedDrainTime')).toBe(true);
  expect(firings(timeline)).toEqual({});
});

it('an object that waits until it is dead-lettered starts the alarm DeadLetters', () => {
  const timeline = relayTimeline(world([60], () => 'server-down', 1));
  const [start = 0] = firings(timeline)['DeadLetters'] ?? [];
  expect(start).toBeGreaterThan(24 * HOUR);
  expect(start).toBeLessThanOrEqual(26 * HOUR);
});

it('the periods of the alarms allow for the longest backoff', () => {
  expect(retryDelayMs(1_000, 1)).toBeLessThanOrEqual(LONGEST_BACKOFF.toMilliseconds());
});

describe('the simulation of CloudWatch', () => {
  const errors = (...minutes: number[]): Timeline =>
    new Map([['AWS/Lambda Errors', new Map(minutes.map((minute) => [minute, { sum: 1, maximum: 1, minimum: 1 }]))]]);
  const alarm = (properties: Partial<AlarmProperties>): AlarmProperties => ({
    Namespace: 'AWS/Lambda',
    MetricName: 'Errors',
    Period: 300,
    Statistic: 'Sum',
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    Threshold: 1,
    EvaluationPeriods: 1,
    TreatMissingData: 'notBreaching',
    ...properties,
  });

  it('starts an alarm at the end of the minute that breaches', () => {
    expect(changesOf(alarm({}), errors(10), 12)).toEqual([{ minute: 11, isAlarm: true }]);
  });

  it('uses older datapoints in place of missing ones, so the alarm ends two periods late', () => {
    expect(changesOf(alarm({}), errors(10), 60)).toEqual([
      { minute: 11, isAlarm: true },
      { minute: 26, isAlarm: false },
    ]);
  });

  it('needs DatapointsToAlarm of EvaluationPeriods', () => {
    const threeOfTwelve = alarm({ EvaluationPeriods: 12, DatapointsToAlarm: 3 });
    expect(changesOf(threeOfTwelve, errors(0, 16), 60)).toEqual([]);
    expect(changesOf(threeOfTwelve, errors(0, 16, 32), 40)).toEqual([{ minute: 33, isAlarm: true }]);
  });

  it('flaps if a period is shorter than the time between two failures', () => {
    expect(changesOf(alarm({}), errors(0, 50, 100), 120).filter(({ isAlarm }) => isAlarm)).toHaveLength(3);
    expect(changesOf(alarm({ Period: 3600 }), errors(0, 50, 100), 120)).toEqual([{ minute: 1, isAlarm: true }]);
  });

  it('evaluates metric math, and refuses a metric outside FILL', () => {
    expect(evaluate('IF(FILL(a, 0) > 1 AND FILL(b, 0) == 0, 1, 0)', { a: 2, b: undefined })).toBe(1);
    expect(evaluate('IF(FILL(a, 0) > 1 AND FILL(b, 0) == 0, 1, 0)', { a: 2, b: 1 })).toBe(0);
    expect(() => evaluate('FILL(a, 0) + b', { a: 1, b: 1 })).toThrow('b is not in a FILL');
  });
});
