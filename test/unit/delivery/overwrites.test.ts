import { describe, expect, it } from 'vitest';
import { LedgerError } from '../../../lambdas/relay/domain/errors.ts';
import type { Route } from '../../../lambdas/relay/domain/settings.ts';
import { createdObject } from '../../helpers/factories.ts';
import { createRelayWorld, HOUR_MS, type RelayWorld, settingsOf } from '../../helpers/relay-world.ts';

const worldOf = (overwrites: Route['overwrites'], more: Partial<Route> = {}) =>
  createRelayWorld(settingsOf({ routes: [{ room: '#general', overwrites, ...more }] }));
const version = (sequencer: string | undefined, eTag = `e${sequencer}`) =>
  createdObject({ sequencer, eTag, sizeBytes: 7 });
const times = (world: RelayWorld, call: RelayWorld['calls'][number]) =>
  world.calls.filter((made) => made === call).length;

describe('overwrites', () => {
  it.each<[NonNullable<Route['overwrites']>, readonly (readonly [string | undefined, string])[], readonly string[]]>([
    [
      'each',
      [
        ['1', 'x'],
        ['2', 'x'],
        ['3', 'y'],
      ],
      ['posted', 'posted', 'posted'],
    ],
    [
      'first',
      [
        ['1', 'x'],
        ['2', 'y'],
        ['3', 'x'],
      ],
      ['posted', 'ignored', 'ignored'],
    ],
    [
      'first',
      [
        ['2', 'x'],
        ['1', 'y'],
        ['3', 'z'],
      ],
      ['posted', 'ignored', 'ignored'],
    ],
    [
      'first',
      [
        [undefined, 'x'],
        ['1', 'y'],
      ],
      ['posted', 'ignored'],
    ],
    [
      'first',
      [
        ['1', 'x'],
        [undefined, 'x'],
      ],
      ['posted', 'duplicate'],
    ],
    [
      'first',
      [
        ['1', 'x'],
        [undefined, 'y'],
      ],
      ['posted', 'ignored'],
    ],
    [
      'changed',
      [
        ['1', 'x'],
        ['2', 'x'],
        ['3', 'y'],
        ['4', 'y'],
        ['5', 'x'],
      ],
      ['posted', 'ignored', 'posted', 'ignored', 'posted'],
    ],
    [
      'changed',
      [
        ['2', 'x'],
        ['1', 'x'],
      ],
      ['posted', 'gone'],
    ],
    [
      'changed',
      [
        ['1', 'x'],
        ['2', 'x'],
        ['3', 'x'],
      ],
      ['posted', 'ignored', 'ignored'],
    ],
  ])('%s: the versions %j end as %j', async (overwrites, versions, ends) => {
    const world = worldOf(overwrites);
    const kinds: string[] = [];
    for (const [sequencer, eTag] of versions) kinds.push((await world.run({ object: version(sequencer, eTag) })).kind);
    expect(kinds).toEqual(ends);
    expect(world.messages).toHaveLength(ends.filter((end) => end === 'posted').length);
  });

  it.each(['first', 'changed'] as const)(
    '%s: an ignored version is recorded, and its repeats are not checked',
    async (overwrites) => {
      const world = worldOf(overwrites);
      await world.run({ object: version('1', 'x') });
      const ignored = await world.run({ object: version('2', 'x') });
      expect(ignored).toMatchObject({ kind: 'ignored', room: '#general', detail: expect.stringMatching(/version/) });
      const before = times(world, 'findVersions');
      expect(await world.run({ object: version('2', 'x'), receiveCount: 2 })).toMatchObject({ kind: 'duplicate' });
      expect(times(world, 'findVersions')).toBe(before);
      expect(times(world, 'media'), 'nothing is uploaded for an ignored version').toBe(1);
    },
  );

  it('first: asks again between the upload and the confirm', async () => {
    const world = worldOf('first');
    expect(await world.run()).toMatchObject({ kind: 'posted' });
    const calls = ['resolve', 'claim', 'findVersions', 'open', 'media', 'record', 'findVersions', 'confirm', 'record'];
    expect(world.calls).toEqual(calls);
  });

  it('first: posts an older version although a newer one has been claimed', async () => {
    const world = worldOf('first');
    world.waits.media = 60_000;
    await world.run({ object: version('2') });
    world.waits.media = 0;
    expect(await world.run({ object: version('1') })).toMatchObject({ kind: 'posted' });
    expect(await world.run({ object: version('2'), receiveCount: 2 })).toMatchObject({ kind: 'ignored' });
  });

  it('first: posts a later version after the earlier one was refused', async () => {
    const world = worldOf('first');
    expect(await world.run({ object: createdObject({ sequencer: '1', sizeBytes: 0 }) })).toMatchObject({
      kind: 'dead-lettered',
    });
    expect(await world.run({ object: version('2') })).toMatchObject({ kind: 'posted' });
  });

  it.each(['first', 'changed'] as const)(
    '%s: a version waits for an older one that is being delivered',
    async (overwrites) => {
      const world = worldOf(overwrites);
      world.waits.media = 60_000;
      await world.run({ object: version('1', 'x') });
      world.waits.media = 0;
      const sentAt = world.clock.now();
      const waiting = await world.run({ object: version('2', 'y'), sentAt });
      expect(waiting).toMatchObject({
        kind: 'retrying',
        reason: 'LEASED',
        detail: expect.stringMatching(/older version/),
      });
      expect(world.messages).toEqual([]);
      // The message of the older one is lost. Nobody works on it, so the newer one does not wait for ever.
      world.clock.advance(24 * HOUR_MS);
      expect(await world.run({ object: version('2', 'y'), receiveCount: 2, sentAt })).toMatchObject({ kind: 'posted' });
    },
  );

  it('are counted for each room alone', async () => {
    const world = createRelayWorld(settingsOf({ routes: [{ rooms: ['#a', '#b'], overwrites: 'first' }] }));
    world.fail('resolve', new LedgerError('x', { code: 'LEDGER_UNAVAILABLE' }));
    expect(await world.runAll({ object: version('1') })).toMatchObject([{ kind: 'retrying' }, { kind: 'posted' }]);
    expect(await world.runAll({ object: version('2') })).toMatchObject([{ kind: 'posted' }, { kind: 'ignored' }]);
  });

  it('changed: an ignored version keeps the thread of its key', async () => {
    const world = worldOf('changed', { thread: 'key' });
    for (const [sequencer, eTag] of [
      ['1', 'x'],
      ['2', 'x'],
      ['3', 'y'],
    ] as const)
      await world.run({ object: version(sequencer, eTag) });
    expect(world.messages.map(({ threadId }) => threadId)).toEqual([undefined, 'message-1']);
  });

  it.each(['findVersions', 'record'] as const)(
    'changed: are decided again after a failure of the ledger: %s',
    async (call) => {
      const world = worldOf('changed');
      await world.run({ object: version('1', 'x') });
      world.fail(call, new LedgerError('x', { code: 'LEDGER_UNAVAILABLE' }));
      expect(await world.run({ object: version('2', 'x') })).toMatchObject({
        kind: 'retrying',
        reason: 'LEDGER_ERROR',
      });
      world.clock.advance(HOUR_MS);
      expect(await world.run({ object: version('2', 'x'), receiveCount: 2 })).toMatchObject({ kind: 'ignored' });
      expect(world.messages).toHaveLength(1);
    },
  );
});
