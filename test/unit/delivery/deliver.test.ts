import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ChatAnswerError,
  CredentialsRenewedError,
  LedgerError,
  RoomError,
  SecretError,
  SourceError,
} from '../../../lambdas/relay/domain/errors.ts';
import { createdObject, deliveryIdOf, leaseOf, START } from '../../helpers/factories.ts';
import {
  answer,
  BOT_USER_ID,
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

describe('a smooth delivery', () => {
  it('posts the object with two writes to the ledger', async () => {
    expect(await world.run()).toEqual({
      kind: 'posted',
      room: '#general',
      roomId: ROOM_ID,
      fileId: 'file-1',
      chatMessageId: 'message-1',
      wasFound: false,
      attempts: 1,
    });
    expect(world.messages).toMatchObject([
      { name: 'weekly.pdf', contentType: 'application/pdf', content: 'content', text: '`reports/weekly.pdf`' },
    ]);
    expect(world.calls).toEqual(['resolve', 'open', 'media', 'claimUploaded', 'findOther', 'confirm', 'record']);
    expect(entry()).toMatchObject({ status: 'posted', messageId: 'message-1', upload: { fileId: 'file-1' } });
  });

  it('uses the room, caption and thread of its route', async () => {
    const routes = [{ prefix: 'reports/', room: 'R', caption: '{fileName}: {size}', threadId: 'parent' }];
    world = createRelayWorld(settingsOf({ routes }));
    await world.run();
    expect(world.messages).toMatchObject([{ roomId: 'id-of-R', text: '`weekly.pdf`: `7 B`', threadId: 'parent' }]);
  });

  it('reads the content type if a route depends on it', async () => {
    world = createRelayWorld(settingsOf({ routes: [{ contentTypes: ['application/pdf'], room: 'R' }] }));
    expect(await world.run()).toMatchObject({ kind: 'posted' });
    expect(times('describe')).toBe(1);
  });

  it('uses the alternative text, alias, emoji and avatar of its route', async () => {
    const looks = { alias: 'S3', emoji: ':package:', avatar: 'https://acme.test/s3.png' };
    world = createRelayWorld(settingsOf({ routes: [{ room: 'R', altText: '{metadata.alt} {tags.x}', ...looks }] }));
    world.objects.set('reports/weekly.pdf', {
      ...{ content: 'content', contentType: 'application/pdf' },
      ...{ metadata: { alt: 'a @all chart' }, tags: { x: 'y' } },
    });
    await world.run();
    expect(world.messages).toMatchObject([{ altText: '`a @\u2060all chart` `y`', ...looks }]);
    expect([times('describe'), times('tags')]).toEqual([1, 1]);
  });

  it('keeps its upload if the metadata for its caption cannot be read, and is posted later', async () => {
    world = createRelayWorld(settingsOf({ routes: [{ room: 'R', caption: '{metadata.alt}' }] }));
    world.fail('describe', new SourceError('S3 503', { code: 'SOURCE_UNAVAILABLE' }));
    expect(await world.run()).toMatchObject({ kind: 'retrying', reason: 'SOURCE_ERROR' });
    expect(world.messages).toEqual([]);
    world.clock.advance(3_600_000);
    expect(await world.run({ receiveCount: 2 })).toMatchObject({ kind: 'posted' });
    expect([times('media'), times('confirm')]).toEqual([1, 1]);
  });
});

describe('deliver posts no message', () => {
  it.each([
    ['a directory marker', createdObject({ key: 'a/', sizeBytes: 0 }), undefined],
    ['an object that no route fits', createdObject({ key: 'other' }), [{ prefix: 'reports/', room: 'R' }]],
  ])('for %s', async (_, object, routes) => {
    world = createRelayWorld(settingsOf(routes === undefined ? {} : { routes }));
    expect(await world.run({ object })).toMatchObject({ kind: 'ignored' });
    expect(world.calls).toEqual([]);
  });

  it('for an object that is gone', async () => {
    world.objects.clear();
    expect(await world.run()).toMatchObject({ kind: 'gone', reason: 'OBJECT_GONE' });
    expect(await world.run({ receiveCount: 2 })).toMatchObject({ kind: 'gone' });
    expect(entry()).toMatchObject({ status: 'gone' });
    expect(world.deadLetters).toEqual([]);
  });

  it('for an older version after a newer one was claimed', async () => {
    await world.run({ object: createdObject({ sequencer: '0069A94D181F3A9C43', sizeBytes: 7 }) });
    expect(await world.run()).toMatchObject({ kind: 'gone', reason: 'SUPERSEDED' });
    expect(world.messages).toHaveLength(1);
    expect(await world.run({ receiveCount: 2 })).toMatchObject({ kind: 'duplicate' });
  });

  it('for a backfilled object that was posted before', async () => {
    await world.run();
    const again = createdObject({ sequencer: undefined, sizeBytes: 7 });
    expect(await world.run({ object: again })).toMatchObject({ kind: 'duplicate', chatMessageId: 'message-1' });
    expect(
      await world.run({ object: createdObject({ sequencer: undefined, eTag: 'other', sizeBytes: 7 }) }),
    ).toMatchObject({ kind: 'posted' });
    expect(
      await world.run({ object: createdObject({ sequencer: undefined, eTag: 'other', sizeBytes: 7 }) }),
    ).toMatchObject({ kind: 'duplicate' });
  });

  it('for an object whose event was still in the queue when a backfill posted it', async () => {
    await world.run({ object: createdObject({ sequencer: undefined, sizeBytes: 7 }) });
    world.clock.advance(3_600_000);
    expect(await world.run({ receiveCount: 40 })).toMatchObject({ kind: 'duplicate', chatMessageId: 'message-1' });
    expect(await world.run({ receiveCount: 41 })).toMatchObject({ kind: 'duplicate' });
    expect(world.messages).toHaveLength(1);
  });

  it('for a dead letter that is redriven after a backfill has posted its object', async () => {
    world.fail('open', new SourceError('archived', { code: 'OBJECT_ARCHIVED' }));
    expect(await world.run()).toMatchObject({ kind: 'dead-lettered' });
    const failedAt = world.clock.now();
    expect(await world.run({ object: createdObject({ sequencer: undefined, sizeBytes: 7 }) })).toMatchObject({
      kind: 'posted',
    });
    expect(await world.run({ failedAt })).toMatchObject({ kind: 'duplicate', chatMessageId: 'message-1' });
    expect(world.messages).toHaveLength(1);
  });
});

describe('deliver posts another message', () => {
  it('for the same content that is uploaded again after a backfill has posted it', async () => {
    await world.run({ object: createdObject({ sequencer: undefined, sizeBytes: 7 }) });
    world.clock.advance(3_600_000);
    const object = createdObject({ createdAt: world.clock.now(), sizeBytes: 7 });
    expect(await world.run({ object })).toMatchObject({ kind: 'posted' });
    expect(await world.run({ object, receiveCount: 2 })).toMatchObject({ kind: 'duplicate' });
    expect(world.messages).toHaveLength(2);
  });
});

describe('a file of Rocket.Chat itself', () => {
  const EXACT = '0c8a7f4e-6f5b-4d4c-9a50-1d2b7c9a3e11/uploads/GENERAL/rbAXPnMktTFbNpwtJ/Jn3Bd8xk7cZqW2tRa';
  const similar = (userId: string) => `replica/chat/uploads/GENERAL/${userId}/Jn3Bd8xk7cZqW2tRa`;
  const runWith = (key: string) => {
    world.objects.set(key, { content: 'content' });
    return world.run({ object: createdObject({ key, sizeBytes: 7 }) });
  };

  it.each([
    ['its key shows it', EXACT, []],
    ['its key resembles one and names the bot as uploader', similar(BOT_USER_ID), ['bot']],
  ])('is ignored without other calls when %s', async (_, key, calls) => {
    world = createRelayWorld(settingsOf({ routes: [{ contentTypes: ['image/*'], room: 'R' }, { room: 'S' }] }));
    expect(await runWith(key)).toMatchObject({ kind: 'ignored', isLoopSuspected: true });
    expect(world.calls).toEqual(calls);
  });

  it('is posted when its key only resembles one and names another uploader', async () => {
    expect(await runWith(similar('rbAXPnMktTFbNpwtJ'))).toMatchObject({ kind: 'posted' });
  });

  it('is not reported as a loop when no route fits', async () => {
    world = createRelayWorld(settingsOf({ routes: [{ prefix: 'reports/', room: 'R' }] }));
    expect(await runWith(EXACT)).toEqual({ kind: 'ignored', detail: 'no route fits' });
    expect(world.calls).toEqual([]);
  });

  it("is retried while the secret with the bot's id can not be read", async () => {
    world.fail('bot', new SecretError('x', { code: 'SECRET_UNREADABLE' }));
    expect(await runWith(similar(BOT_USER_ID))).toMatchObject({ kind: 'retrying', reason: 'SECRET_UNUSABLE' });
    expect(world.messages).toEqual([]);
  });

  it('is the only object for which the secret is read', async () => {
    await world.run();
    expect(world.calls).not.toContain('bot');
  });
});

describe('a repeated event', () => {
  it('is a duplicate if the ledger has the posted message', async () => {
    await world.run();
    expect(await world.run({ receiveCount: 2 })).toEqual({
      kind: 'duplicate',
      room: '#general',
      roomId: ROOM_ID,
      chatMessageId: 'message-1',
    });
    expect(times('media')).toBe(1);
  });

  it('is stopped before the confirm when its receive count is 1', async () => {
    await world.run();
    expect(await world.run()).toMatchObject({ kind: 'duplicate' });
    expect(world.messages).toHaveLength(1);
  });

  it('posts one message when twenty deliveries run at the same time', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, index) => world.run({ receiveCount: 1 + (index % 2) })),
    );
    expect(outcomes.filter(({ kind }) => kind === 'posted')).toHaveLength(1);
    expect(world.messages).toHaveLength(1);
    for (const outcome of outcomes) expect(['posted', 'retrying', 'duplicate']).toContain(outcome.kind);
  });
});

describe('an object that the server refuses', () => {
  it('is dead-lettered with its reason', async () => {
    world.fail('media', answer(400, 'error-file-too-large', 'File size exceeds'));
    expect(await world.run()).toMatchObject({
      kind: 'dead-lettered',
      failureKind: 'refused',
      reason: 'FILE_TOO_LARGE',
    });
    expect(world.deadLetters).toEqual([
      {
        body: '{"Records":[{}]}',
        reason: 'FILE_TOO_LARGE',
        detail: 'File size exceeds',
        errorType: 'error-file-too-large',
        httpStatus: 400,
        roomId: ROOM_ID,
        room: '#general',
        attempts: 1,
        failedAt: START,
      },
    ]);
    expect(entry()).toMatchObject({ status: 'dead-lettered', failedAt: START });
  });

  it('is not read or sent if it is empty', async () => {
    expect(await world.run({ object: createdObject({ sizeBytes: 0 }) })).toMatchObject({
      kind: 'dead-lettered',
      reason: 'EMPTY_FILE',
    });
    expect(times('media') + times('open')).toBe(0);
  });

  it('is delivered by a redrive, but not by a repeated event', async () => {
    world.fail('media', answer(413));
    await world.run();
    expect(await world.run({ receiveCount: 2 })).toMatchObject({ kind: 'duplicate' });
    world.clock.advance(HOUR_MS);
    expect(await world.run({ failedAt: START })).toMatchObject({ kind: 'posted' });
    expect(await world.run({ failedAt: START })).toMatchObject({ kind: 'duplicate' });
  });

  it('comes back when its dead letter can not be written, and is dead-lettered once', async () => {
    world.fail('media', answer(413), { times: 2 });
    world.fail('deadLetter', new Error('SQS is away'));
    expect(await world.run()).toMatchObject({ kind: 'retrying' });
    expect(entry()).not.toMatchObject({ status: 'dead-lettered' });
    world.clock.advance(200_000);
    const { last } = await runUntilSettled({ receiveCount: 2 });
    expect(last).toMatchObject({ kind: 'dead-lettered', reason: 'FILE_TOO_LARGE' });
    expect(world.deadLetters).toHaveLength(1);
  });
});

describe('a transient failure', () => {
  it('is retried until retryForHours has passed', async () => {
    world.fail('media', answer(400), { times: 10_000 });
    const { outcomes, last } = await runUntilSettled({}, 1_000);
    expect(last).toMatchObject({ kind: 'dead-lettered', reason: 'CHAT_ERROR', failureKind: 'transient' });
    expect(world.clock.now() - START).toBeLessThanOrEqual(24 * HOUR_MS);
    expect(world.clock.now() - START).toBeGreaterThan(23 * HOUR_MS);
    const delays = outcomes.flatMap((outcome) => (outcome.kind === 'retrying' ? [outcome.delayMs] : []));
    expect(Math.max(...delays)).toBeLessThanOrEqual(HOUR_MS);
    expect(delays.slice(0, 4)).toEqual([1_000, 2_000, 4_000, 8_000]);
  });

  it.each<[string, Parameters<RelayWorld['fail']>, string]>([
    ['the network', ['media', lost()], 'CHAT_UNREACHABLE'],
    ['S3', ['open', new SourceError('x', { code: 'SOURCE_UNAVAILABLE' })], 'SOURCE_ERROR'],
    ['the checksum', ['media', new SourceError('x', { code: 'CHECKSUM_MISMATCH' })], 'SOURCE_ERROR'],
    [
      'the ledger at the claim',
      ['claimUploaded', new LedgerError('x', { code: 'LEDGER_UNAVAILABLE' })],
      'LEDGER_ERROR',
    ],
    [
      'the ledger at the look around',
      ['findOther', new LedgerError('x', { code: 'LEDGER_UNAVAILABLE' })],
      'LEDGER_ERROR',
    ],
    ['the relay itself', ['media', new TypeError('x')], 'INTERNAL_ERROR'],
    ['a confirm without a message', ['confirm', answer(200, 'message-null')], 'NOT_POSTED'],
    ['the room, for a moment', ['resolve', answer(502)], 'CHAT_ERROR'],
  ])('of %s is retried', async (_, failure, reason) => {
    world.fail(...failure);
    const { outcomes, last } = await runUntilSettled();
    expect(outcomes[0]).toMatchObject({ kind: 'retrying', reason });
    expect(last).toMatchObject({ kind: 'posted' });
    expect(world.messages).toHaveLength(1);
  });

  it('of image processing is dead-lettered after five tries', async () => {
    world.fail('media', answer(400, 'ufs: cannot upload file'), { times: 100 });
    const { last } = await runUntilSettled();
    expect(last).toMatchObject({ kind: 'dead-lettered', reason: 'MEDIA_NOT_PROCESSED' });
    expect(times('media')).toBe(5);
  });

  it('of image processing is counted apart from failures for other reasons', async () => {
    world.fail('media', lost(), { times: 4 });
    world.fail('media', answer(400, 'ufs: cannot upload file'), { times: 4 });
    const { last } = await runUntilSettled();
    expect(last).toMatchObject({ kind: 'posted' });
    expect(times('media')).toBe(9);
    expect(entry()).toMatchObject({
      failures: 8,
      failuresByReason: { CHAT_UNREACHABLE: 4, MEDIA_NOT_PROCESSED: 4 },
    });
  });

  it('is counted anew after a redrive', async () => {
    world.fail('media', answer(400, 'ufs: cannot upload file'), { times: 9 });
    await runUntilSettled();
    const failedAt = world.deadLetters[0]?.failedAt;
    expect((await runUntilSettled({ failedAt })).last).toMatchObject({ kind: 'posted' });
  });

  it('is dead-lettered at once when retryForHours is 0', async () => {
    world = createRelayWorld(settingsOf({ retryForHours: 0 }));
    world.fail('media', answer(502));
    expect(await world.run()).toMatchObject({ kind: 'dead-lettered' });
  });

  it('keeps the upload when the confirm certainly posted nothing', async () => {
    world.fail('confirm', answer(400, undefined, 'room_is_archived'));
    const { last } = await runUntilSettled();
    expect(last).toMatchObject({ kind: 'posted', fileId: 'file-1' });
    expect(times('media')).toBe(1);
    expect(times('look')).toBe(0);
  });

  it('uploads again when the server has deleted the upload', async () => {
    world.fail('confirm', answer(400, 'invalid-file'));
    expect(await world.run()).toMatchObject({ kind: 'posted', fileId: 'file-2' });
  });

  it('uploads again once in a delivery, and then comes back', async () => {
    world.fail('confirm', answer(400, 'invalid-file'), { times: 2 });
    expect(await world.run()).toMatchObject({ kind: 'retrying', reason: 'UPLOAD_EXPIRED', failureKind: 'transient' });
    expect(entry()).not.toMatchObject({ upload: expect.anything() });
    expect((await runUntilSettled({ receiveCount: 2 })).last).toMatchObject({ kind: 'posted' });
  });

  it('uploads again when the upload is older than 23 hours', async () => {
    world.fail('confirm', answer(403));
    await world.run();
    world.clock.advance(23 * HOUR_MS);
    expect(await world.run({ receiveCount: 2 })).toMatchObject({ kind: 'posted', fileId: 'file-2' });
  });

  it('is dead-lettered before SQS deletes the message', async () => {
    const sentAt = world.clock.now() - (14 * 24 - 1) * HOUR_MS;
    world.fail('media', answer(502));
    expect(await world.run({ sentAt })).toMatchObject({ kind: 'dead-lettered' });
    world.fail('resolve', answer(502));
    expect(await world.run({ sentAt, object: createdObject({ key: 'other' }) })).toMatchObject({
      kind: 'dead-lettered',
    });
    expect(world.deadLetters).toHaveLength(2);
  });
});

describe('the rate limit', () => {
  it('uses up no retries, however long it lasts', async () => {
    world = createRelayWorld(settingsOf({ retryForHours: 0 }));
    world.fail('media', new ChatAnswerError('x', { status: 429 }), { times: 300 });
    for (let receiveCount = 1; receiveCount <= 300; receiveCount += 1) {
      const outcome = await world.run({ sentAt: START, receiveCount });
      expect(outcome).toMatchObject({ kind: 'retrying', failureKind: 'throttled', reason: 'RATE_LIMITED' });
      world.clock.advance(60_000);
    }
    expect(world.deadLetters).toEqual([]);
    expect(await world.run({ sentAt: START, receiveCount: 301 })).toMatchObject({ kind: 'posted' });
  });

  it('is not charged to the time for retries of a later failure', async () => {
    world = createRelayWorld(settingsOf({ retryForHours: 1 }));
    world.waits.media = 2 * HOUR_MS;
    for (let receiveCount = 2; receiveCount <= 5; receiveCount += 1) {
      expect(await world.run({ sentAt: START, receiveCount })).toMatchObject({ reason: 'RATE_LIMITED' });
      world.clock.advance(2 * HOUR_MS);
    }
    expect(entry()).toMatchObject({ retriedForMs: 0 });
    world.waits.media = 0;
    world.fail('media', answer(502));
    expect(await world.run({ sentAt: START, receiveCount: 6 })).toMatchObject({ kind: 'retrying', delayMs: 1_000 });
    expect(entry()).toMatchObject({ retriedForMs: 1_000 });
    expect(await world.run({ sentAt: START, receiveCount: 7 })).toMatchObject({ kind: 'posted' });
  });

  it('delays an upload without a call when the pacer says so', async () => {
    world.waits.media = 42_000;
    expect(await world.run()).toMatchObject({ kind: 'retrying', delayMs: 42_000, failureKind: 'throttled' });
    expect(times('media') + times('open')).toBe(0);
  });

  it('delays a confirm by the time that the pacer books after a 429', async () => {
    world.fail('confirm', new ChatAnswerError('x', { status: 429, retryAt: START + 9_000 }));
    world.deps.pacer.bookDelayMs = () => 33_000;
    expect(await world.run()).toMatchObject({ kind: 'retrying', delayMs: 33_000 });
    expect(entry()).toMatchObject({ failures: 0, releases: 1, upload: { fileId: 'file-1' } });
    expect(entry()?.inDoubt).toBeUndefined();
  });

  it('delays other calls by the time in the answer', async () => {
    world.fail('resolve', new ChatAnswerError('x', { status: 429, retryAt: START + 9_000 }));
    const outcome = await world.run();
    expect(outcome).toMatchObject({ kind: 'retrying', failureKind: 'throttled' });
    expect(outcome.kind === 'retrying' && outcome.delayMs).toBeGreaterThanOrEqual(9_000);
  });
});

describe('a misconfiguration', () => {
  it('is retried, and stops other deliveries from making calls', async () => {
    world.fail('media', answer(401));
    expect(await world.run()).toMatchObject({
      kind: 'retrying',
      failureKind: 'misconfigured',
      reason: 'CREDENTIALS_REFUSED',
    });
    const calls = world.calls.length;
    const other = createdObject({ key: 'reports/other.pdf', sizeBytes: 7 });
    world.objects.set(other.key, { content: 'content' });
    expect(await world.run({ object: other })).toMatchObject({ kind: 'retrying', reason: 'CREDENTIALS_REFUSED' });
    expect(world.calls).toHaveLength(calls);
    world.clock.advance(30_000);
    expect(await world.run({ object: other })).toMatchObject({ kind: 'posted' });
  });

  it('no longer holds up other deliveries to its room after one of them has succeeded', async () => {
    world.fail('media', answer(403, 'error-not-allowed'));
    expect(await world.run()).toMatchObject({ kind: 'retrying', reason: 'ROOM_UNAVAILABLE' });
    world.clock.advance(30_000);
    const run = (key: string) => {
      world.objects.set(key, { content: 'content' });
      return world.run({ object: createdObject({ key, sizeBytes: 7 }) });
    };
    expect(await run('reports/b.pdf')).toMatchObject({ kind: 'posted' });
    // At the same time: an open circuit would admit only one of them.
    const together = await Promise.all(['reports/c.pdf', 'reports/d.pdf', 'reports/e.pdf'].map(run));
    expect(together.map(({ kind }) => kind)).toEqual(['posted', 'posted', 'posted']);
  });

  it('does not hold up the next delivery to its room if the admitted one was a repeat that the ledger answers', async () => {
    const posted = createdObject({ key: 'reports/posted.pdf', sizeBytes: 7 });
    world.objects.set(posted.key, { content: 'content' });
    expect(await world.run({ object: posted })).toMatchObject({ kind: 'posted' });
    world.fail('media', answer(403, 'error-not-allowed'));
    expect(await world.run()).toMatchObject({ kind: 'retrying', reason: 'ROOM_UNAVAILABLE' });
    world.clock.advance(30_000);
    expect(await world.run({ object: posted, receiveCount: 2 })).toMatchObject({ kind: 'duplicate' });
    const next = createdObject({ key: 'reports/next.pdf', sizeBytes: 7 });
    world.objects.set(next.key, { content: 'content' });
    expect(await world.run({ object: next })).toMatchObject({ kind: 'posted' });
  });

  it('ends in a posted message once it is corrected', async () => {
    world.fail('resolve', new RoomError('x', { code: 'ROOM_NOT_FOUND' }), { times: 3 });
    const { last } = await runUntilSettled();
    expect(last).toMatchObject({ kind: 'posted' });
  });

  it('is dead-lettered after retryForHours like any failure', async () => {
    world.fail('media', answer(403), { times: 10_000 });
    const { last } = await runUntilSettled({}, 3_000);
    expect(last).toMatchObject({ kind: 'dead-lettered', reason: 'ROOM_UNAVAILABLE' });
    expect(world.clock.now() - START).toBeGreaterThan(23 * HOUR_MS);
  });
});

describe('a failure before the claim', () => {
  const roomFails = (count = 10_000) => world.fail('resolve', answer(502), { times: count });
  const AGE_MS = 24 * HOUR_MS;

  it.each<[string, () => void, string]>([
    ['the room look-up', () => roomFails(), 'CHAT_ERROR'],
    ['an unreachable server', () => world.fail('resolve', lost(), { times: 10_000 }), 'CHAT_UNREACHABLE'],
    ['a refused token', () => world.fail('resolve', answer(401), { times: 10_000 }), 'CREDENTIALS_REFUSED'],
    [
      'an unusable secret',
      () => world.fail('resolve', new SecretError('x', { code: 'SECRET_MALFORMED' }), { times: 10_000 }),
      'SECRET_UNUSABLE',
    ],
  ])('of %s is retried until the message is as old as retryForHours', async (_, breakIt, reason) => {
    breakIt();
    const { outcomes, last } = await runUntilSettled({}, 3_000);
    expect(last).toMatchObject({ kind: 'dead-lettered', reason, room: '#general', attempts: outcomes.length });
    expect(world.clock.now() - START).toBeGreaterThan(AGE_MS - HOUR_MS);
    expect(world.clock.now() - START).toBeLessThanOrEqual(AGE_MS);
    expect(world.deadLetters).toMatchObject([{ reason, roomId: undefined }]);
  });

  it('is not a reason to dead-letter a message that has only waited for the rate limit', async () => {
    roomFails(1);
    const sentAt = START - 2 * AGE_MS;
    const outcome = await world.run({ sentAt, receiveCount: 20, isUntouched: true });
    expect(outcome).toMatchObject({ kind: 'retrying', reason: 'CHAT_ERROR' });
    expect(await world.run({ sentAt, receiveCount: 21 })).toMatchObject({ kind: 'posted' });
  });

  it('that is a rate limit does not count', async () => {
    world.fail('resolve', answer(429));
    expect(await world.run({ sentAt: START - 2 * AGE_MS })).toMatchObject({ kind: 'retrying', reason: 'RATE_LIMITED' });
  });

  it('leaves one dead letter, however often the event is delivered, and a redrive posts the object', async () => {
    roomFails(4);
    const sentAt = START - AGE_MS;
    expect(await world.run({ sentAt, receiveCount: 9 })).toMatchObject({ kind: 'dead-lettered' });
    expect(await world.run({ sentAt, receiveCount: 10 })).toMatchObject({ kind: 'duplicate', room: '#general' });
    expect(await world.run({ sentAt })).toMatchObject({ kind: 'duplicate' });
    expect(world.deadLetters).toHaveLength(1);
    const [first] = world.deadLetters;
    world.clock.advance(1_000);
    // The redrive fails as well, and again leaves one letter.
    expect(await world.run({ sentAt, failedAt: first?.failedAt })).toMatchObject({ kind: 'dead-lettered' });
    expect(world.deadLetters).toHaveLength(2);
    expect(await world.run({ failedAt: world.deadLetters[1]?.failedAt })).toMatchObject({ kind: 'posted' });
  });

  it('comes back while another delivery writes its dead letter', async () => {
    roomFails();
    const sentAt = START - AGE_MS;
    const byName = { ...id, roomId: '#general' };
    await world.ledger.claim(byName, leaseOf('other', START, 60_000), { object: createdObject() });
    const outcome = await world.run({ sentAt, receiveCount: 9 });
    expect(outcome).toMatchObject({ kind: 'retrying', reason: 'LEASED' });
    expect(outcome.kind === 'retrying' && outcome.delayMs).toBeGreaterThanOrEqual(60_000);
    expect(world.deadLetters).toEqual([]);
  });
});

describe('a message near its last receive', () => {
  beforeEach(() => {
    world = createRelayWorld(settingsOf(), 1_000);
  });

  it.each<[string, () => void, string]>([
    ['a failed upload', () => world.fail('media', answer(502)), 'CHAT_ERROR'],
    ['a failure before the claim', () => world.fail('resolve', answer(502)), 'CHAT_ERROR'],
    [
      'the rate limit',
      () => {
        world.waits.media = 1_000;
      },
      'RATE_LIMITED',
    ],
  ])('is dead-lettered with its reason after %s', async (_, breakIt, reason) => {
    breakIt();
    expect(await world.run({ receiveCount: 990 })).toMatchObject({ kind: 'dead-lettered', reason });
    expect(world.deadLetters).toMatchObject([{ reason }]);
  });

  it('comes back before that', async () => {
    world.fail('media', answer(502));
    expect(await world.run({ receiveCount: 989 })).toMatchObject({ kind: 'retrying' });
  });

  it('is delivered if nothing fails', async () => {
    expect(await world.run({ receiveCount: 1_000 })).toMatchObject({ kind: 'posted' });
  });

  it('is dead-lettered also when the ledger is down', async () => {
    const down = new LedgerError('x', { code: 'LEDGER_UNAVAILABLE' });
    world.fail('claim', down, { times: 10 });
    expect(await world.run({ receiveCount: 990 })).toMatchObject({ kind: 'dead-lettered', reason: 'LEDGER_ERROR' });
    world.fail('resolve', answer(502));
    expect(await world.run({ receiveCount: 990 })).toMatchObject({ kind: 'dead-lettered', reason: 'CHAT_ERROR' });
    expect(world.deadLetters).toHaveLength(2);
  });

  it('comes back if its dead letter can not be written', async () => {
    world.fail('claim', new LedgerError('x', { code: 'LEDGER_UNAVAILABLE' }), { times: 10 });
    world.fail('deadLetter', new Error('SQS is away'));
    expect(await world.run({ receiveCount: 990 })).toMatchObject({ kind: 'retrying' });
  });
});

describe('a failure of an object whose entry changed meanwhile', () => {
  /** Another delivery uses the entry while this one uploads; then the upload fails. */
  const whileUploading = (meanwhile: () => Promise<unknown>) => {
    world.deps.chat.uploadMedia = async () => {
      await meanwhile();
      throw answer(413);
    };
  };
  const other = () => world.ledger.claim(id, leaseOf('other', world.clock.now(), 60_000), { object: createdObject() });

  it('is a duplicate if the object was posted', async () => {
    whileUploading(async () => {
      await other();
      await world.ledger.record(id, 'other', { kind: 'posted', messageId: 'message-9', postedAt: START });
    });
    expect(await world.run()).toMatchObject({ kind: 'duplicate', chatMessageId: 'message-9' });
    expect(world.deadLetters).toEqual([]);
  });

  it('is retried if another delivery holds the entry', async () => {
    whileUploading(other);
    expect(await world.run()).toMatchObject({ kind: 'retrying', reason: 'FILE_TOO_LARGE' });
    expect(world.deadLetters).toEqual([]);
    expect(entry()).toMatchObject({ leaseOwner: 'other', attempts: 1 });
  });
});

describe('an invalid ledger entry', () => {
  const invalid = () => new LedgerError('the entry is invalid', { code: 'ENTRY_INVALID' });

  it('makes one dead letter with the true reason, at any step', async () => {
    for (const call of ['claim', 'claimUploaded', 'findOther'] as const) {
      world = createRelayWorld();
      world.fail(call, invalid(), { times: 10 });
      const outcome = await world.run({ receiveCount: call === 'claim' ? 2 : 1 });
      expect(outcome).toMatchObject({ kind: 'dead-lettered', reason: 'LEDGER_ENTRY_INVALID' });
      expect(world.deadLetters).toHaveLength(1);
    }
  });

  it('is noticed when another failure is settled', async () => {
    world.fail('media', answer(502));
    world.fail('claim', invalid(), { times: 10 });
    expect(await world.run()).toMatchObject({ kind: 'dead-lettered', reason: 'LEDGER_ENTRY_INVALID' });
  });

  it('is assumed if its lease lasts longer than any that the relay takes', async () => {
    await world.ledger.claim(id, leaseOf('forged', START, 1e15), { object: createdObject() });
    expect(await world.run({ receiveCount: 2 })).toMatchObject({
      kind: 'dead-lettered',
      reason: 'LEDGER_ENTRY_INVALID',
    });
    expect(world.deadLetters).toHaveLength(1);
  });
});

describe('a dead letter', () => {
  it('that was written is not repeated when the ledger can not record it', async () => {
    world.fail('media', answer(413));
    world.fail('record', new LedgerError('x', { code: 'LEDGER_UNAVAILABLE' }));
    expect(await world.run()).toMatchObject({ kind: 'dead-lettered', reason: 'FILE_TOO_LARGE' });
    expect(world.deadLetters).toHaveLength(1);
    expect(world.logs).toMatchObject([{ level: 'warn', message: 'the ledger could not record a dead letter' }]);
    const [letter] = world.deadLetters;
    world.clock.advance(HOUR_MS);
    const { last } = await runUntilSettled({ failedAt: letter?.failedAt });
    expect(last).toMatchObject({ kind: 'posted' });
  });

  it('that can not be written leaves the entry free for the next receive', async () => {
    world.fail('media', answer(413), { times: 2 });
    world.fail('deadLetter', new Error('SQS is away'));
    const outcome = await world.run();
    expect(outcome).toMatchObject({ kind: 'retrying', detail: 'SQS is away' });
    expect(entry()).toMatchObject({ leaseOwner: undefined, releases: 1, failures: 0 });
    expect(await world.run({ receiveCount: 2 })).toMatchObject({ kind: 'dead-lettered', reason: 'FILE_TOO_LARGE' });
    expect(world.deadLetters).toHaveLength(1);
  });
});

describe('credentials that change during an upload', () => {
  it('make the relay open the object again', async () => {
    world.fail('media', new CredentialsRenewedError());
    expect(await world.run()).toMatchObject({ kind: 'posted' });
    expect(times('open')).toBe(2);
  });

  it('are used for one more try, and then the message comes back', async () => {
    world.fail('media', new CredentialsRenewedError(), { times: 2 });
    expect(await world.run()).toMatchObject({ kind: 'retrying', reason: 'CREDENTIALS_REFUSED' });
  });
});

describe('a delivery with too little time', () => {
  it('starts nothing after the deadline', async () => {
    expect(await world.run({ leftMs: 0 })).toMatchObject({ kind: 'retrying', reason: 'OUT_OF_TIME', delayMs: 1_000 });
    expect(world.messages).toEqual([]);
    expect(times('media')).toBe(0);
  });

  it('does not confirm after the deadline', async () => {
    const { uploadMedia } = world.deps.chat;
    world.deps.chat.uploadMedia = async (...args) => {
      const upload = await uploadMedia(...args);
      world.clock.advance(100_000);
      return upload;
    };
    expect(await world.run()).toMatchObject({ kind: 'retrying', reason: 'OUT_OF_TIME' });
    expect(times('confirm')).toBe(0);
    expect(await world.run({ receiveCount: 2 })).toMatchObject({ kind: 'posted', fileId: 'file-1' });
  });

  it('tries a file that no invocation seems to have time for if the invocation has just begun', async () => {
    const object = createdObject({ sizeBytes: 2 * 1024 ** 3 });
    expect(await world.run({ object, startedMsAgo: 1_000 })).toMatchObject({ reason: 'OUT_OF_TIME' });
    expect(times('media')).toBe(0);
    expect(await world.run({ object, startedMsAgo: 999 })).toMatchObject({ kind: 'posted' });
  });

  it('is not counted as a failure', async () => {
    await world.run({ leftMs: 0 });
    expect(await world.run({ receiveCount: 2, leftMs: 0 })).toMatchObject({ kind: 'retrying' });
    expect(entry()).toMatchObject({ failures: 0 });
  });
});

it('logs an unexpected error', async () => {
  const mistake = new TypeError('x');
  world.fail('media', mistake);
  await world.run();
  expect(world.logs).toEqual([{ level: 'error', message: 'unexpected error', fields: { error: mistake } }]);
});
