import { beforeEach, describe, expect, it } from 'vitest';
import type { Outcome } from '../../../lambdas/relay/outcome.ts';
import { createPacing, type Pacing } from '../../../lambdas/relay/pacing/pacing.ts';
import { notification, sqsRecord } from '../../helpers/factories.ts';
import { createHandClock, type HandClock } from '../../helpers/hand-clock.ts';

const HOUR_MS = 3_600_000;

let clock: HandClock;
let pacing: Pacing;
let countToWake: number;
let drainMs: number;
let fails: boolean;
let reads: number;
let woken: string[];
let released: number;
let metrics: [string, number | undefined][];
let warnings: string[];

beforeEach(() => {
  clock = createHandClock();
  [countToWake, drainMs, fails, reads] = [0, 62_000, false, 0];
  [woken, released, metrics, warnings] = [[], 0, [], []];
  const log = (message: string) => void warnings.push(message);
  pacing = createPacing({
    clock,
    logger: { info: log, warn: log, error: log },
    metrics: { add: (name, value) => void metrics.push([name, value]) },
    pacer: {
      countToWake: () => countToWake,
      releasePlaces: (count) => {
        released += count;
      },
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
      await pacing.beforeBatch();
      clock.advance(60_000);
    }
    expect(reads).toBe(3);
    expect(metrics[0]).toEqual(['ExpectedDrainTime', 51 * 62]);
  });

  it('is not read without a limit', async () => {
    drainMs = 0;
    await pacing.beforeBatch();
    expect(reads).toBe(0);
  });

  it('is not read again at once when a read fails, and the failure is logged', async () => {
    fails = true;
    await pacing.beforeBatch();
    await pacing.beforeBatch();
    expect(reads).toBe(1);
    expect(warnings).toEqual(['the depth of the queue could not be read']);
  });
});

describe('sleepers', () => {
  it('are woken when calls are left, those first that would wake last', async () => {
    pacing.addSleeper(record('a'), [waits()], HOUR_MS);
    pacing.addSleeper(record('b'), [waits()], 2 * HOUR_MS);
    countToWake = 1;
    await pacing.afterBatch();
    expect(woken).toEqual(['handle of b']);
    expect(released).toBe(1);
  });

  it('are woken a thousand per batch when the limit is lifted', async () => {
    for (let count = 0; count < 1_500; count += 1) pacing.addSleeper(record(`message-${count}`), [waits()], HOUR_MS);
    countToWake = Number.POSITIVE_INFINITY;
    await pacing.afterBatch();
    expect(woken).toHaveLength(1_000);
    await pacing.afterBatch();
    expect(new Set(woken).size).toBe(1_500);
  });

  it('wake at their own time when the call that wakes them fails', async () => {
    pacing.addSleeper(record('a'), [waits()], HOUR_MS);
    [countToWake, fails] = [5, true];
    await pacing.afterBatch();
    expect(warnings).toEqual(['messages could not be woken; they wake at their own time']);
  });

  it.each<[string, Outcome[]]>([
    ['waits for another reason', [waits({ failureKind: 'transient' })]],
    ['waits for the limit and for another reason', [waits(), waits({ failureKind: 'misconfigured' })]],
    ['does not wait', [{ kind: 'ignored', detail: 'no route fits' }]],
  ])('do not include a message that %s', async (_, outcomes) => {
    pacing.addSleeper(record('a'), outcomes, HOUR_MS);
    countToWake = 5;
    await pacing.afterBatch();
    expect(woken).toEqual([]);
    expect(pacing.removeSleeper(record('a', 2)).isUntouched).toBe(false);
  });
});

describe('a message that comes back', () => {
  it('is untouched if it has only slept and this process put it to sleep', () => {
    pacing.addSleeper(record('a'), [waits()], HOUR_MS);
    expect(pacing.removeSleeper(record('a', 2)).isUntouched).toBe(true);
  });

  it.each<[string, Outcome[], number]>([
    ['another process has received it since', [waits()], 3],
    ['an upload has begun', [waits({ isUntouched: false })], 2],
    ['another of its objects is settled', [waits(), { kind: 'ignored', detail: 'no route fits' }], 2],
  ])('is not untouched if %s', (_, outcomes, receiveCount) => {
    pacing.addSleeper(record('a'), outcomes, HOUR_MS);
    expect(pacing.removeSleeper(record('a', receiveCount)).isUntouched).toBe(false);
  });

  it('is not untouched if this process does not remember it', () => {
    expect(pacing.removeSleeper(record('a', 1)).isUntouched).toBe(false);
  });
});
