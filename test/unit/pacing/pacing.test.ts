import { beforeEach, describe, expect, it } from 'vitest';
import type { Outcome } from '../../../lambdas/relay/outcome.ts';
import { createPacing, type Pacing } from '../../../lambdas/relay/pacing/pacing.ts';
import { notification, sqsRecord } from '../../helpers/factories.ts';
import { createHandClock, type HandClock } from '../../helpers/hand-clock.ts';

const HOUR_MS = 3_600_000;

let clock: HandClock;
let pacing: Pacing;
let room: number;
let drainMs: number;
let fails: boolean;
let reads: number;
let woken: string[];
let broughtForward: number[];
let asleep: number[];
let metrics: [string, number | undefined][];
let warnings: string[];

beforeEach(() => {
  clock = createHandClock();
  [room, drainMs, fails, reads] = [0, 62_000, false, 0];
  [woken, broughtForward, asleep, metrics, warnings] = [[], [], [], [], []];
  const log = (message: string) => void warnings.push(message);
  pacing = createPacing({
    clock,
    logger: { info: log, warn: log, error: log },
    metrics: { add: (name, value) => void metrics.push([name, value]) },
    pacer: {
      room: () => room,
      bringForward: (times) => void broughtForward.push(...times),
      knowAsleep: (messages) => void asleep.push(messages),
      drainMs: (objects) => Math.ceil(objects / 10) * drainMs,
    },
    backlog: {
      async read() {
        reads += 1;
        if (fails) throw new Error('AccessDenied');
        return { visible: 400, inFlight: 110 };
      },
      async wake(handles) {
        if (fails) throw new Error('AccessDenied');
        woken.push(...handles);
      },
    },
  });
});

const record = (id: string, receiveCount = 1) =>
  sqsRecord(notification(), {
    messageId: id,
    receiptHandle: `handle of ${id}`,
    attributes: { ApproximateReceiveCount: String(receiveCount) },
  });
const waits = (overrides: object = {}): Outcome => ({
  kind: 'retrying',
  delayMs: 60_000,
  attempts: 1,
  room: '#general',
  isUntouched: true,
  reason: 'RATE_LIMITED',
  detail: 'waits',
  httpStatus: undefined,
  errorType: undefined,
  failureKind: 'throttled',
  ...overrides,
});

describe('the depth of the queue', () => {
  it('is read every five minutes while there is a limit', async () => {
    for (let minute = 0; minute < 12; minute += 1) {
      await pacing.begin(10);
      clock.advance(60_000);
    }
    expect(reads).toBe(3);
    expect(asleep).toEqual([100, 100, 100]);
    expect(metrics[0]).toEqual(['ExpectedDrainTime', 51 * 62]);
  });

  it('is not read where there is none', async () => {
    drainMs = 0;
    await pacing.begin(10);
    expect(reads).toBe(0);
  });

  it('is done without where it can not be read, and not asked for again at once', async () => {
    fails = true;
    await pacing.begin(10);
    await pacing.begin(10);
    expect(reads).toBe(1);
    expect(warnings).toEqual(['the depth of the queue could not be read']);
  });
});

describe('messages that sleep', () => {
  it('are woken as far as there is room, those first that would sleep longest', async () => {
    pacing.slept(record('a'), [waits()], HOUR_MS);
    pacing.slept(record('b'), [waits()], 2 * HOUR_MS);
    room = 1;
    await pacing.end();
    expect(woken).toEqual(['handle of b']);
    expect(broughtForward).toEqual([clock.now() + 2 * HOUR_MS]);
  });

  it('are woken by the thousand when the limit is lifted', async () => {
    for (let count = 0; count < 1_500; count += 1) pacing.slept(record(`message-${count}`), [waits()], HOUR_MS);
    room = Number.POSITIVE_INFINITY;
    await pacing.end();
    expect(woken).toHaveLength(1_000);
    await pacing.end();
    expect(new Set(woken).size).toBe(1_500);
  });

  it('wake at their own time where they can not be woken', async () => {
    pacing.slept(record('a'), [waits()], HOUR_MS);
    [room, fails] = [5, true];
    await pacing.end();
    expect(warnings).toEqual(['messages could not be woken; they wake at their own time']);
  });

  it.each<[string, Outcome[]]>([
    ['for another reason', [waits({ failureKind: 'transient' })]],
    ['for the limit and for another reason', [waits(), waits({ failureKind: 'misconfigured' })]],
    ['for nothing', [{ kind: 'ignored', detail: 'no route fits' }]],
  ])('%s are left alone', async (_, outcomes) => {
    pacing.slept(record('a'), outcomes, HOUR_MS);
    room = 5;
    await pacing.end();
    expect(woken).toEqual([]);
    expect(pacing.removeSleeper(record('a', 2)).isUntouched).toBe(false);
  });
});

describe('a message that comes back', () => {
  it('is as new if it only ever waited here', () => {
    pacing.slept(record('a'), [waits()], HOUR_MS);
    expect(pacing.removeSleeper(record('a', 2)).isUntouched).toBe(true);
  });

  it.each<[string, Outcome[], number]>([
    ['another process had it meanwhile', [waits()], 3],
    ['an upload was begun', [waits({ isUntouched: false })], 2],
    ['another of its objects was settled', [waits(), { kind: 'ignored', detail: 'no route fits' }], 2],
  ])('is not if %s', (_, outcomes, receiveCount) => {
    pacing.slept(record('a'), outcomes, HOUR_MS);
    expect(pacing.removeSleeper(record('a', receiveCount)).isUntouched).toBe(false);
  });

  it('is not if nothing is known of it', () => {
    expect(pacing.removeSleeper(record('a', 1)).isUntouched).toBe(false);
  });
});
