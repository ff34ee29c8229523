import { beforeEach, describe, expect, it } from 'vitest';
import { ChatAnswerError, LedgerError } from '../../../lambdas/relay/domain/errors.ts';
import type { Settings } from '../../../lambdas/relay/domain/settings.ts';
import { createdObject, START } from '../../helpers/factories.ts';
import {
  createRelayWorld,
  HOUR_MS,
  lost,
  type RelayWorld,
  type RunOptions,
  settingsOf,
} from '../../helpers/relay-world.ts';

const LINK: Settings['routes'][number] = { room: '#general', link: { baseUrl: 'https://files.example.com' } };
const small = { maxFileSizeBytes: 5 };
const refused = () => new ChatAnswerError('too large', { status: 400, errorType: 'error-file-too-large' });
const ledgerDown = () => new LedgerError('down', { code: 'LEDGER_UNAVAILABLE' });

let world: RelayWorld;
const start = (route = LINK, settings: Partial<Settings> = {}) => {
  world = createRelayWorld(settingsOf({ routes: [route], ...settings }));
};
beforeEach(() => start());
const texts = () => [...world.notices.values()].map(({ text }) => text);
const object = createdObject({ sizeBytes: 7 });

describe('a file that is larger than the server allows', () => {
  it('is neither opened nor sent, and a link is posted with two writes to the ledger', async () => {
    world.limits = small;
    expect(await world.run()).toMatchObject({
      kind: 'posted',
      link: 'FILE_TOO_LARGE',
      fileId: 'link',
      wasFound: false,
    });
    expect(world.calls).toEqual(['resolve', 'claimUploaded', 'findOther', 'link', 'record']);
    expect(texts()).toEqual([
      '`reports/weekly.pdf`\n' +
        'The file is not attached: it is too large for this server: 7 B, limit 5 B.\n' +
        '[Download the file](https://files.example.com/reports/weekly.pdf)',
    ]);
    expect(world.messages).toEqual([]);
    expect(world.ledger.entries()).toMatchObject([{ status: 'posted', upload: { link: 'FILE_TOO_LARGE' } }]);
  });

  it('is dead-lettered without being opened if its route has no link', async () => {
    start({ room: '#general' });
    world.limits = small;
    expect(await world.run()).toMatchObject({
      kind: 'dead-lettered',
      reason: 'FILE_TOO_LARGE',
      failureKind: 'refused',
    });
    expect(world.calls).not.toContain('open');
    expect(world.deadLetters[0]?.detail).toBe("the file has 7 B; the server's limit is 5 B (FileUpload_MaxFileSize)");
  });

  it('has a presigned link that names its end', async () => {
    start({ room: '#general', caption: 'Scan', link: { presignForHours: 6 } });
    world.limits = small;
    await world.run();
    expect(texts()[0]).toContain('(https://example.com/reports/weekly.pdf?X-Amz-Expires=21600)');
    expect(texts()[0]).toContain('works until 2026-03-05 15:30 UTC at the latest');
    expect(START).toBe(Date.UTC(2026, 2, 5, 9, 30));
  });

  it('has a link in its thread', async () => {
    start({ ...LINK, threadId: 'parent' });
    world.limits = small;
    await world.run();
    expect([...world.notices.values()]).toMatchObject([{ threadId: 'parent' }]);
  });

  it('has no link if a browser would change its key', async () => {
    world.limits = small;
    const hostile = createdObject({ sizeBytes: 7, key: 'a/../secret.pdf' });
    expect(await world.run({ object: hostile })).toMatchObject({ kind: 'dead-lettered', reason: 'FILE_TOO_LARGE' });
    expect(world.deadLetters[0]?.detail).toContain('no link can be posted');
    expect(world.notices.size).toBe(0);
  });
});

describe('a link', () => {
  it.each([
    ['the server refuses the upload', () => world.fail('media', refused()), object, 'FILE_TOO_LARGE'],
    [
      'a proxy answers 413',
      () => world.fail('media', new ChatAnswerError('x', { status: 413, isRocketChats: false })),
      object,
      'FILE_TOO_LARGE',
    ],
    [
      'the lists of media types refuse the object',
      () => {
        world.limits = { mediaTypes: { whiteList: 'image/*', blackList: '' } };
      },
      object,
      'MEDIA_TYPE_REFUSED',
    ],
    ['the object is empty', () => {}, createdObject({ sizeBytes: 0 }), 'EMPTY_FILE'],
  ])('is posted if %s', async (_, prepare, given, reason) => {
    prepare();
    expect(await world.run({ object: given })).toMatchObject({ kind: 'posted', link: reason });
    expect(world.notices.size).toBe(1);
    expect(world.messages).toEqual([]);
    expect(world.openSources()).toBe(0);
  });

  it('is not posted if an app of the server refuses the file', async () => {
    world.fail('media', new ChatAnswerError('virus', { status: 400, errorType: 'error-app-prevented' }));
    expect(await world.run()).toMatchObject({ kind: 'dead-lettered', reason: 'APP_PREVENTED' });
    expect(world.notices.size).toBe(0);
  });

  it('is not posted while uploads are turned off, which an operator can correct', async () => {
    world.limits = { takesUploads: false };
    expect(await world.run()).toMatchObject({
      kind: 'retrying',
      reason: 'UPLOADS_DISABLED',
      failureKind: 'misconfigured',
    });
    expect(world.calls).not.toContain('open');
    expect(world.notices.size).toBe(0);
  });

  it.each<[string, () => void]>([
    ['the answer to its message was lost', () => world.fail('link', lost(), { after: true })],
    ['its message did not arrive', () => world.fail('link', lost())],
    // The entry then looks as after the death of the process: it is leased, and says that a link is posted.
    ['nothing could be recorded after its message', () => world.fail('record', ledgerDown(), { times: 2 })],
  ])('is posted once if %s, also if the server would take the file then', async (_, fail) => {
    world.limits = small;
    fail();
    let last = await world.run();
    expect(last.kind).toBe('retrying');
    world.limits = {};
    for (let receiveCount = 2; receiveCount < 5 && last.kind === 'retrying'; receiveCount += 1) {
      world.clock.advance(HOUR_MS);
      last = await world.run({ receiveCount });
    }
    expect(last).toMatchObject({ kind: 'posted', link: 'FILE_TOO_LARGE' });
    expect(await world.run({ receiveCount: 5 })).toMatchObject({ kind: 'duplicate' });
    expect([world.notices.size, world.messages.length]).toEqual([1, 0]);
  });

  it('waits for the rate limit of its call without counting a failure', async () => {
    world.limits = small;
    const retryAt = world.clock.now() + 3_000;
    world.fail('link', new ChatAnswerError('slow down', { status: 429, retryAt }));
    expect(await world.run()).toMatchObject({ kind: 'retrying', failureKind: 'throttled', delayMs: 3_500 });
    expect(world.ledger.entries()).toMatchObject([{ failures: 0, status: 'uploaded' }]);
  });

  it.each([
    ['x', 'error-action-not-allowed', 'MENTION_NOT_ALLOWED'],
    ['chat.sendMessage answered 400: room_is_archived', undefined, 'ROOM_UNAVAILABLE'],
  ])('waits for an operator if the room answers %j %s', async (text, errorType, reason) => {
    world.limits = small;
    world.fail('link', new ChatAnswerError(text, { status: 400, errorType }));
    expect(await world.run()).toMatchObject({ kind: 'retrying', failureKind: 'misconfigured', reason });
  });

  it('becomes a dead letter after its retries, whose redrive posts it once', async () => {
    start(LINK, { retryForHours: 0 });
    world.limits = small;
    world.fail('link', lost(), { after: true });
    expect(await world.run()).toMatchObject({ kind: 'dead-lettered', reason: 'CHAT_UNREACHABLE' });
    const { failedAt } = world.deadLetters[0] ?? {};
    world.clock.advance(1_000);
    expect(await world.run({ failedAt })).toMatchObject({ kind: 'posted', link: 'FILE_TOO_LARGE' });
    expect([world.notices.size, world.messages.length]).toEqual([1, 0]);
  });

  it('is not posted for a version that a newer one has overtaken', async () => {
    world.limits = small;
    await world.run({ object: createdObject({ sizeBytes: 7, sequencer: '00F0' }) });
    const older = createdObject({ sizeBytes: 7, sequencer: '00A0' });
    expect(await world.run({ object: older })).toMatchObject({ kind: 'gone', reason: 'SUPERSEDED' });
    expect(world.notices.size).toBe(1);
  });

  it('is posted once in each room', async () => {
    const { room: _, ...route } = LINK;
    start({ ...route, rooms: ['#a', '#b'] });
    world.limits = small;
    const options: RunOptions = { object };
    expect((await world.runAll(options)).map(({ kind }) => kind)).toEqual(['posted', 'posted']);
    expect((await world.runAll({ ...options, receiveCount: 2 })).map(({ kind }) => kind)).toEqual([
      'duplicate',
      'duplicate',
    ]);
    expect([...world.notices.values()].map(({ roomId }) => roomId)).toEqual(['id-of-a', 'id-of-b']);
  });

  it('that is longer than the server allows becomes a dead letter that says so', async () => {
    world.limits = { ...small, maxMessageLength: 50 };
    expect(await world.run()).toMatchObject({ kind: 'dead-lettered', reason: 'CAPTION_TOO_LONG' });
    expect(world.deadLetters[0]?.detail).toContain('a link has');
    expect(world.notices.size).toBe(0);
  });
});

describe('limits that refuse a file', () => {
  /** Lets the limits change after each read, and records the greatest age that each read allows. */
  const answers = (...limits: RelayWorld['limits'][]) => {
    const ages: (number | undefined)[] = [];
    const last = limits.at(-1) ?? {};
    Object.assign(world.deps.limits, {
      read: async ({ maxAgeMs }: { maxAgeMs?: number }) => {
        ages.push(maxAgeMs);
        return limits.shift() ?? last;
      },
    });
    return ages;
  };

  it('are read again before the refusal, in case that they were raised', async () => {
    // The first read is the one with the room.
    const ages = answers(small, small, { maxFileSizeBytes: 100 });
    expect(await world.run()).toMatchObject({ kind: 'posted', fileId: 'file-1' });
    expect(ages.slice(0, 3)).toEqual([undefined, undefined, 30_000]);
  });

  it('are never read again for a file that they allow', async () => {
    const ages = answers({ maxFileSizeBytes: 100 });
    await world.run();
    expect(new Set(ages)).toEqual(new Set([undefined]));
  });

  it('are read anew for a redriven object, and what a proxy refused before does not count', async () => {
    start({ room: '#general' });
    world.limits = { refusedBodyBytes: 5 };
    expect(await world.run()).toMatchObject({ kind: 'dead-lettered', reason: 'FILE_TOO_LARGE' });
    const ages = answers({ refusedBodyBytes: 5 });
    world.clock.advance(1_000);
    const { failedAt } = world.deadLetters[0] ?? {};
    expect(await world.run({ failedAt })).toMatchObject({ kind: 'posted', fileId: 'file-1' });
    expect(ages).toContain(0);
  });
});
