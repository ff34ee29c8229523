import { randomBytes } from 'node:crypto';
import { PassThrough, Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ChatUnreachableError, SourceError } from '../../lambdas/relay/domain/errors.ts';
import { classify, isConfirmInDoubt } from '../../lambdas/relay/domain/failure.ts';
import { fileName } from '../../lambdas/relay/domain/object-name.ts';
import { type ChatServer, type Fault, startChatServer } from '../../lib/local/chat-server/index.ts';
import { type ChatUnderTest, chatUnderTest, fileFrom, fileOf, SHORT_LIMITS, sha256 } from '../helpers/chat-client.ts';
import { errorText } from '../helpers/error-text.ts';
import { createHandClock } from '../helpers/hand-clock.ts';
import { type ApiAnswer, apiScript, type ScriptedServer, startScriptedServer } from '../helpers/scripted-server.ts';

const ROOM = 'GENERAL';
const { signal } = new AbortController();
const caught = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

describe.each(['7.x', '8.x'] as const)('Rocket.Chat %s', (version) => {
  let server: ChatServer;
  let under: ChatUnderTest;
  const errors: unknown[] = [];
  /** The error of a call. It is kept, so that afterEach can search it for secrets. */
  const failureOf = async (promise: Promise<unknown>) => {
    const error = await caught(promise);
    expect(error).toBeInstanceOf(Error);
    errors.push(error);
    return error;
  };
  beforeEach(async () => {
    server = await startChatServer({ version });
    under = chatUnderTest(server);
    errors.length = 0;
  });
  afterEach(async () => {
    await server.close();
    for (const error of errors) {
      expect(errorText(error)).not.toContain(server.authToken);
      expect(errorText(error)).not.toContain(under.secret.stored.authToken);
    }
  });

  const upload = (file = fileOf('content'), roomId = ROOM) => under.chat.uploadMedia(roomId, file, { signal });
  const confirm = (fileId: string, text = 'caption', threadId?: string) =>
    under.chat.confirmMedia({ roomId: ROOM, fileId }, { text, threadId }, { signal });
  const post = async (file = fileOf('content')) => {
    const { fileId } = await upload(file);
    return { fileId, ...(await confirm(fileId)) };
  };
  const patient = () => chatUnderTest(server, { limits: SHORT_LIMITS }).chat;

  describe('a file', () => {
    it('becomes a message when it is confirmed', async () => {
      const uploaded = await upload();
      expect(server.messages(ROOM)).toHaveLength(0);
      expect(Math.abs(uploaded.uploadedAt - Date.now())).toBeLessThan(5_000);
      const { messageId } = await confirm(uploaded.fileId);
      expect(server.messages(ROOM)).toMatchObject([
        {
          _id: messageId,
          msg: 'caption',
          file: { _id: uploaded.fileId, name: 'report.pdf', type: 'application/pdf', size: 7 },
        },
      ]);
      expect(server.files()).toMatchObject([{ sha256: sha256('content'), expiresAt: undefined }]);
    });

    it.each([
      ['1 byte', 1],
      ['64 KiB and a byte', 65_537],
      ['a size below that for Expect: 100-continue', 1_000_000],
      ['3 MiB, sent with Expect: 100-continue', 3 * 1024 ** 2],
    ])('of %s arrives unchanged', async (_, sizeBytes) => {
      const content = randomBytes(sizeBytes);
      await post(fileOf(content));
      expect(server.files()).toMatchObject([{ sizeBytes, sha256: sha256(content) }]);
    });

    it.each([
      'a b.txt',
      'a+b.txt',
      '100%.txt',
      '%41.txt',
      'Umsätze.pdf',
      '照片.jpg',
      '🏔️ café.png',
      "it's (1)*!~.txt",
      'say "hi".txt',
      'a\\b.txt',
      'a;b=c.txt',
      'a\r\nb.txt',
    ])('named %j keeps its name', async (key) => {
      await post(fileOf('x', { name: fileName(`folder/${key}`) }));
      expect(server.files()).toMatchObject([{ name: fileName(key) }]);
      expect(server.messages(ROOM)).toMatchObject([{ file: { name: fileName(key) } }]);
    });

    it('can be sent concurrently with others', async () => {
      const ids = await Promise.all(Array.from({ length: 8 }, (_, index) => post(fileOf(`content ${index}`))));
      expect(new Set(ids.map(({ messageId }) => messageId)).size).toBe(8);
      expect(new Set(server.files().map((file) => file.sha256)).size).toBe(8);
    });

    it('can be posted into a thread', async () => {
      const parent = await post();
      const { fileId } = await upload();
      await confirm(fileId, 'reply', parent.messageId);
      expect(server.messages(ROOM).at(-1)).toMatchObject({ tmid: parent.messageId, msg: 'reply' });
    });

    it.each(['', 'a "quoted" \\ line\nand another', '🏔️ ä', '{"msg":"x"}'])('can have the caption %j', async (text) => {
      const { fileId } = await upload();
      await confirm(fileId, text);
      expect(server.messages(ROOM)).toMatchObject([{ msg: text }]);
    });

    it('can be sent to a server below a path', async () => {
      const below = chatUnderTest({ ...server, url: `${server.url}/` });
      await expect(below.chat.uploadMedia(ROOM, fileOf('x'), { signal })).resolves.toMatchObject({
        fileId: expect.any(String),
      });
    });
  });

  describe('a refusal of the server', () => {
    it.each<[string, (chat: ChatServer) => void, Parameters<typeof fileOf>, string, string, string]>([
      ['an empty file', () => {}, [''], ROOM, 'refused', 'EMPTY_FILE'],
      [
        'a file that is too large',
        (chat) => Object.assign(chat.settings, { FileUpload_MaxFileSize: 100 }),
        [Buffer.alloc(101)],
        ROOM,
        'refused',
        'FILE_TOO_LARGE',
      ],
      ['a media type', () => {}, ['<svg/>', { contentType: 'image/svg+xml' }], ROOM, 'refused', 'MEDIA_TYPE_REFUSED'],
      [
        'all uploads',
        (chat) => Object.assign(chat.settings, { FileUpload_Enabled: false }),
        ['x'],
        ROOM,
        'misconfigured',
        'UPLOADS_DISABLED',
      ],
      [
        'uploads into direct messages',
        (chat) => {
          chat.addRoom({ id: 'DM', type: 'd' });
          Object.assign(chat.settings, { FileUpload_Enabled_Direct: false });
        },
        ['x'],
        'DM',
        'misconfigured',
        'UPLOADS_DISABLED',
      ],
      ['an unknown room', () => {}, ['x'], 'NOWHERE', 'misconfigured', 'ROOM_UNAVAILABLE'],
      [
        'a room without the bot',
        (chat) => void chat.addRoom({ id: 'CLOSED', name: 'closed', type: 'p', members: [] }),
        ['x'],
        'CLOSED',
        'misconfigured',
        'ROOM_UNAVAILABLE',
      ],
    ])('of %s is classified as it should be', async (_, prepare, file, room, kind, reason) => {
      prepare(server);
      const error = await failureOf(upload(fileOf(...file), room));
      expect(classify(error, 'media')).toMatchObject({ kind, reason });
      expect(server.files()).toHaveLength(0);
    });

    it('of a file of exactly the maximum size happens in 7.x only', async () => {
      server.settings.FileUpload_MaxFileSize = 100;
      const error = await caught(upload(fileOf(Buffer.alloc(100))));
      expect(error === undefined).toBe(version === '8.x');
    });

    it('of a large file is read although the file was not sent', async () => {
      const file = fileOf(Buffer.alloc(5_000_000));
      const error = await failureOf(upload(file, 'NOWHERE'));
      expect(classify(error, 'media')).toMatchObject({ kind: 'misconfigured', httpStatus: 403 });
      file.source.close();
    });

    it.each<[string, (chat: ChatServer) => void, string]>([
      ['archived', (chat) => Object.assign(chat.room(ROOM), { archived: true }), 'ROOM_UNAVAILABLE'],
      ['read-only', (chat) => Object.assign(chat.room(ROOM), { readOnly: true }), 'ROOM_UNAVAILABLE'],
      ['blocked', (chat) => Object.assign(chat.room(ROOM), { blocked: true }), 'ROOM_UNAVAILABLE'],
      ['muted', (chat) => Object.assign(chat.room(ROOM), { muted: [chat.userId] }), 'ROOM_UNAVAILABLE'],
      ['encrypted', (chat) => Object.assign(chat.room(ROOM), { encrypted: true }), 'ROOM_UNAVAILABLE'],
      ['closed to the bot', (chat) => Object.assign(chat.room(ROOM), { members: [] }), 'ROOM_UNAVAILABLE'],
    ])('of a confirm in a room that is %s leaves no doubt that nothing was posted', async (_, prepare, reason) => {
      const { fileId } = await upload();
      prepare(server);
      const error = await failureOf(confirm(fileId));
      expect(classify(error, 'confirm')).toMatchObject({ kind: 'misconfigured', reason, scope: 'room' });
      expect(isConfirmInDoubt(error)).toBe(false);
      expect(server.messages(ROOM)).toHaveLength(0);
    });

    it('of a caption that is too long leaves no doubt that nothing was posted', async () => {
      const { fileId } = await upload();
      const error = await failureOf(confirm(fileId, 'x'.repeat(5_001)));
      expect(classify(error, 'confirm')).toMatchObject({ kind: 'refused', reason: 'CAPTION_TOO_LONG' });
      expect(isConfirmInDoubt(error)).toBe(false);
    });

    it('of an upload that has expired is classified as stale', async () => {
      const { fileId } = await upload();
      server.faults.next('mediaConfirm', { kind: 'expire-uploads' });
      const error = await failureOf(confirm(fileId));
      expect(classify(error, 'confirm')).toMatchObject({ kind: 'stale-upload', reason: 'UPLOAD_EXPIRED' });
      expect(isConfirmInDoubt(error)).toBe(false);
    });
  });

  describe('an upload', () => {
    it.each<[Fault, string, string]>([
      [{ kind: 'reset-before' }, 'transient', 'CHAT_UNREACHABLE'],
      [{ kind: 'reset-in-body', afterBytes: 1_000 }, 'transient', 'CHAT_UNREACHABLE'],
      [{ kind: 'reset-after' }, 'transient', 'CHAT_UNREACHABLE'],
      [{ kind: 'reset-in-answer' }, 'transient', 'CHAT_UNREACHABLE'],
      [{ kind: 'failure' }, 'transient', 'CHAT_ERROR'],
      [{ kind: 'failure', errorType: 'ufs: cannot upload file' }, 'transient', 'MEDIA_NOT_PROCESSED'],
      [{ kind: 'answer', status: 502 }, 'transient', 'CHAT_ERROR'],
      [{ kind: 'answer', status: 413, closes: true }, 'refused', 'FILE_TOO_LARGE'],
      [{ kind: 'answer', status: 200 }, 'transient', 'CHAT_UNREACHABLE'],
      [{ kind: 'invalid-json' }, 'transient', 'CHAT_UNREACHABLE'],
      [{ kind: 'endless-answer' }, 'transient', 'CHAT_UNREACHABLE'],
      [{ kind: 'redirect' }, 'misconfigured', 'NOT_ROCKET_CHAT'],
      [{ kind: 'answer', status: 403 }, 'misconfigured', 'NOT_ROCKET_CHAT'],
      [{ kind: 'forbidden' }, 'misconfigured', 'ROOM_UNAVAILABLE'],
      [{ kind: 'unauthorized' }, 'misconfigured', 'CREDENTIALS_REFUSED'],
      [{ kind: 'rate-limited', resetInMs: 9_000 }, 'throttled', 'RATE_LIMITED'],
      [{ kind: 'rate-limited' }, 'throttled', 'RATE_LIMITED'],
    ])('of a small file with the fault %j fails as %s, %s', async (fault, kind, reason) => {
      server.faults.next('media', fault);
      const error = await failureOf(upload(fileOf(Buffer.alloc(200_000))));
      expect(classify(error, 'media')).toMatchObject({ kind, reason });
    });

    it.each<[Fault, string, string]>([
      [{ kind: 'reset-before' }, 'transient', 'CHAT_UNREACHABLE'],
      [{ kind: 'reset-in-body', afterBytes: 500_000 }, 'transient', 'CHAT_UNREACHABLE'],
      [{ kind: 'answer', status: 413 }, 'refused', 'FILE_TOO_LARGE'],
      [{ kind: 'forbidden' }, 'misconfigured', 'ROOM_UNAVAILABLE'],
      [{ kind: 'redirect' }, 'misconfigured', 'NOT_ROCKET_CHAT'],
      [{ kind: 'rate-limited', resetInMs: 9_000 }, 'throttled', 'RATE_LIMITED'],
    ])('of a large file with the fault %j fails as %s, %s', async (fault, kind, reason) => {
      server.faults.next('media', fault);
      const file = fileOf(Buffer.alloc(8_000_000));
      const error = await failureOf(upload(file));
      expect(classify(error, 'media')).toMatchObject({ kind, reason });
      expect(server.files()).toHaveLength(0);
      file.source.close();
    });

    it.each([{ kind: 'hang' } as const, { kind: 'hang', unread: true } as const])(
      'with the fault %j times out',
      async (fault) => {
        server.faults.next('media', fault);
        const error = await failureOf(patient().uploadMedia(ROOM, fileOf('content'), { signal }));
        expect(error).toMatchObject({ code: 'TIMED_OUT' });
      },
    );

    it('times out if the source sends no more data', async () => {
      const body = new PassThrough();
      body.write('con');
      const error = await failureOf(patient().uploadMedia(ROOM, fileFrom(body, 7), { signal }));
      expect(error).toMatchObject({ code: 'TIMED_OUT' });
      expect(server.files()).toHaveLength(0);
    });

    it.each([100, 3_000_000])('of %i bytes is not completed if the source fails at its end', async (sizeBytes) => {
      const mismatch = new SourceError('the bytes do not match', { code: 'CHECKSUM_MISMATCH' });
      const body = Readable.from(
        (function* () {
          yield Buffer.alloc(sizeBytes);
          throw mismatch;
        })(),
        { objectMode: false },
      );
      const error = await failureOf(upload(fileFrom(body, sizeBytes)));
      expect(error).toBe(mismatch);
      await vi.waitFor(() => expect(server.calls.every((call) => call.endedAt !== undefined)).toBe(true));
      expect(server.files()).toHaveLength(0);
    });

    it('is not completed if the source ends early', async () => {
      const short = new SourceError('S3 sent 3 of 100 bytes', { code: 'SOURCE_SHORT' });
      const body = new PassThrough();
      body.write('abc');
      setImmediate(() => body.destroy(short));
      expect(await failureOf(upload(fileFrom(body, 100)))).toBe(short);
      await vi.waitFor(() => expect(server.calls[0]?.endedAt).toBeDefined());
      expect(server.files()).toHaveLength(0);
    });

    it('fails with the error of a source that fails before the server asks for the body', async () => {
      server.faults.next('media', { kind: 'hang', unread: true });
      const broken = new SourceError('S3 broke off', { code: 'SOURCE_UNAVAILABLE' });
      const body = new PassThrough();
      const sent = failureOf(upload(fileFrom(body, 5_000_000)));
      setImmediate(() => body.destroy(broken));
      expect(await sent).toBe(broken);
    });

    it('is stopped by its signal', async () => {
      server.faults.next('media', { kind: 'hang' });
      const stop = new AbortController();
      const sent = failureOf(under.chat.uploadMedia(ROOM, fileOf('content'), { signal: stop.signal }));
      await vi.waitFor(() => expect(server.calls).toHaveLength(1));
      stop.abort();
      expect(classify(await sent, 'media')).toMatchObject({ kind: 'transient', reason: 'OUT_OF_TIME' });
    });

    it('is not started with an aborted signal', async () => {
      const error = await failureOf(under.chat.uploadMedia(ROOM, fileOf('content'), { signal: AbortSignal.abort() }));
      expect(error).toMatchObject({ code: 'ABORTED', mayHaveActed: false });
      // A request that was started nevertheless would emit an unhandled error and end the process.
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(server.calls).toHaveLength(0);
    });

    it('that cannot connect fails and cannot have had an effect', async () => {
      const nobody = chatUnderTest({ ...server, url: 'http://127.0.0.1:9' });
      const error = await failureOf(nobody.chat.uploadMedia(ROOM, fileOf('x'), { signal }));
      expect(error).toMatchObject({ code: 'CONNECT_FAILED', mayHaveActed: false });
    });
  });

  describe('a confirm', () => {
    it.each<[Fault, string, boolean, number]>([
      [{ kind: 'reset-before' }, 'CHAT_UNREACHABLE', true, 0],
      [{ kind: 'reset-after' }, 'CHAT_UNREACHABLE', true, 1],
      [{ kind: 'reset-in-answer' }, 'CHAT_UNREACHABLE', true, 1],
      [{ kind: 'answer', status: 502 }, 'CHAT_ERROR', true, 0],
      [{ kind: 'answer', status: 504, commit: true }, 'CHAT_ERROR', true, 1],
      [{ kind: 'answer', status: 200, commit: true }, 'CHAT_UNREACHABLE', true, 1],
      [{ kind: 'failure', commit: true }, 'CHAT_ERROR', true, 1],
      [{ kind: 'invalid-json', commit: true }, 'CHAT_UNREACHABLE', true, 1],
      [{ kind: 'invalid-json', commit: true, body: '{"success":true}' }, 'CHAT_UNREACHABLE', true, 1],
      [{ kind: 'invalid-json', commit: true, body: '{"success":true,"message":{}}' }, 'CHAT_UNREACHABLE', true, 1],
      [{ kind: 'endless-answer', commit: true }, 'CHAT_UNREACHABLE', true, 1],
      [{ kind: 'message-null' }, 'NOT_POSTED', false, 0],
      [{ kind: 'unauthorized' }, 'CREDENTIALS_REFUSED', false, 0],
      [{ kind: 'forbidden' }, 'ROOM_UNAVAILABLE', false, 0],
      [{ kind: 'rate-limited' }, 'RATE_LIMITED', false, 0],
      [{ kind: 'redirect' }, 'NOT_ROCKET_CHAT', true, 0],
      [{ kind: 'answer', status: 202, commit: true }, 'CHAT_ERROR', true, 1],
      [{ kind: 'answer', status: 302, commit: true }, 'NOT_ROCKET_CHAT', true, 1],
      [{ kind: 'answer', status: 401, commit: true }, 'NOT_ROCKET_CHAT', true, 1],
      [{ kind: 'answer', status: 403, commit: true }, 'NOT_ROCKET_CHAT', true, 1],
      [{ kind: 'answer', status: 404, commit: true }, 'NOT_ROCKET_CHAT', true, 1],
      [{ kind: 'answer', status: 413, commit: true }, 'CHAT_ERROR', true, 1],
      [{ kind: 'answer', status: 429, commit: true }, 'RATE_LIMITED', true, 1],
      [{ kind: 'answer', status: 499, commit: true }, 'CHAT_ERROR', true, 1],
      [{ kind: 'answer', status: 403, commit: true, body: '{"error":"unauthorized"}' }, 'NOT_ROCKET_CHAT', true, 1],
      [{ kind: 'answer', status: 400, commit: true, body: '{"errorType":"invalid-file"}' }, 'CHAT_ERROR', true, 1],
    ])('with the fault %j fails with %s, in doubt: %s', async (fault, reason, inDoubt, messages) => {
      const { fileId } = await upload();
      server.faults.next('mediaConfirm', fault);
      const error = await failureOf(confirm(fileId));
      expect(classify(error, 'confirm')).toMatchObject({ reason });
      expect(isConfirmInDoubt(error)).toBe(inDoubt);
      expect(server.messages(ROOM)).toHaveLength(messages);
    });

    it('that times out is in doubt', async () => {
      const { fileId } = await upload();
      server.faults.next('mediaConfirm', { kind: 'hang', commit: true });
      const confirming = patient().confirmMedia({ roomId: ROOM, fileId }, { text: '' }, { signal });
      const error = await failureOf(confirming);
      expect(error).toMatchObject({ code: 'TIMED_OUT', mayHaveActed: true });
    });

    it('that cannot connect is not in doubt', async () => {
      const nobody = chatUnderTest({ ...server, url: 'http://127.0.0.1:9' });
      const error = await failureOf(nobody.chat.confirmMedia({ roomId: ROOM, fileId: 'x' }, { text: '' }, { signal }));
      expect(isConfirmInDoubt(error)).toBe(false);
    });

    it('does not send the token to the target of a redirect', async () => {
      const elsewhere = await startChatServer({ version });
      const { fileId } = await upload();
      server.faults.next('mediaConfirm', { kind: 'redirect', status: 307, location: `${elsewhere.url}/api/v1/me` });
      await failureOf(confirm(fileId));
      expect(elsewhere.calls).toHaveLength(0);
      await elsewhere.close();
    });
  });

  describe('new credentials', () => {
    const rotate = () => {
      const [bot] = server.users();
      if (bot === undefined) throw new Error('the server has no bot');
      bot.authToken = 'a-new-token-that-nobody-may-see';
      under.secret.stored = { userId: server.userId, authToken: bot.authToken };
    };

    it('are used to repeat a call that was refused', async () => {
      const { fileId } = await upload();
      rotate();
      await expect(confirm(fileId)).resolves.toMatchObject({ messageId: expect.any(String) });
      expect(server.messages(ROOM)).toHaveLength(1);
      expect(under.secret.renewals).toBe(1);
    });

    it('make an upload fail, because its stream has been consumed', async () => {
      rotate();
      const error = await failureOf(upload());
      expect(error).toMatchObject({ name: 'CredentialsRenewedError' });
      await expect(upload()).resolves.toMatchObject({ fileId: expect.any(String) });
    });

    it('that the secret does not contain leave the call refused', async () => {
      server.faults.use(() => ({ kind: 'unauthorized' }));
      expect(classify(await failureOf(upload()), 'media')).toMatchObject({
        reason: 'CREDENTIALS_REFUSED',
        scope: 'server',
      });
      expect(classify(await failureOf(confirm('x')), 'confirm')).toMatchObject({ reason: 'CREDENTIALS_REFUSED' });
      expect(under.secret.renewals).toBe(2);
    });

    it('that are refused as well leave the call refused', async () => {
      const { fileId } = await upload();
      under.secret.stored = { userId: server.userId, authToken: 'another-wrong-token' };
      server.faults.next('mediaConfirm', { kind: 'unauthorized' });
      expect(classify(await failureOf(confirm(fileId)), 'confirm')).toMatchObject({ httpStatus: 401 });
    });
  });

  describe('the rate limit', () => {
    it('is passed to the pacer with each answer, by call', async () => {
      server.setRateLimit({ calls: 2, windowMs: 60_000 });
      await post();
      expect(under.paced).toMatchObject([
        { kind: 'observe', call: 'media', value: { limit: 2, remaining: 1 } },
        { kind: 'observe', call: 'confirm', value: { limit: 2, remaining: 1 } },
      ]);
      const waitMs = under.paced.map(({ value }) => (value as { resetAt: number }).resetAt - Date.now());
      expect(Math.min(...waitMs)).toBeGreaterThan(50_000);
      expect(Math.max(...waitMs)).toBeLessThan(62_000);
    });

    it('is passed to the pacer when a call was rejected', async () => {
      server.setRateLimit({ calls: 1, windowMs: 60_000 });
      await upload();
      const error = await failureOf(upload());
      expect(classify(error, 'media')).toMatchObject({ kind: 'throttled', retryAt: expect.any(Number) });
      expect(under.paced.at(-1)).toMatchObject({ kind: 'rejected', call: 'media' });
    });

    it('is passed as undefined for a bot that bypasses it', async () => {
      await upload();
      expect(under.paced).toEqual([{ kind: 'observe', call: 'media', value: undefined }]);
    });

    it('is not passed as undefined for answers of a proxy', async () => {
      server.setRateLimit({ calls: 5, windowMs: 60_000 });
      await upload();
      for (const status of [413, 404, 502]) {
        server.faults.next('media', { kind: 'answer', status });
        await failureOf(upload());
      }
      server.faults.next('media', { kind: 'unauthorized' });
      await failureOf(upload());
      expect(under.paced).toHaveLength(1);
    });

    it('is read from refused uploads too', async () => {
      server.setRateLimit({ calls: 5, windowMs: 60_000 });
      await failureOf(upload(fileOf('')));
      expect(under.paced).toMatchObject([{ kind: 'observe', value: { limit: 5, remaining: 4 } }]);
    });
  });

  it('puts the cause and the address into the message of an error', async () => {
    server.faults.next('media', { kind: 'failure', error: `disk\nfull \u202e${'x'.repeat(1_000)}` });
    const error = (await failureOf(upload())) as Error;
    expect(error.message).toMatch(/^rooms\.media answered 400: disk full +x{100,}$/);
    expect(error.message.length).toBeLessThan(400);
    server.faults.next('media', { kind: 'reset-after' });
    expect(((await failureOf(upload())) as Error).message).toContain(
      `POST /api/v1/rooms.media/${ROOM} at ${server.url}`,
    );
    expect(await failureOf(patient().uploadMedia(ROOM, fileOf(''), { signal: AbortSignal.abort() }))).toBeInstanceOf(
      ChatUnreachableError,
    );
  });
});

describe('a server by script', () => {
  let server: ScriptedServer;
  beforeEach(async () => {
    server = await startScriptedServer();
  });
  afterEach(() => server.close());

  const scripted = (calls: Record<string, ApiAnswer>, options: Parameters<typeof chatUnderTest>[1] = {}) => {
    server.answer(apiScript(calls));
    return chatUnderTest({ url: server.url, userId: 'bot', authToken: 'token' }, options);
  };
  const upload = ({ chat }: ChatUnderTest) => chat.uploadMedia(ROOM, fileOf('content'), { signal });
  const UPLOADED = { success: true, file: { _id: 'F1' } };

  it.each([204, 304])('that answers a confirm with %i and no body leaves it in doubt', async (status) => {
    const { chat } = scripted({ 'rooms.mediaConfirm': { status, body: '' } });
    const error = await caught(chat.confirmMedia({ roomId: ROOM, fileId: 'F1' }, { text: '' }, { signal }));
    expect(error).toMatchObject({ name: 'ChatAnswerError', status, isRocketChats: false });
    expect(isConfirmInDoubt(error)).toBe(true);
  });

  it('gives an upload the time of its Date header', async () => {
    const clock = createHandClock();
    const headers = { date: new Date(clock.now() + 60_000).toUTCString() };
    const under = scripted({ 'rooms.media': { headers, body: UPLOADED } }, { clock });
    expect(await upload(under)).toEqual({ fileId: 'F1', uploadedAt: clock.now() + 60_000 });
  });

  it('reads the smaller of two limits that a gateway and the server send', async () => {
    const headers = {
      'x-ratelimit-limit': ['60;w=60', '100', '10'],
      'x-ratelimit-remaining': ['99', '7'],
      'x-ratelimit-reset': ['30', String(Date.now() + 9_000)],
    };
    const under = scripted({ 'rooms.media': { headers, body: UPLOADED } });
    await upload(under);
    expect(under.paced).toMatchObject([{ kind: 'observe', value: { limit: 10, remaining: 7 } }]);
  });

  it('gets the name of a file in filename only', async () => {
    let body = '';
    server.answer((request, response) => {
      request.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      request.once('end', () => response.end(JSON.stringify(UPLOADED)));
    });
    const { chat } = chatUnderTest({ url: server.url, userId: 'bot', authToken: 'token' });
    await chat.uploadMedia(ROOM, fileOf('content', { name: 'Umsätze.pdf' }), { signal });
    expect(body).toContain('; filename="Umsätze.pdf"\r\n');
    expect(body).not.toContain('filename*');
  });

  describe('that answers 401 as Rocket.Chat 9.0 does to an unauthorised action', () => {
    const denied = { status: 401, body: { success: false, error: 'unauthorized' } };

    it('is not taken for one that refuses a token which it accepts for GET me', async () => {
      const under = scripted({ 'rooms.media': denied, me: { body: { success: true, _id: 'bot' } } });
      const failure = classify(await caught(upload(under)), 'media');
      expect(failure).toMatchObject({ reason: 'ROOM_UNAVAILABLE', scope: 'room', errorType: 'error-unauthorized' });
      expect(under.secret.renewals).toBe(0);
    });

    it('refuses the token if it refuses it for GET me as well', async () => {
      const under = scripted({ 'rooms.media': denied, me: denied });
      const failure = classify(await caught(upload(under)), 'media');
      expect(failure).toMatchObject({ reason: 'CREDENTIALS_REFUSED', scope: 'server' });
      expect(under.secret.renewals).toBe(1);
    });
  });

  it.each(['Vous devez vous connecter', 'You must be logged in to do this.'])(
    'refuses the token with status "error" and no success (%s)',
    async (message) => {
      const under = scripted({ 'rooms.media': { status: 401, body: { status: 'error', message } } });
      expect(classify(await caught(upload(under)), 'media')).toMatchObject({ reason: 'CREDENTIALS_REFUSED' });
      expect(server.requests.map(({ url }) => url)).toEqual([`/api/v1/rooms.media/${ROOM}`]);
    },
  );
});
