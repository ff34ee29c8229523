import { describe, expect, it } from 'vitest';
import { ChatAnswerError, RoomError } from '../../../lambdas/relay/domain/errors.ts';
import type { Route } from '../../../lambdas/relay/domain/settings.ts';
import { createdObject, START } from '../../helpers/factories.ts';
import { createRelayWorld, type RelayWorld, settingsOf } from '../../helpers/relay-world.ts';

const worldOf = (route: Partial<Route>) => createRelayWorld(settingsOf({ routes: [{ room: '#general', ...route }] }));
const version = (sequencer: string, key = 'reports/weekly.pdf') =>
  createdObject({ key, sequencer, eTag: `e${sequencer}`, sizeBytes: 7 });
const threadsOf = (world: RelayWorld) => world.messages.map(({ threadId }) => threadId);
const times = (world: RelayWorld, call: RelayWorld['calls'][number]) =>
  world.calls.filter((made) => made === call).length;

describe('a route with a thread for each', () => {
  it.each<['prefix' | 'day', object, string]>([
    ['prefix', {}, '["prefix","example-uploads","reports/"]'],
    ['day', { createdAt: START }, '["day","2026-03-05"]'],
  ])('%s posts under the message that starts it', async (thread, overrides, name) => {
    const world = worldOf({ thread });
    await world.run({ object: createdObject({ sizeBytes: 7, ...overrides }) });
    expect(threadsOf(world)).toEqual([`root-of-id-of-general-${name}`]);
    expect(world.calls).toEqual([
      'resolve',
      'open',
      'media',
      'claimUploaded',
      'findOther',
      'thread',
      'confirm',
      'record',
    ]);
  });

  it('key posts later versions under the first one', async () => {
    const world = worldOf({ thread: 'key' });
    for (const sequencer of ['1', '2', '3']) await world.run({ object: version(sequencer) });
    expect(threadsOf(world)).toEqual([undefined, 'message-1', 'message-1']);
  });

  it('key starts a thread of its own for each key and room', async () => {
    const world = createRelayWorld(settingsOf({ routes: [{ rooms: ['#a', '#b'], thread: 'key' }] }));
    world.objects.set('other', { content: 'content' });
    for (const object of [version('1'), version('1', 'other'), version('2'), version('2', 'other')]) {
      await world.runAll({ object });
    }
    expect(world.messages.map(({ id, roomId, threadId }) => [id, roomId.slice(-1), threadId])).toEqual([
      ['message-1', 'a', undefined],
      ['message-2', 'b', undefined],
      ['message-3', 'a', undefined],
      ['message-4', 'b', undefined],
      ['message-5', 'a', 'message-1'],
      ['message-6', 'b', 'message-2'],
      ['message-7', 'a', 'message-3'],
      ['message-8', 'b', 'message-4'],
    ]);
  });

  it('key starts a new thread after the first message was deleted, and keeps to it', async () => {
    const world = worldOf({ thread: 'key' });
    for (const sequencer of ['1', '2']) await world.run({ object: version(sequencer) });
    world.deleted.add('message-1');
    for (const sequencer of ['3', '4']) await world.run({ object: version(sequencer) });
    expect(threadsOf(world)).toEqual([undefined, 'message-1', undefined, 'message-3']);
  });

  it('key keeps to the first message after one of its answers was deleted', async () => {
    const world = worldOf({ thread: 'key' });
    for (const sequencer of ['1', '2']) await world.run({ object: version(sequencer) });
    world.deleted.add('message-2');
    await world.run({ object: version('3') });
    expect(threadsOf(world)).toEqual([undefined, 'message-1', 'message-1']);
  });

  it('key continues the thread of messages that were posted before the route had threads', async () => {
    const world = worldOf({});
    await world.run({ object: version('1') });
    (world.deps.settings.routes[0] as { thread?: string }).thread = 'key';
    await world.run({ object: version('2') });
    expect(threadsOf(world)).toEqual([undefined, 'message-1']);
  });

  it('key makes a version wait for an older one that is still being delivered', async () => {
    const world = worldOf({ thread: 'key' });
    world.waits.media = 60_000;
    await world.run({ object: version('1') });
    // The older version took its entry and waits for the rate limit; the newer one takes its own and waits for it.
    world.waits.media = 0;
    const newer = await world.run({ object: version('2') });
    expect(newer).toMatchObject({ kind: 'retrying', reason: 'LEASED' });
    expect(await world.run({ object: version('1'), receiveCount: 2 })).toMatchObject({ reason: 'SUPERSEDED' });
    expect(await world.run({ object: version('2'), receiveCount: 2 })).toMatchObject({ kind: 'posted' });
  });
});

describe('a thread that cannot be used', () => {
  it('keeps the upload, and the next delivery confirms it', async () => {
    const world = worldOf({ thread: 'day' });
    world.fail('thread', new ChatAnswerError('too many', { status: 429, retryAt: world.clock.now() + 3_000 }));
    const waiting = await world.run();
    expect(waiting).toMatchObject({ kind: 'retrying', failureKind: 'throttled', isUntouched: false });
    world.clock.advance(5_000);
    expect(await world.run({ receiveCount: 2 })).toMatchObject({ kind: 'posted', fileId: 'file-1' });
    expect(times(world, 'media')).toBe(1);
  });

  it.each([
    [
      'a room that is archived',
      new ChatAnswerError('chat.sendMessage answered 400: room_is_archived', { status: 400 }),
    ],
    ['a thread that was deleted too often', new RoomError('x', { code: 'THREAD_DELETED' })],
  ])('for %s waits for the operator', async (_, error) => {
    const world = worldOf({ thread: 'prefix' });
    world.fail('thread', error);
    expect(await world.run()).toMatchObject({
      kind: 'retrying',
      failureKind: 'misconfigured',
      reason: 'ROOM_UNAVAILABLE',
    });
    expect(world.messages).toEqual([]);
  });
});
