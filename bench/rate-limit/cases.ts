import { type Result, type Scenario, simulate } from '../../test/helpers/virtual/simulate.ts';
import { atMost, type Case, exactly, type Gate, postedOnce } from './case.ts';
import { costPerMillion } from './cost.ts';
import { pacerMicroseconds } from './overhead.ts';
import { SPOILT_HEADERS } from './spoilt-headers.ts';

/** Rocket.Chat's default. */
const STOCK = { calls: 10, windowMs: 60_000 };
const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** The time until the last window begins, when all earlier windows have ended. Its own calls are not included. */
const idealMs = (files: number, addresses = 1): number =>
  (Math.ceil(files / STOCK.calls / addresses) - 1) * STOCK.windowMs;

const times = (result: Result, files: number, addresses = 1): number => result.drainMs / idealMs(files, addresses);

const shape = ({ receives, rejected, ledger, sqs }: Result): string =>
  `receives ${receives.average.toFixed(2)} on average, ${receives.most} at most; 429s ${rejected}; ledger writes ` +
  `${ledger.writes}; visibility changes ${sqs.postpone}, wake-ups ${sqs.wake}, depth readings ${sqs.read}`;

export const cases: Readonly<Record<string, (seed: number) => Promise<Case>>> = {
  async oneProcess(seed) {
    const files = 1_000;
    const result = await simulate({ seed, files, addresses: ['a'], rateLimit: STOCK });
    return {
      name: '1,000 small files, 10 calls / 60 s, one process',
      gates: [
        atMost('of the ideal time', times(result, files), 1.1, ' ×'),
        atMost('receives on average', result.receives.average, 4),
        atMost('receives at most', result.receives.most, 12),
        atMost('429s in a window', result.rejectedInAWindow, 2),
        ...postedOnce(result, files),
      ],
      also: `${shape(result)}; ${costPerMillion(result, files)}`,
    };
  },

  async sharedAddress(seed) {
    const files = 1_000;
    const result = await simulate({ seed, files, addresses: ['a', 'a'], rateLimit: STOCK });
    return {
      name: 'the same, two processes behind one address',
      gates: [
        atMost('of the ideal time', times(result, files), 1.2, ' ×'),
        atMost('429s in a window', result.rejectedInAWindow, 4),
        ...postedOnce(result, files),
      ],
      also: `${shape(result)}; ${costPerMillion(result, files)}`,
    };
  },

  async threeBehindOneAddress(seed) {
    const files = 1_000;
    const result = await simulate({ seed, files, addresses: ['a', 'a', 'a'], rateLimit: STOCK });
    return {
      name: 'the same, three processes behind one address',
      gates: [atMost('of the ideal time', times(result, files), 1.3, ' ×'), ...postedOnce(result, files)],
      also: shape(result),
    };
  },

  async ownAddresses(seed) {
    const files = 1_000;
    const result = await simulate({ seed, files, addresses: ['a', 'b'], rateLimit: STOCK });
    return {
      name: 'the same, two processes with an address each (for information)',
      gates: postedOnce(result, files),
      also: `${times(result, files, 2).toFixed(2)} × of the ideal time at twice the pace; ${shape(result)}`,
    };
  },

  async longerThanRetryFor(seed) {
    const files = 20_000;
    const settings = { retryForHours: 24 };
    const result = await simulate({
      seed,
      files,
      addresses: ['a'],
      rateLimit: STOCK,
      settings,
      replaceEveryMs: 2 * HOUR_MS,
    });
    return {
      name: '20,000 files with retryForHours 24, the process replaced every two hours',
      gates: [
        atMost('of the ideal time', times(result, files), 1.1, ' ×'),
        atMost('429s in a window', result.rejectedInAWindow, 4),
        ...postedOnce(result, files),
      ],
      also:
        `${(result.drainMs / HOUR_MS).toFixed(1)} h, ${times(result, files).toFixed(2)} × of the ideal time; ` +
        `${shape(result)}; ${costPerMillion(result, files)}`,
    };
  },

  async raised(seed) {
    const rateLimit = { calls: 100, windowMs: STOCK.windowMs };
    const after = await runChange({ seed, afterMs: 30.3 * MINUTE_MS, rateLimit });
    return {
      name: 'the limit raised to 100 / 60 s after half an hour',
      gates: [
        exactly('confirms in the first window after it', after.inFirstWindow, rateLimit.calls),
        ...postedOnce(after.result, CHANGED_FILES),
      ],
      also: `first call ${(after.firstMs / SECOND_MS).toFixed(0)} s after the change, when the old window ended`,
    };
  },

  async lifted(seed) {
    const after = await runChange({ seed, afterMs: 30.3 * MINUTE_MS, rateLimit: undefined });
    return {
      name: 'the limit lifted after half an hour',
      gates: [
        exactly('of the rest posted within one window', after.within(MINUTE_MS), after.posts),
        ...postedOnce(after.result, CHANGED_FILES),
      ],
      also:
        `${after.posts} files in ${(after.tookMs / SECOND_MS).toFixed(0)} s, from ` +
        `${(after.firstMs / SECOND_MS).toFixed(0)} s after the change on, when the old window ended`,
    };
  },

  async liftedAndForgotten(seed) {
    const after = await runChange({ seed, afterMs: 30.3 * MINUTE_MS, rateLimit: undefined, isForgotten: true });
    return {
      name: 'the limit lifted while the process was replaced, so that no process can wake messages (for information)',
      gates: postedOnce(after.result, CHANGED_FILES),
      also: `the rest took ${(after.tookMs / MINUTE_MS).toFixed(0)} min: each message woke at its own time`,
    };
  },

  async unlimited(seed) {
    const files = 5_000;
    const scenario = { seed, files, addresses: ['a', 'b'], rateLimit: undefined };
    const paced = await simulate(scenario);
    const unpaced = await simulate({ ...scenario, isPaced: false });
    const more = (count: (result: Result) => number) => count(paced) - count(unpaced);
    return {
      name: 'no limit, compared with the same run without the pacer',
      gates: [
        exactly(
          'additional time in ms',
          more(({ drainMs }) => drainMs),
          0,
        ),
        exactly(
          'additional calls to SQS',
          more(({ sqs }) => sqs.receive + sqs.postpone + sqs.read + sqs.wake),
          0,
        ),
        exactly(
          'additional calls to DynamoDB',
          more(({ ledger }) => ledger.writes + ledger.reads),
          0,
        ),
        atMost('the pacer itself, per file', pacerMicroseconds(), 50, ' µs'),
        ...postedOnce(paced, files),
      ],
    };
  },

  async spoilt(seed) {
    const files = 200;
    const gates: Gate[] = [];
    for (const [name, scenario] of Object.entries(SPOILT_HEADERS)) {
      const result = await simulate({ seed, files, addresses: ['a'], rateLimit: STOCK, ...scenario });
      const isPosted = postedOnce(result, files).every(({ holds }) => holds);
      const holds = isPosted && result.rejectedInAWindow <= 5 && result.receives.most <= 25;
      const reached =
        `${times(result, files).toFixed(2)} ×, 429s in a window ${result.rejectedInAWindow}, ` +
        `receives ${result.receives.average.toFixed(1)} / ${result.receives.most}`;
      gates.push({ what: name, limit: 'posted, 429s a window ≤ 5, receives ≤ 25', reached, holds });
    }
    return { name: '200 files, with missing or invalid headers and wrong clocks', gates };
  },

  async fastLimit(seed) {
    const files = 3_000;
    const rateLimit = { calls: 600, windowMs: MINUTE_MS };
    const result = await simulate({ seed, files, addresses: ['a'], rateLimit });
    const { receive, postpone, wake } = result.sqs;
    return {
      name: '3,000 files, 600 calls / 60 s: the sleepers of a window take longer to receive than its first seconds',
      gates: [
        atMost('of the ideal time', result.drainMs / ((files / rateLimit.calls - 1) * MINUTE_MS), 1.25, ' ×'),
        atMost('SQS requests a file', (receive + postpone + wake) / files, 1.5),
        ...postedOnce(result, files),
      ],
      also: shape(result),
    };
  },

  async slowUploads(seed) {
    const files = 300;
    const result = await simulate({ seed, files, addresses: ['a'], rateLimit: STOCK, mediaMs: 15 * SECOND_MS });
    return {
      name: '300 files, uploads of 15 s each',
      gates: [atMost('of the ideal time', times(result, files), 1.3, ' ×'), ...postedOnce(result, files)],
      also: shape(result),
    };
  },

  async inFlightQuota(seed) {
    const files = 1_000;
    const result = await simulate({ seed, files, addresses: ['a'], rateLimit: STOCK, inFlightQuota: 300 });
    return {
      name: '1,000 files, with an SQS quota of 300 messages in flight',
      gates: [atMost('of the ideal time', times(result, files), 1.1, ' ×'), ...postedOnce(result, files)],
      also: shape(result),
    };
  },
};

const CHANGED_FILES = 1_000;

const runChange = async ({ seed, ...change }: { seed: number } & NonNullable<Scenario['change']>) => {
  const result = await simulate({ seed, files: CHANGED_FILES, addresses: ['a'], rateLimit: STOCK, change });
  const changedAt = result.startedAt + change.afterMs;
  const confirms = result.calls.filter(({ route, isAllowed }) => route === 'confirm' && isAllowed);
  const oldWindows = new Set(confirms.filter(({ at }) => at <= changedAt).map(({ window }) => window));
  const after = confirms.filter(({ at, window }) => at > changedAt && !oldWindows.has(window));
  const [firstAt = 0, lastAt = 0] = [after[0]?.at, after.at(-1)?.at];
  return {
    result,
    firstMs: firstAt - changedAt,
    tookMs: lastAt - firstAt,
    posts: after.length,
    within: (ms: number) => after.filter(({ at }) => at < firstAt + ms).length,
    inFirstWindow: after.filter(({ window }) => window === after[0]?.window).length,
  };
};
