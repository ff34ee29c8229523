import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LedgerError } from '../../../lambdas/relay/domain/errors.ts';
import type { Outcome } from '../../../lambdas/relay/outcome.ts';
import { createdObject, deliveryIdOf, leaseOf, START } from '../../helpers/factories.ts';
import {
  answer,
  createRelayWorld,
  HOUR_MS,
  lost,
  type RelayWorld,
  type RunOptions,
  settingsOf,
} from '../../helpers/relay-world.ts';

const ROOM_ID = 'id-of-general';
const id = deliveryIdOf({ roomId: ROOM_ID });

let world: RelayWorld;
beforeEach(() => {
  world = createRelayWorld();
});
afterEach(() => {
  expect(world.openSources()).toBe(0);
});

const entry = () => world.ledger.entries()[0];
const runUntilSettled = (options?: RunOptions, mostReceives?: number) => world.runUntilSettled(options, mostReceives);
const times = (call: RelayWorld['calls'][number]) => world.calls.filter((made) => made === call).length;

const DELAYS_OF_THREE_LOOKS = [5_000, 15_000, 75_000];
const delaysOf = (outcomes: readonly Outcome[]): number[] =>
  outcomes.flatMap((outcome) => (outcome.kind === 'retrying' ? outcome.delayMs : []));

describe('a confirm without an answer', () => {
  it('that posted the message is found by a look', async () => {
    world.fail('confirm', lost(), { after: true });
    const first = await world.run();
    expect(first).toMatchObject({ kind: 'retrying', delayMs: 5_000 });
    world.clock.advance(5_000);
    expect(await world.run({ receiveCount: 2 })).toMatchObject({
      kind: 'posted',
      wasFound: true,
      chatMessageId: 'message-1',
    });
    expect(world.messages).toHaveLength(1);
  });

  it('that posted nothing is repeated after three looks and 90 seconds', async () => {
    world.fail('confirm', lost());
    const { outcomes, last } = await runUntilSettled();
    expect(delaysOf(outcomes)).toEqual(DELAYS_OF_THREE_LOOKS);
    expect(last).toMatchObject({ kind: 'posted', wasFound: false, fileId: 'file-1' });
    expect([times('look'), times('confirm'), times('media')]).toEqual([3, 2, 1]);
    expect(world.messages).toHaveLength(1);
  });

  it('counts as one failure, not as one for each look', async () => {
    world.fail('confirm', lost());
    await runUntilSettled();
    expect(entry()).toMatchObject({ status: 'posted', failures: 1, releases: 3, attempts: 4 });
  });

  it('starts three new looks after the repeated confirm has no answer either', async () => {
    world.fail('confirm', lost(), { times: 2 });
    const { last } = await runUntilSettled();
    expect(last).toMatchObject({ kind: 'posted' });
    expect(times('look')).toBe(6);
  });

  it('stays in doubt while looks fail', async () => {
    world.fail('confirm', lost(), { after: true });
    world.fail('look', answer(502), { times: 5 });
    const { last } = await runUntilSettled();
    expect(last).toMatchObject({ kind: 'posted', wasFound: true });
    expect(world.messages).toHaveLength(1);
  });

  it('is looked for after a dead letter and a redrive', async () => {
    world = createRelayWorld(settingsOf({ retryForHours: 0 }));
    world.fail('confirm', lost(), { after: true });
    expect(await world.run()).toMatchObject({ kind: 'dead-lettered' });
    const failedAt = world.deadLetters[0]?.failedAt;
    world.clock.advance(HOUR_MS);
    expect(await world.run({ failedAt })).toMatchObject({ kind: 'posted', wasFound: true });
    expect(world.messages).toHaveLength(1);
  });

  it('is assumed when the posted message could not be recorded', async () => {
    world.fail('record', new LedgerError('x', { code: 'LEDGER_UNAVAILABLE' }));
    expect(await world.run()).toMatchObject({ kind: 'retrying', reason: 'LEDGER_ERROR' });
    const { last } = await runUntilSettled({ receiveCount: 2 });
    expect(last).toMatchObject({ kind: 'posted', wasFound: true });
    expect(world.messages).toHaveLength(1);
  });
});

describe('a look', () => {
  it('is timed from before its request: a process that was suspended in a look looks again', async () => {
    world.fail('confirm', lost());
    const { findMessage } = world.deps.chat;
    let suspendForMs = 0;
    world.deps.chat.findMessage = async (...args) => {
      const found = await findMessage(...args);
      world.clock.advance(suspendForMs);
      return found;
    };
    const sentAt = world.clock.now();
    for (const receiveCount of [1, 2, 3]) {
      const outcome = await world.run({ sentAt, receiveCount });
      world.clock.advance(outcome.kind === 'retrying' ? outcome.delayMs : 0);
    }
    // The third look is sent 35 s after the answer to the first one, and its answer is read after another 70 s.
    world.clock.advance(-55_000);
    suspendForMs = 70_000;
    expect(await world.run({ sentAt, receiveCount: 4 })).toMatchObject({ kind: 'retrying', reason: 'NOT_POSTED' });
    expect(times('confirm')).toBe(1);
  });

  it('is repeated before the confirm if the delivery had to wait after the last one', async () => {
    world.fail('confirm', lost());
    const sentAt = world.clock.now();
    for (const receiveCount of [1, 2, 3]) {
      const outcome = await world.run({ sentAt, receiveCount });
      world.clock.advance(outcome.kind === 'retrying' ? outcome.delayMs : 0);
    }
    world.waits.confirm = 30_000;
    expect(await world.run({ sentAt, receiveCount: 4 })).toMatchObject({ kind: 'retrying', reason: 'RATE_LIMITED' });
    world.waits.confirm = 0;
    const [file] = [...world.files].map(([fileId, stored]) => ({ ...stored, fileId }));
    if (file !== undefined) world.messages.push({ ...file, id: 'late', text: '', threadId: undefined });
    expect(await world.run({ sentAt, receiveCount: 5 })).toMatchObject({ kind: 'posted', wasFound: true });
    expect(times('confirm')).toBe(1);
  });

  it("is given the upload's time by both clocks", async () => {
    world.deps.chat.uploadMedia = async () => {
      const uploadedAt = world.clock.now() + 13_000;
      world.clock.advance(4_000);
      return { fileId: 'file-1', uploadedAt };
    };
    const searched: unknown[] = [];
    world.deps.chat.findMessage = async ({ upload }) => {
      searched.push(upload);
      return { messageId: 'message-1' };
    };
    world.fail('confirm', lost());
    await runUntilSettled();
    expect(searched).toEqual([{ fileId: 'file-1', uploadedAt: START + 13_000, sentAt: START }]);
  });
});

describe('a confirm that is answered without a message', () => {
  const withoutMessage = (count: number) => world.fail('confirm', answer(200, 'message-null'), { times: count });

  it('is repeated for the same upload after three looks', async () => {
    withoutMessage(1);
    const { outcomes, last } = await runUntilSettled();
    expect(delaysOf(outcomes)).toEqual(DELAYS_OF_THREE_LOOKS);
    expect(last).toMatchObject({ kind: 'posted', fileId: 'file-1', wasFound: false });
    expect([times('media'), times('look'), times('confirm')]).toEqual([1, 3, 2]);
    expect(world.messages).toHaveLength(1);
  });

  it('is dead-lettered after three drops, with one upload in all', async () => {
    withoutMessage(10);
    const { last } = await runUntilSettled();
    expect(last).toMatchObject({ kind: 'dead-lettered', reason: 'MESSAGE_DROPPED', failureKind: 'refused' });
    expect([times('media'), times('confirm')]).toEqual([1, 3]);
    expect(times('look')).toBe(9);
    expect(world.deadLetters).toMatchObject([{ reason: 'MESSAGE_DROPPED', roomId: ROOM_ID }]);
  });

  it('is not repeated if the message appears later, as with a replica that lags behind', async () => {
    world.fail('confirm', answer(200, 'message-null'), { after: true });
    expect((await runUntilSettled()).last).toMatchObject({ kind: 'posted', wasFound: true });
    expect(world.messages).toHaveLength(1);
  });

  it('stays known when a later confirm has no answer, fails, or the process dies', async () => {
    withoutMessage(1);
    world.fail('confirm', lost());
    world.fail('confirm', answer(400, undefined, 'room_is_archived'));
    const { last } = await runUntilSettled();
    expect(last).toMatchObject({ kind: 'posted', wasFound: false });
    expect(world.messages).toHaveLength(1);
  });

  it('is confirmed again by a redrive of its dead letter, with the same upload', async () => {
    withoutMessage(3);
    await runUntilSettled();
    const failedAt = world.deadLetters[0]?.failedAt;
    world.clock.advance(30 * HOUR_MS);
    expect((await runUntilSettled({ failedAt })).last).toMatchObject({ kind: 'posted', fileId: 'file-1' });
    expect(times('media')).toBe(1);
  });
});

describe('a delivery that died', () => {
  const dies = async (upload?: { fileId: string; uploadedAt: number }) => {
    const lease = leaseOf(`dead-${world.clock.now()}`, world.clock.now(), 1_000);
    const object = createdObject();
    if (upload === undefined) await world.ledger.claim(id, lease, { object });
    else await world.ledger.claimUploaded(id, lease, { object, upload });
    world.clock.advance(1_001);
  };

  it('is not dead-lettered for a failure of a repeated event, because it may have posted', async () => {
    const file = { roomId: ROOM_ID, name: 'weekly.pdf', contentType: 'application/pdf', content: 'content' };
    world.messages.push({ ...file, id: 'message-1', fileId: 'file-1', text: '', threadId: undefined });
    await dies({ fileId: 'file-1', uploadedAt: START });
    world.fail('media', answer(413));
    expect(await world.run({ receiveCount: 1 })).toMatchObject({ kind: 'retrying', reason: 'FILE_TOO_LARGE' });
    expect(world.deadLetters).toEqual([]);
    const { last } = await runUntilSettled({ receiveCount: 2 });
    expect(last).toMatchObject({ kind: 'posted', wasFound: true, chatMessageId: 'message-1' });
    expect(world.messages).toHaveLength(1);
  });

  it('makes others wait while its lease holds', async () => {
    await world.ledger.claim(id, leaseOf('other', START, 60_000), { object: createdObject() });
    const outcome = await world.run({ receiveCount: 2 });
    expect(outcome).toMatchObject({ kind: 'retrying', reason: 'LEASED' });
    expect(outcome.kind === 'retrying' && outcome.delayMs).toBeGreaterThanOrEqual(60_000);
    expect(world.calls).toEqual(['resolve', 'claim']);
  });

  it('is taken over after a delay of its own', async () => {
    await dies();
    expect(await world.run({ receiveCount: 2 })).toMatchObject({ kind: 'retrying', reason: 'ABANDONED' });
    expect(times('media')).toBe(0);
    world.clock.advance(60_000);
    expect(await world.run({ receiveCount: 3 })).toMatchObject({ kind: 'posted', attempts: 3 });
  });

  it('with an upload makes the next one look for the message', async () => {
    const file = { roomId: ROOM_ID, name: 'weekly.pdf', contentType: 'application/pdf', content: 'content' };
    world.messages.push({ ...file, id: 'message-1', fileId: 'file-1', text: '', threadId: undefined });
    await dies({ fileId: 'file-1', uploadedAt: START });
    const { last } = await runUntilSettled({ receiveCount: 2 });
    expect(last).toMatchObject({ kind: 'posted', wasFound: true, chatMessageId: 'message-1' });
    expect(world.messages).toHaveLength(1);
  });

  it('ten times is dead-lettered', async () => {
    for (let death = 0; death < 10; death += 1) await dies();
    expect(await world.run({ receiveCount: 11 })).toMatchObject({ kind: 'dead-lettered', reason: 'ABANDONED' });
    expect(times('media')).toBe(0);
    const [letter] = world.deadLetters;
    expect(await world.run({ failedAt: letter?.failedAt })).toMatchObject({ kind: 'posted' });
  });

  it('ten times with an upload looks for the message and is not dead-lettered', async () => {
    const file = { roomId: ROOM_ID, name: 'weekly.pdf', contentType: 'application/pdf', content: 'content' };
    world.messages.push({ ...file, id: 'message-1', fileId: 'file-1', text: '', threadId: undefined });
    for (let death = 0; death < 10; death += 1) await dies({ fileId: 'file-1', uploadedAt: START });
    const { last } = await runUntilSettled({ receiveCount: 11 });
    expect(last).toMatchObject({ kind: 'posted', wasFound: true, chatMessageId: 'message-1' });
    expect(world.deadLetters).toEqual([]);
  });

  it('nine times is delivered', async () => {
    for (let death = 0; death < 9; death += 1) await dies();
    expect((await runUntilSettled({ receiveCount: 10 })).last).toMatchObject({ kind: 'posted' });
  });

  it('and continues after its lease was taken over can write nothing', async () => {
    world.deps.chat.confirmMedia = async () => {
      // The process is frozen here while the lease runs out and another delivery takes over.
      world.clock.advance(10 * HOUR_MS);
      await world.ledger.claim(id, leaseOf('other', world.clock.now()), { object: createdObject() });
      throw answer(400, undefined, 'room_is_archived');
    };
    expect(await world.run()).toMatchObject({ kind: 'retrying', reason: 'LEDGER_ERROR' });
    expect(entry()).toMatchObject({ leaseOwner: 'other' });
  });
});
