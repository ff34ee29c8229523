import {
  ChatAnswerError,
  ChatUnreachableError,
  CredentialsRenewedError,
  LedgerError,
  RoomError,
  SecretError,
  SourceError,
} from './errors.ts';

/** The call that failed: `media` is `rooms.media`, `confirm` is `rooms.mediaConfirm`, `look` searches for the message. */
export type Call = 'room' | 'source' | 'media' | 'confirm' | 'look' | 'ledger' | 'queue';

/** Why an object waits or was dead-lettered. Stable: operators filter by it, and `docs/operating.md` explains each. */
export type Reason =
  | 'UNREADABLE_EVENT'
  | 'EMPTY_FILE'
  | 'FILE_TOO_LARGE'
  | 'MEDIA_TYPE_REFUSED'
  | 'APP_PREVENTED'
  | 'CAPTION_TOO_LONG'
  | 'MEDIA_NOT_PROCESSED'
  | 'OBJECT_ARCHIVED'
  | 'ABANDONED'
  | 'RATE_LIMITED'
  | 'CHAT_UNREACHABLE'
  | 'CHAT_ERROR'
  | 'NOT_POSTED'
  | 'UPLOAD_EXPIRED'
  | 'SOURCE_ERROR'
  | 'LEDGER_ERROR'
  | 'LEASED'
  | 'OUT_OF_TIME'
  | 'OBJECT_GONE'
  | 'SUPERSEDED'
  | 'CREDENTIALS_REFUSED'
  | 'SECRET_UNUSABLE'
  | 'ROOM_UNAVAILABLE'
  | 'UPLOADS_DISABLED'
  | 'NOT_ROCKET_CHAT'
  | 'SOURCE_FORBIDDEN'
  | 'INTERNAL_ERROR'
  | 'MESSAGE_DROPPED'
  | 'UNKNOWN_BUCKET'
  | 'LEDGER_ENTRY_INVALID';

interface FailureDetails {
  readonly reason: Reason;
  readonly detail: string;
  readonly httpStatus?: number | undefined;
  readonly errorType?: string | undefined;
}

/** The class of a failure; it alone decides what happens next. */
export type Failure = FailureDetails &
  (
    | { readonly kind: 'throttled'; readonly retryAt: number | undefined }
    /** `maxTries`: dead-letter after so many failures with this reason, even if there is time left. */
    | { readonly kind: 'transient'; readonly maxTries?: number | undefined }
    /** `scope`: what else fails the same way until an operator has corrected it. */
    | { readonly kind: 'misconfigured'; readonly scope: 'server' | 'room' | 'object' }
    | { readonly kind: 'refused' }
    | { readonly kind: 'gone' }
    | { readonly kind: 'stale-upload' }
  );

/** Classifies whatever a port has thrown. Only a chat server's answer depends on the call. */
export const classify = (error: unknown, call: Call): Failure => {
  if (error instanceof ChatAnswerError) return classifyAnswer(error, call);
  const detail = error instanceof Error ? error.message : String(error);
  if (error instanceof ChatUnreachableError) {
    if (error.code === 'ABORTED') return { kind: 'transient', reason: 'OUT_OF_TIME', detail };
    if (error.code === 'TLS_FAILED' || error.code === 'PROXY_REFUSED')
      return { kind: 'misconfigured', reason: 'NOT_ROCKET_CHAT', detail, scope: 'server' };
    return { kind: 'transient', reason: 'CHAT_UNREACHABLE', detail };
  }
  if (error instanceof CredentialsRenewedError) return { kind: 'transient', reason: 'CREDENTIALS_REFUSED', detail };
  if (error instanceof RoomError) return { kind: 'misconfigured', reason: 'ROOM_UNAVAILABLE', detail, scope: 'room' };
  if (error instanceof SecretError) {
    if (error.code === 'SECRET_UNAVAILABLE') return { kind: 'transient', reason: 'SECRET_UNUSABLE', detail };
    return { kind: 'misconfigured', reason: 'SECRET_UNUSABLE', detail, scope: 'server' };
  }
  if (error instanceof SourceError) return classifySource(error, detail);
  if (error instanceof LedgerError) {
    if (error.code === 'ENTRY_INVALID') return { kind: 'refused', reason: 'LEDGER_ENTRY_INVALID', detail };
    return { kind: 'transient', reason: 'LEDGER_ERROR', detail };
  }
  return { kind: 'transient', reason: 'INTERNAL_ERROR', detail };
};

const classifySource = (error: SourceError, detail: string): Failure => {
  switch (error.code) {
    case 'OBJECT_GONE':
      return { kind: 'gone', reason: 'OBJECT_GONE', detail };
    case 'OBJECT_ARCHIVED':
      return { kind: 'refused', reason: 'OBJECT_ARCHIVED', detail };
    case 'OBJECT_EMPTY':
      return { kind: 'refused', reason: 'EMPTY_FILE', detail };
    case 'ACCESS_DENIED':
    case 'BUCKET_GONE':
      return { kind: 'misconfigured', reason: 'SOURCE_FORBIDDEN', detail, scope: 'object' };
    case 'SOURCE_UNAVAILABLE':
    case 'SOURCE_SHORT':
    case 'CHECKSUM_MISMATCH':
      return { kind: 'transient', reason: 'SOURCE_ERROR', detail };
    default:
      return error.code satisfies never;
  }
};

// Statuses first, then errorTypes: the texts are localised, so they can't be relied on. The errorTypes are thrown by
// Rocket.Chat's FileUpload, sendFileMessage and API classes (apps/meteor/app/file-upload, server/api in
// RocketChat/Rocket.Chat).
const REFUSED: ReadonlyMap<string, Reason> = new Map([
  ['error-file-too-large', 'FILE_TOO_LARGE'],
  ['file-too-small', 'EMPTY_FILE'],
  ['error-invalid-file-type', 'MEDIA_TYPE_REFUSED'],
  ['error-app-prevented', 'APP_PREVENTED'],
  ['error-message-size-exceeded', 'CAPTION_TOO_LONG'],
]);
const UPLOADS_DISABLED = new Set(['error-file-upload-disabled', 'error-direct-message-file-upload-not-allowed']);

// Texts that are thrown without an errorType, before the message is inserted. An unrecognised text makes the failure
// transient: it is retried in the same way and only counted under another metric.
// "readonly" alone would also match the error of a database during a failover.
const ROOM_STATE = /room_is_archived|room_is_blocked|you_have_been_muted|the room is readonly|Not enough permission/i;
const ROOM_UNAVAILABLE = new Set(['error-not-allowed', 'error-room-not-found', 'error-room-archived', 'Not Allowed']);

// An image that can't be decoded and a full disk give the same error (RocketChat/Rocket.Chat#33171).
const STORAGE_ERROR = 'ufs: cannot upload file';
const STORAGE_TRIES = 5;

const classifyAnswer = (error: ChatAnswerError, call: Call): Failure => {
  const { status: httpStatus, errorType } = error;
  const details = { detail: error.message, httpStatus, errorType };
  if (httpStatus === 429 || errorType === 'error-too-many-requests') {
    return { kind: 'throttled', reason: 'RATE_LIMITED', ...details, retryAt: error.retryAt };
  }
  if (httpStatus === 401) return { kind: 'misconfigured', reason: 'CREDENTIALS_REFUSED', ...details, scope: 'server' };
  if (httpStatus === 403) return { kind: 'misconfigured', reason: 'ROOM_UNAVAILABLE', ...details, scope: 'room' };
  if (httpStatus === 413) return { kind: 'refused', reason: 'FILE_TOO_LARGE', ...details };
  if (httpStatus === 404 || (httpStatus >= 300 && httpStatus < 400)) {
    return { kind: 'misconfigured', reason: 'NOT_ROCKET_CHAT', ...details, scope: 'server' };
  }
  if (errorType === undefined) {
    if (call === 'confirm' && httpStatus === 400 && ROOM_STATE.test(error.message)) {
      return { kind: 'misconfigured', reason: 'ROOM_UNAVAILABLE', ...details, scope: 'room' };
    }
    return { kind: 'transient', reason: 'CHAT_ERROR', ...details };
  }
  if (httpStatus === 200) return { kind: 'transient', reason: 'NOT_POSTED', ...details };
  if (call === 'confirm' && errorType === 'invalid-file') {
    return { kind: 'stale-upload', reason: 'UPLOAD_EXPIRED', ...details };
  }
  const refusal = REFUSED.get(errorType);
  if (refusal !== undefined) return { kind: 'refused', reason: refusal, ...details };
  if (UPLOADS_DISABLED.has(errorType)) {
    return { kind: 'misconfigured', reason: 'UPLOADS_DISABLED', ...details, scope: 'room' };
  }
  if (ROOM_UNAVAILABLE.has(errorType)) {
    return { kind: 'misconfigured', reason: 'ROOM_UNAVAILABLE', ...details, scope: 'room' };
  }
  if (errorType === STORAGE_ERROR) {
    return { kind: 'transient', reason: 'MEDIA_NOT_PROCESSED', ...details, maxTries: STORAGE_TRIES };
  }
  return { kind: 'transient', reason: 'CHAT_ERROR', ...details };
};

/** The errorTypes that the server throws before it inserts the message. */
const BEFORE_INSERT = new Set([
  ...REFUSED.keys(),
  ...UPLOADS_DISABLED,
  'invalid-file',
  'error-not-allowed',
  'error-too-many-requests',
]);

/**
 * Whether a failed `rooms.mediaConfirm` may nevertheless have posted the message. A server that inserts the message and
 * then fails answers 400 without an errorType, as it does for many other faults. So only errors that are known to be
 * thrown before the insert count as "not posted".
 */
export const isConfirmInDoubt = (error: unknown): boolean => {
  if (error instanceof ChatUnreachableError) return error.mayHaveActed;
  if (!(error instanceof ChatAnswerError)) return false;
  const { status, errorType } = error;
  if (status === 200) return !isWithoutMessage(error);
  if (status === 400) {
    return errorType === undefined ? !ROOM_STATE.test(error.message) : !BEFORE_INSERT.has(errorType);
  }
  return status >= 500 || status === 408;
};

/** The server answered a confirm with `message: null`: it posted nothing, but marked the file as confirmed. */
export const isWithoutMessage = (error: unknown): boolean =>
  error instanceof ChatAnswerError && error.status === 200 && error.errorType === MESSAGE_NULL;

/** The relay's own errorType for `message: null`; the server sends none with a 200. */
export const MESSAGE_NULL = 'message-null';
