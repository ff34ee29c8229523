import { describe, expect, it } from 'vitest';
import type { Route } from '../../../lambdas/relay/domain/settings.ts';
import {
  dependsOnVersions,
  judgeVersions,
  postsOnlyFirst,
  type Version,
  versionOrder,
} from '../../../lambdas/relay/domain/versions.ts';

const NOW = 1_000_000;
const order = (sequencer: string) => versionOrder({ sequencer, eTag: undefined });
const own = { order: order('5'), eTag: 'same', sizeBytes: 7 };

const version = (sequencer: string | undefined, overrides: Partial<Version> = {}): Version => ({
  order: versionOrder({ sequencer, eTag: 'backfill' }),
  state: 'settled',
  eTag: `e${sequencer}`,
  sizeBytes: 7,
  leaseExpiresAt: undefined,
  settledAt: 100,
  threadId: `message-${sequencer}`,
  ...overrides,
});
const claimed = (sequencer: string | undefined, leaseExpiresAt?: number) =>
  version(sequencer, { state: 'claimed', settledAt: undefined, threadId: undefined, leaseExpiresAt });
const uploaded = (sequencer: string | undefined) => ({ ...claimed(sequencer), state: 'uploaded' as const });

describe('a version', () => {
  it.each<[string, 'each' | 'first' | 'changed', readonly Version[], unknown]>([
    ['alone', 'each', [], { kind: 'deliver', parent: undefined }],
    ['alone', 'first', [], { kind: 'deliver', parent: undefined }],
    ['alone', 'changed', [], { kind: 'deliver', parent: undefined }],

    ['after a posted one', 'each', [version('4')], { kind: 'deliver', parent: 'message-4' }],
    ['after a posted one', 'first', [version('4')], { kind: 'ignored', parent: 'message-4' }],
    ['after a posted one with other content', 'changed', [version('4')], { kind: 'deliver', parent: 'message-4' }],
    [
      'after a posted one with the same content',
      'changed',
      [version('4', { eTag: 'same' })],
      { kind: 'ignored', parent: 'message-4' },
    ],
    [
      'after one with the same eTag and another size',
      'changed',
      [version('4', { eTag: 'same', sizeBytes: 8 })],
      { kind: 'deliver' },
    ],
    [
      'whose content was posted, but not last',
      'changed',
      [version('4'), version('3', { eTag: 'same' })],
      { kind: 'deliver' },
    ],

    ['before a posted one', 'each', [version('6')], { kind: 'superseded' }],
    ['before a posted one', 'changed', [version('6')], { kind: 'superseded' }],
    ['before a posted one', 'first', [version('6')], { kind: 'ignored' }],
    ['before an uploaded one', 'first', [uploaded('6')], { kind: 'superseded' }],
    ['before a claimed one', 'first', [claimed('6')], { kind: 'deliver' }],

    ['after a claimed one', 'each', [claimed('4')], { kind: 'wait' }],
    ['after a claimed one', 'first', [claimed('4')], { kind: 'wait' }],
    ['after an uploaded one', 'first', [uploaded('4')], { kind: 'wait' }],
    ['after a claimed one', 'changed', [claimed('4')], { kind: 'wait' }],
    ['after a claimed and a posted one', 'changed', [claimed('4'), version('3', { eTag: 'same' })], { kind: 'wait' }],
    ['after a claimed and a posted one', 'first', [claimed('4'), version('3')], { kind: 'ignored' }],

    ['after a backfilled one', 'first', [version(undefined)], { kind: 'ignored' }],
    ['while a backfilled one is claimed', 'first', [claimed(undefined)], { kind: 'deliver' }],
    ['while a backfilled one is claimed', 'changed', [claimed(undefined)], { kind: 'deliver' }],
    ['after a backfilled one', 'each', [version(undefined)], { kind: 'deliver', parent: 'message-undefined' }],
    [
      'after a backfilled one that was posted last with the same content',
      'changed',
      [version(undefined, { eTag: 'same', settledAt: 200 }), version('4')],
      { kind: 'ignored' },
    ],
    [
      'after a backfilled one with the same content that was posted before another',
      'changed',
      [version(undefined, { eTag: 'same', settledAt: 50 }), version('4')],
      { kind: 'deliver' },
    ],
  ])('%s, with overwrites: %s', (_, overwrites, others, verdict) => {
    expect(judgeVersions(own, others, { overwrites }, { now: NOW, isPatient: true })).toMatchObject(verdict as object);
  });

  it('without an eTag counts as changed', () => {
    const unknown = { ...own, eTag: undefined };
    const others = [version('4', { eTag: undefined })];
    const verdict = judgeVersions(unknown, others, { overwrites: 'changed' }, { now: NOW, isPatient: true });
    expect(verdict).toMatchObject({ kind: 'deliver' });
  });

  it('waits for an older one that nobody works on only while it is patient', () => {
    const judge = (other: Version, isPatient: boolean) =>
      judgeVersions(own, [other], { overwrites: 'first' }, { now: NOW, isPatient }).kind;
    expect(judge(claimed('4'), true)).toBe('wait');
    expect(judge(claimed('4'), false)).toBe('deliver');
    expect(judge(claimed('4', NOW - 1), false)).toBe('deliver');
    expect(judge(claimed('4', NOW), false)).toBe('wait');
  });

  it('waits for older ones if it is backfilled', () => {
    const backfilled = { order: versionOrder({ sequencer: undefined, eTag: 'x' }), eTag: 'x', sizeBytes: 7 };
    const verdict = judgeVersions(backfilled, [claimed('F')], { overwrites: 'first' }, { now: NOW, isPatient: true });
    expect(verdict).toEqual({ kind: 'wait' });
  });
});

describe('the order of versions', () => {
  it('is that of the sequencers, padded on the right, with backfilled ones last', () => {
    const orders = [
      order('0055AED6DC'),
      order('0055AED6DD'),
      order('1'),
      order('F'),
      versionOrder({ sequencer: undefined, eTag: '0' }),
    ];
    expect(orders.toSorted()).toEqual(orders);
    expect(order('1')).toBe(order('10'));
  });
});

it.each<[Pick<Route, 'overwrites' | 'thread'>, boolean, boolean]>([
  [{}, false, false],
  [{ overwrites: 'each' }, false, false],
  [{ thread: 'day' }, false, false],
  [{ thread: 'key' }, true, false],
  [{ overwrites: 'changed' }, true, false],
  [{ overwrites: 'first' }, true, true],
])('a route with %o depends on versions: %s, posts only the first: %s', (route, depends, isFirst) => {
  expect(dependsOnVersions(route)).toBe(depends);
  expect(postsOnlyFirst(route)).toBe(isFirst);
});

/**
 * Deliveries of several versions of one key, one step at a time, with the rules of `delivery/versions.ts`: an entry is
 * claimed, then the others are judged; with `first` they are judged again after the upload. `superseded` stands for
 * `Ledger.findOther`, which ends an older version after a newer one was claimed.
 */
type Step = 'new' | 'claimed' | 'judged' | 'uploaded' | 'ready' | 'posted' | 'ended';
interface State {
  readonly step: Step;
  readonly postedAt?: number;
}

const ENDED: ReadonlySet<Step> = new Set(['posted', 'ended']);
const SEQUENCERS = ['1', '2', '3'];

const asVersion = ({ step, postedAt }: State, index: number): Version | undefined => {
  if (step === 'new' || (step === 'ended' && postedAt === undefined)) return undefined;
  const sequencer = SEQUENCERS[index];
  if (ENDED.has(step)) return version(sequencer, { eTag: 'e', settledAt: postedAt });
  return step === 'claimed' || step === 'judged' ? claimed(sequencer, NOW) : uploaded(sequencer);
};

/** The next state of one version, or `undefined` if it has to wait or has ended. */
const advance = (states: readonly State[], index: number, overwrites: 'first' | 'changed', clock: number) => {
  const { step } = states[index] as State;
  const judge = (next: Step): State | undefined => {
    const others = states.flatMap((state, other) => (other === index ? [] : (asVersion(state, other) ?? [])));
    const isNewerClaimed = states.some(
      (state, other) => other > index && state.step !== 'new' && state.step !== 'ended',
    );
    if (overwrites === 'changed' && isNewerClaimed) return { step: 'ended' };
    const mine = { order: order(SEQUENCERS[index] ?? ''), eTag: 'e', sizeBytes: 7 };
    const verdict = judgeVersions(mine, others, { overwrites }, { now: NOW, isPatient: true });
    if (verdict.kind === 'wait') return undefined;
    if (verdict.kind === 'ignored') return { step: 'ended', postedAt: clock };
    return { step: verdict.kind === 'deliver' ? next : 'ended' };
  };
  switch (step) {
    case 'new':
      return { step: 'claimed' } as const;
    case 'claimed':
      return judge('judged');
    case 'judged':
      return { step: 'uploaded' } as const;
    case 'uploaded':
      return overwrites === 'first' ? judge('ready') : ({ step: 'ready' } as const);
    case 'ready':
      return { step: 'posted', postedAt: clock } as const;
    default:
      return undefined;
  }
};

/** Calls `check` with the end of every order in which the steps can be taken. */
const explore = (overwrites: 'first' | 'changed', count: number, check: (end: readonly State[]) => void): number => {
  const seen = new Set<string>();
  const visit = (states: readonly State[], clock: number): void => {
    const key = JSON.stringify(states);
    if (seen.has(key)) return;
    seen.add(key);
    let isOver = true;
    for (const index of states.keys()) {
      const next = advance(states, index, overwrites, clock);
      if (next === undefined) continue;
      isOver = false;
      visit(states.with(index, next), clock + 1);
    }
    if (isOver) check(states);
  };
  visit(
    Array.from({ length: count }, () => ({ step: 'new' as const })),
    1,
  );
  return seen.size;
};

describe.each(['first', 'changed'] as const)(
  'deliveries of the same content at the same time, with overwrites: %s',
  (overwrites) => {
    it.each([2, 3])('end with exactly one message of %i versions in every order of their steps', (count) => {
      const seen = explore(overwrites, count, (end) => {
        expect(
          end.map(({ step }) => step).filter((step) => !ENDED.has(step)),
          'no version waits for ever',
        ).toEqual([]);
        expect(end.filter(({ step }) => step === 'posted')).toHaveLength(1);
      });
      expect(seen).toBeGreaterThan(count * 10);
    });
  },
);
