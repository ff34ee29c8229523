import { describe, expect, it } from 'vitest';
import {
  ChatAnswerError,
  ChatUnreachableError,
  CredentialsRenewedError,
  LedgerError,
  RoomError,
  SecretError,
  SourceError,
} from '../../../lambdas/relay/domain/errors.ts';
import { type Call, classify, type Failure, isConfirmInDoubt } from '../../../lambdas/relay/domain/failure.ts';

type Expected = [Failure['kind'], Failure['reason']];
interface Row {
  readonly what: string;
  readonly status?: number;
  readonly error?: string;
  readonly errorType?: string;
  /** The answer of a proxy, a firewall or another server. */
  readonly isForeign?: boolean;
  readonly is: Expected;
  /** Whether a confirm with this answer may have posted the message. */
  readonly inDoubt?: boolean;
}

const answerOf = ({ status = 400, error = '', errorType, isForeign = false }: Row, call: string) =>
  new ChatAnswerError(`${call} answered ${status}: ${error}`, { status, errorType, isRocketChats: !isForeign });

/** The answers of Rocket.Chat 8 ("Cur") and 7 ("Old") to `rooms.media` (server/api/v1/rooms.ts, FileUpload.ts, MultipartUploadHandler.ts). */
const MEDIA: Row[] = [
  { what: 'unknown room or no access', status: 403, error: 'unauthorized', is: ['misconfigured', 'ROOM_UNAVAILABLE'] },
  { what: 'the same from 9.0', status: 403, error: 'forbidden', is: ['misconfigured', 'ROOM_UNAVAILABLE'] },
  {
    what: 'no login',
    status: 401,
    error: 'You must be logged in to do this.',
    is: ['misconfigured', 'CREDENTIALS_REFUSED'],
  },
  {
    what: 'rate limit',
    status: 429,
    error: 'Error, too many requests. [error-too-many-requests]',
    is: ['throttled', 'RATE_LIMITED'],
  },
  { what: 'wrong field name', error: '[invalid-field]', errorType: 'invalid-field', is: ['transient', 'CHAT_ERROR'] },
  {
    what: 'no file (Cur)',
    error: 'No file uploaded [error-no-file]',
    errorType: 'error-no-file',
    is: ['transient', 'CHAT_ERROR'],
  },
  {
    what: 'no file (Old)',
    error: '[No file uploaded]',
    errorType: 'No file uploaded',
    is: ['transient', 'CHAT_ERROR'],
  },
  {
    what: 'zero bytes',
    error: 'File size (size = 0) is too small (min = 1) [file-too-small]',
    errorType: 'file-too-small',
    is: ['refused', 'EMPTY_FILE'],
  },
  {
    what: 'two files (Cur)',
    error: 'Too many files [error-too-many-files]',
    errorType: 'error-too-many-files',
    is: ['transient', 'CHAT_ERROR'],
  },
  { what: 'two files (Old)', error: 'Just 1 file is allowed', is: ['transient', 'CHAT_ERROR'] },
  {
    what: 'too large (Cur)',
    error: 'File size exceeds the allowed limit [error-file-too-large]',
    errorType: 'error-file-too-large',
    is: ['refused', 'FILE_TOO_LARGE'],
  },
  {
    what: 'too large (Old)',
    error: '[error-file-too-large]',
    errorType: 'error-file-too-large',
    is: ['refused', 'FILE_TOO_LARGE'],
  },
  {
    what: 'too large for a proxy',
    isForeign: true,
    status: 413,
    error: 'an answer that is not JSON',
    is: ['refused', 'FILE_TOO_LARGE'],
  },
  {
    what: 'blocked type',
    error: 'Der Dateityp wird nicht akzeptiert. [error-invalid-file-type]',
    errorType: 'error-invalid-file-type',
    is: ['refused', 'MEDIA_TYPE_REFUSED'],
  },
  {
    what: 'uploads off',
    error: '[error-file-upload-disabled]',
    errorType: 'error-file-upload-disabled',
    is: ['misconfigured', 'UPLOADS_DISABLED'],
  },
  {
    what: 'uploads off in direct messages',
    error: '…',
    errorType: 'error-direct-message-file-upload-not-allowed',
    is: ['misconfigured', 'UPLOADS_DISABLED'],
  },
  {
    what: 'vetoed by an app',
    error: 'no viruses please [error-app-prevented]',
    errorType: 'error-app-prevented',
    is: ['refused', 'APP_PREVENTED'],
  },
  {
    what: 'storage or image processing failed',
    error: 'ufs: cannot upload file',
    errorType: 'ufs: cannot upload file',
    is: ['transient', 'MEDIA_NOT_PROCESSED'],
  },
  { what: 'storage failed, raw text', error: 'connect ECONNREFUSED 10.0.0.7:9000', is: ['transient', 'CHAT_ERROR'] },
  {
    what: 'truncated body (Cur)',
    error: '[error-upload-failed]',
    errorType: 'error-upload-failed',
    is: ['transient', 'CHAT_ERROR'],
  },
  {
    what: 'truncated body (Cur, in the file)',
    error: '[error-file-upload]',
    errorType: 'error-file-upload',
    is: ['transient', 'CHAT_ERROR'],
  },
  { what: 'truncated body (Old)', error: 'Unexpected end of form', is: ['transient', 'CHAT_ERROR'] },
  {
    what: 'no such method',
    isForeign: true,
    status: 404,
    error: 'an answer that is not JSON',
    is: ['misconfigured', 'NOT_ROCKET_CHAT'],
  },
  { what: 'a redirect', isForeign: true, status: 302, is: ['misconfigured', 'NOT_ROCKET_CHAT'] },
  { what: 'a firewall', isForeign: true, status: 403, is: ['misconfigured', 'NOT_ROCKET_CHAT'] },
  { what: 'a proxy that wants a login', isForeign: true, status: 401, is: ['misconfigured', 'NOT_ROCKET_CHAT'] },
  { what: 'a firewall that answers 400', isForeign: true, is: ['transient', 'CHAT_ERROR'] },
  {
    what: 'a firewall with an errorType of Rocket.Chat',
    isForeign: true,
    errorType: 'error-file-too-large',
    is: ['transient', 'CHAT_ERROR'],
  },
  { what: 'a gateway with a rate limit', isForeign: true, status: 429, is: ['throttled', 'RATE_LIMITED'] },
  {
    what: 'an action that the user may not take (9.0)',
    status: 401,
    errorType: 'error-unauthorized',
    is: ['misconfigured', 'ROOM_UNAVAILABLE'],
  },
  { what: 'the same in 8.x', errorType: 'error-forbidden', is: ['misconfigured', 'ROOM_UNAVAILABLE'] },
  {
    what: 'a proxy without a server',
    status: 502,
    error: 'an answer that is not JSON',
    is: ['transient', 'CHAT_ERROR'],
  },
  { what: 'a server that starts', status: 503, error: 'an answer that is not JSON', is: ['transient', 'CHAT_ERROR'] },
  {
    what: 'a proxy out of patience',
    status: 504,
    error: 'an answer that is not JSON',
    is: ['transient', 'CHAT_ERROR'],
  },
  {
    what: 'an errorType that is a property of every object',
    error: 'x',
    errorType: 'constructor',
    is: ['transient', 'CHAT_ERROR'],
  },
];

/** The answers to `rooms.mediaConfirm` (sendFileMessage.ts, sendMessage.ts, canSendMessage.ts). */
const CONFIRM: Row[] = [
  { what: 'no access', status: 403, error: 'unauthorized', is: ['misconfigured', 'ROOM_UNAVAILABLE'], inDoubt: false },
  {
    what: 'no login',
    status: 401,
    error: 'You must be logged in to do this.',
    is: ['misconfigured', 'CREDENTIALS_REFUSED'],
    inDoubt: false,
  },
  { what: 'rate limit', status: 429, error: 'too many requests', is: ['throttled', 'RATE_LIMITED'], inDoubt: false },
  {
    what: 'rate limit as an errorType',
    error: '…',
    errorType: 'error-too-many-requests',
    is: ['throttled', 'RATE_LIMITED'],
    inDoubt: false,
  },
  {
    what: 'unknown or expired upload',
    error: '[invalid-file]',
    errorType: 'invalid-file',
    is: ['stale-upload', 'UPLOAD_EXPIRED'],
    inDoubt: false,
  },
  {
    what: 'caption too long',
    error: '[error-message-size-exceeded]',
    errorType: 'error-message-size-exceeded',
    is: ['refused', 'CAPTION_TOO_LONG'],
    inDoubt: false,
  },
  { what: 'muted', error: 'You_have_been_muted', is: ['misconfigured', 'ROOM_UNAVAILABLE'], inDoubt: false },
  { what: 'blocked', error: 'room_is_blocked', is: ['misconfigured', 'ROOM_UNAVAILABLE'], inDoubt: false },
  { what: 'archived', error: 'room_is_archived', is: ['misconfigured', 'ROOM_UNAVAILABLE'], inDoubt: false },
  {
    what: 'read-only',
    error: "You can't send messages because the room is readonly.",
    is: ['misconfigured', 'ROOM_UNAVAILABLE'],
    inDoubt: false,
  },
  {
    what: 'alias without the permission',
    error: 'Not enough permission',
    is: ['misconfigured', 'ROOM_UNAVAILABLE'],
    inDoubt: false,
  },
  {
    what: 'encrypted',
    error: 'Not allowed [error-not-allowed]',
    errorType: 'error-not-allowed',
    is: ['misconfigured', 'ROOM_UNAVAILABLE'],
    inDoubt: false,
  },
  {
    what: 'vetoed by an app',
    error: 'no',
    errorType: 'error-app-prevented',
    is: ['refused', 'APP_PREVENTED'],
    inDoubt: false,
  },
  {
    what: 'a key that it does not know',
    error: 'Match error: Unknown key in field fileName',
    is: ['misconfigured', 'VERSION_NOT_SUPPORTED'],
    inDoubt: false,
  },
  {
    what: 'a mention of @all',
    error: 'Notify all in this room not allowed [error-action-not-allowed]',
    errorType: 'error-action-not-allowed',
    is: ['misconfigured', 'MENTION_NOT_ALLOWED'],
    inDoubt: false,
  },
  {
    what: 'a federated room',
    error: 'Federation configuration is invalid. Check the settings.',
    is: ['misconfigured', 'FEDERATION_NOT_READY'],
    inDoubt: false,
  },
  {
    what: 'an air-gapped workspace',
    error: 'restricted-workspace',
    is: ['misconfigured', 'WORKSPACE_RESTRICTED'],
    inDoubt: false,
  },
  {
    what: 'a room locked by ABAC',
    error: 'error-abac-room-locked',
    is: ['misconfigured', 'ROOM_UNAVAILABLE'],
    inDoubt: false,
  },
  {
    what: 'access that was lost during the call',
    error: 'error-not-allowed',
    is: ['misconfigured', 'ROOM_UNAVAILABLE'],
    inDoubt: false,
  },
  {
    what: 'the file of another upload',
    error: '[error-invalid-file]',
    errorType: 'error-invalid-file',
    is: ['stale-upload', 'UPLOAD_EXPIRED'],
    inDoubt: false,
  },
  {
    what: 'an action that the user may not take (9.0)',
    status: 401,
    errorType: 'error-unauthorized',
    is: ['misconfigured', 'ROOM_UNAVAILABLE'],
    inDoubt: false,
  },
  {
    what: 'an action that is forbidden (8.x)',
    errorType: 'error-forbidden',
    is: ['misconfigured', 'ROOM_UNAVAILABLE'],
    inDoubt: false,
  },
  {
    what: 'a text that only contains the one of a room',
    error: 'E11000 duplicate key: "room_is_archived"',
    is: ['transient', 'CHAT_ERROR'],
    inDoubt: true,
  },
  {
    what: 'a database in trouble',
    error: 'connection 7 to 10.0.0.9:27017 closed',
    is: ['transient', 'CHAT_ERROR'],
    inDoubt: true,
  },
  {
    what: 'a database in a failover',
    error: 'READONLY You can not write against a read only replica',
    is: ['transient', 'CHAT_ERROR'],
    inDoubt: true,
  },
  {
    what: 'an errorType never heard of',
    error: 'x',
    errorType: 'error-new',
    is: ['transient', 'CHAT_ERROR'],
    inDoubt: true,
  },
  {
    what: 'storage',
    error: 'x',
    errorType: 'ufs: cannot upload file',
    is: ['transient', 'MEDIA_NOT_PROCESSED'],
    inDoubt: true,
  },
  {
    what: 'no message in the answer',
    status: 200,
    error: '',
    errorType: 'message-null',
    is: ['transient', 'NOT_POSTED'],
    inDoubt: false,
  },
  { what: 'a failure with 200', status: 200, error: 'x', is: ['transient', 'CHAT_ERROR'], inDoubt: true },
  { what: 'a request that took too long', status: 408, error: 'x', is: ['transient', 'CHAT_ERROR'], inDoubt: true },
  { what: 'a server error', status: 500, error: 'x', is: ['transient', 'CHAT_ERROR'], inDoubt: true },
  { what: 'a proxy without a server', status: 502, error: 'x', is: ['transient', 'CHAT_ERROR'], inDoubt: true },
  { what: 'a proxy out of patience', status: 504, error: 'x', is: ['transient', 'CHAT_ERROR'], inDoubt: true },
  { what: 'no such method', status: 404, error: 'x', is: ['misconfigured', 'NOT_ROCKET_CHAT'], inDoubt: true },
];

/** A proxy can answer in place of the server after the server has posted the message. */
const FOREIGN_ANSWERS: Row[] = [
  ...[202, 204, 206, 400, 408, 413, 418, 451, 499, 500, 502].map(
    (status): Row => ({ what: `${status}`, status, is: ['transient', 'CHAT_ERROR'] }),
  ),
  ...[301, 302, 303, 307, 308, 401, 403, 404].map(
    (status): Row => ({ what: `${status}`, status, is: ['misconfigured', 'NOT_ROCKET_CHAT'] }),
  ),
  { what: '429', status: 429, is: ['throttled', 'RATE_LIMITED'] },
  { what: '400 with the text of a refusal', error: 'room_is_archived', is: ['transient', 'CHAT_ERROR'] },
  { what: '400 with an errorType', errorType: 'error-app-prevented', is: ['transient', 'CHAT_ERROR'] },
  { what: '200 with an errorType', status: 200, errorType: 'invalid-file', is: ['transient', 'CHAT_ERROR'] },
];
const FOREIGN_CONFIRM = FOREIGN_ANSWERS.map((row): Row => ({ ...row, isForeign: true, inDoubt: true }));

const ROOM: Row[] = [
  { what: 'no such room', error: '…', errorType: 'error-room-not-found', is: ['misconfigured', 'ROOM_UNAVAILABLE'] },
  { what: 'no access', error: 'not-allowed', errorType: 'Not Allowed', is: ['misconfigured', 'ROOM_UNAVAILABLE'] },
  { what: 'archived', error: '…', errorType: 'error-room-archived', is: ['misconfigured', 'ROOM_UNAVAILABLE'] },
  { what: 'a database in trouble', error: 'pool destroyed', is: ['transient', 'CHAT_ERROR'] },
  { what: 'a text that means a room only to a confirm', error: 'room_is_archived', is: ['transient', 'CHAT_ERROR'] },
];

describe.each<[Call, string, Row[]]>([
  ['media', 'rooms.media', MEDIA],
  ['confirm', 'rooms.mediaConfirm', CONFIRM],
  ['confirm', 'a proxy', FOREIGN_CONFIRM],
  ['room', 'rooms.info', ROOM],
])('an answer to the call %s', (call, name, rows) => {
  it.each(rows)('$what is $is', (row) => {
    const error = answerOf(row, name);
    const failure = classify(error, call);
    expect([failure.kind, failure.reason]).toEqual(row.is);
    expect(failure).toMatchObject({ httpStatus: row.status ?? 400, detail: error.message });
    expect(failure.errorType).toBe(row.errorType);
  });
});

describe('classify', () => {
  it('limits the tries for an image that can not be decoded to five', () => {
    const error = new ChatAnswerError('x', { status: 400, errorType: 'ufs: cannot upload file' });
    expect(classify(error, 'media')).toMatchObject({ kind: 'transient', maxTries: 5 });
  });

  it('keeps the end of the rate-limit window', () => {
    const error = new ChatAnswerError('x', { status: 429, retryAt: 4711 });
    expect(classify(error, 'media')).toMatchObject({ kind: 'throttled', retryAt: 4711 });
  });

  it.each([
    [401, undefined, 'server'],
    [401, 'error-unauthorized', 'room'],
    [403, undefined, 'room'],
    [400, 'error-file-upload-disabled', 'room'],
    [400, 'error-not-allowed', 'room'],
    [400, 'error-action-not-allowed', 'object'],
  ])('gives a %s %s of Rocket.Chat the scope %s', (status, errorType, scope) => {
    expect(classify(new ChatAnswerError('x', { status, errorType }), 'media')).toMatchObject({ scope });
  });

  it.each<[Call, string]>([
    ['media', 'object'],
    ['confirm', 'object'],
    ['look', 'object'],
    ['room', 'room'],
  ])('gives an answer of a proxy to the call %s the scope %s', (call, scope) => {
    for (const status of [302, 401, 403, 404]) {
      const error = new ChatAnswerError('x', { status, isRocketChats: false });
      expect(classify(error, call)).toMatchObject({ kind: 'misconfigured', reason: 'NOT_ROCKET_CHAT', scope });
    }
  });

  it('gives a 404 of Rocket.Chat to a call about a room the scope server', () => {
    expect(classify(new ChatAnswerError('x', { status: 404 }), 'room')).toMatchObject({ scope: 'server' });
  });

  it('returns stale-upload only for a confirm', () => {
    const error = new ChatAnswerError('x', { status: 400, errorType: 'invalid-file' });
    expect(classify(error, 'look')).toMatchObject({ kind: 'transient', reason: 'CHAT_ERROR' });
  });
});

describe('any other error of a port', () => {
  const unreachable = (code: ChatUnreachableError['code']) =>
    new ChatUnreachableError('x', { code, mayHaveActed: true });

  it.each<[Error | string, Expected, object]>([
    [unreachable('CONNECT_FAILED'), ['transient', 'CHAT_UNREACHABLE'], {}],
    [unreachable('CONNECTION_LOST'), ['transient', 'CHAT_UNREACHABLE'], {}],
    [unreachable('TIMED_OUT'), ['transient', 'CHAT_UNREACHABLE'], {}],
    [unreachable('BAD_ANSWER'), ['transient', 'CHAT_UNREACHABLE'], {}],
    [unreachable('ABORTED'), ['transient', 'OUT_OF_TIME'], {}],
    [unreachable('TLS_FAILED'), ['misconfigured', 'NOT_ROCKET_CHAT'], { scope: 'server' }],
    [unreachable('PROXY_REFUSED'), ['misconfigured', 'NOT_ROCKET_CHAT'], { scope: 'server' }],
    [new CredentialsRenewedError(), ['transient', 'CREDENTIALS_REFUSED'], {}],
    [new RoomError('x', { code: 'ROOM_NOT_FOUND' }), ['misconfigured', 'ROOM_UNAVAILABLE'], { scope: 'room' }],
    [new RoomError('x', { code: 'ROOM_READ_ONLY' }), ['misconfigured', 'ROOM_UNAVAILABLE'], { scope: 'room' }],
    [new RoomError('x', { code: 'THREAD_NOT_IN_ROOM' }), ['misconfigured', 'ROOM_UNAVAILABLE'], { scope: 'room' }],
    [new SecretError('x', { code: 'SECRET_UNREADABLE' }), ['misconfigured', 'SECRET_UNUSABLE'], { scope: 'server' }],
    [new SecretError('x', { code: 'SECRET_MALFORMED' }), ['misconfigured', 'SECRET_UNUSABLE'], { scope: 'server' }],
    [new SecretError('x', { code: 'SECRET_UNAVAILABLE' }), ['transient', 'SECRET_UNUSABLE'], {}],
    [new SourceError('x', { code: 'OBJECT_GONE' }), ['gone', 'OBJECT_GONE'], {}],
    [new SourceError('x', { code: 'OBJECT_ARCHIVED' }), ['refused', 'OBJECT_ARCHIVED'], {}],
    [new SourceError('x', { code: 'OBJECT_EMPTY' }), ['refused', 'EMPTY_FILE'], {}],
    [new SourceError('x', { code: 'ACCESS_DENIED' }), ['misconfigured', 'SOURCE_FORBIDDEN'], { scope: 'object' }],
    [new SourceError('x', { code: 'BUCKET_GONE' }), ['misconfigured', 'SOURCE_FORBIDDEN'], { scope: 'object' }],
    [new SourceError('x', { code: 'SOURCE_UNAVAILABLE' }), ['transient', 'SOURCE_ERROR'], {}],
    [new SourceError('x', { code: 'SOURCE_SHORT' }), ['transient', 'SOURCE_ERROR'], {}],
    [new SourceError('x', { code: 'CHECKSUM_MISMATCH' }), ['transient', 'SOURCE_ERROR'], {}],
    [new LedgerError('x', { code: 'LEDGER_UNAVAILABLE' }), ['transient', 'LEDGER_ERROR'], {}],
    [new LedgerError('x', { code: 'LEASE_LOST' }), ['transient', 'LEDGER_ERROR'], {}],
    [new TypeError('x'), ['transient', 'INTERNAL_ERROR'], {}],
    ['x', ['transient', 'INTERNAL_ERROR'], {}],
  ])('%s is %j', (error, [kind, reason], more) => {
    const failure = classify(error, 'media');
    expect(failure).toMatchObject({ kind, reason, ...more });
    expect(failure.detail).toBe(error instanceof Error ? error.message : error);
  });
});

describe('isConfirmInDoubt', () => {
  it.each([...CONFIRM, ...FOREIGN_CONFIRM])('is $inDoubt for $what (foreign: $isForeign)', (row) => {
    expect(isConfirmInDoubt(answerOf(row, 'rooms.mediaConfirm'))).toBe(row.inDoubt);
  });

  it.each([true, false])('is %s for an unreachable server with this mayHaveActed', (mayHaveActed) => {
    expect(isConfirmInDoubt(new ChatUnreachableError('x', { code: 'TIMED_OUT', mayHaveActed }))).toBe(mayHaveActed);
  });

  it('is false for an error before the call', () => {
    expect(isConfirmInDoubt(new SecretError('x', { code: 'SECRET_UNAVAILABLE' }))).toBe(false);
    expect(isConfirmInDoubt(new CredentialsRenewedError())).toBe(false);
    expect(isConfirmInDoubt(new LedgerError('x', { code: 'LEASE_LOST' }))).toBe(false);
  });
});
