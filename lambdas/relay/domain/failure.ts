import {
  ChatAnswerError,
  ChatUnreachableError,
  CredentialsRenewedError,
  FileRefusedError,
  LedgerError,
  RoomError,
  ScanError,
  SecretError,
  SourceError,
} from './errors.ts';

/**
 * The call that failed: `media` is `rooms.media`, `confirm` is `rooms.mediaConfirm`, `look` searches for the message,
 * `thread` reads or posts the first message of a thread, `link` is the `chat.sendMessage` of a link.
 */
export type Call = 'room' | 'source' | 'media' | 'thread' | 'confirm' | 'look' | 'link' | 'ledger' | 'queue';

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
  | 'MALWARE_FOUND'
  | 'NOT_SCANNED'
  | 'SCAN_UNSUPPORTED'
  | 'SCAN_FAILED'
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
  | 'MENTION_NOT_ALLOWED'
  | 'FEDERATION_NOT_READY'
  | 'WORKSPACE_RESTRICTED'
  | 'VERSION_NOT_SUPPORTED'
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
    /** Waits for the result of a malware scan: not a failure, and not counted as one. */
    | { readonly kind: 'awaiting-scan' }
    /** `scope`: what else fails the same way until an operator has corrected it. */
    | { readonly kind: 'misconfigured'; readonly scope: 'server' | 'room' | 'object' }
    | { readonly kind: 'refused' }
    | { readonly kind: 'gone' }
    | { readonly kind: 'stale-upload' }
  );

/** Classifies any error of a port. Only a chat server's answer depends on the call. */
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
  if (error instanceof RoomError) {
    const scope = error.code === 'THREAD_DELETED' ? 'object' : 'room';
    return { kind: 'misconfigured', reason: 'ROOM_UNAVAILABLE', detail, scope };
  }
  if (error instanceof SecretError) {
    if (error.code === 'SECRET_UNAVAILABLE') return { kind: 'transient', reason: 'SECRET_UNUSABLE', detail };
    return { kind: 'misconfigured', reason: 'SECRET_UNUSABLE', detail, scope: 'server' };
  }
  if (error instanceof FileRefusedError) {
    return error.code === 'UPLOADS_DISABLED' ? { ...UPLOADS_DISABLED, detail } : { ...refused(error.code), detail };
  }
  if (error instanceof ScanError) {
    return { kind: error.code === 'MALWARE_FOUND' ? 'refused' : 'awaiting-scan', reason: error.code, detail };
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

type Verdict =
  | { readonly kind: 'refused'; readonly reason: Reason }
  | { readonly kind: 'misconfigured'; readonly reason: Reason; readonly scope: 'server' | 'room' | 'object' }
  | { readonly kind: 'stale-upload'; readonly reason: 'UPLOAD_EXPIRED' };

const refused = (reason: Reason): Verdict => ({ kind: 'refused', reason });
const ROOM_UNAVAILABLE: Verdict = { kind: 'misconfigured', reason: 'ROOM_UNAVAILABLE', scope: 'room' };
const UPLOADS_DISABLED: Verdict = { kind: 'misconfigured', reason: 'UPLOADS_DISABLED', scope: 'room' };
const WORKSPACE_RESTRICTED: Verdict = { kind: 'misconfigured', reason: 'WORKSPACE_RESTRICTED', scope: 'server' };

// Statuses first, then errorTypes: the texts are localised, so they can't be relied on. The errorTypes are thrown by
// Rocket.Chat's FileUpload, sendFileMessage and API classes (apps/meteor/app/file-upload, server/api in
// RocketChat/Rocket.Chat), and by a confirm always before it inserts the message.
const BY_ERROR_TYPE: ReadonlyMap<string, Verdict> = new Map([
  ['error-file-too-large', refused('FILE_TOO_LARGE')],
  ['file-too-small', refused('EMPTY_FILE')],
  ['error-invalid-file-type', refused('MEDIA_TYPE_REFUSED')],
  ['error-app-prevented', refused('APP_PREVENTED')],
  ['error-message-size-exceeded', refused('CAPTION_TOO_LONG')],
  ['error-file-upload-disabled', UPLOADS_DISABLED],
  ['error-direct-message-file-upload-not-allowed', UPLOADS_DISABLED],
  ['error-not-allowed', ROOM_UNAVAILABLE],
  // 400 in 8.x, 403 in 9.0.
  ['error-forbidden', ROOM_UNAVAILABLE],
  ['error-abac-room-locked', ROOM_UNAVAILABLE],
  ['restricted-workspace', WORKSPACE_RESTRICTED],
  // The caption mentions @all or @here. Another route's caption may not, so the room's other files are not stopped.
  ['error-action-not-allowed', { kind: 'misconfigured', reason: 'MENTION_NOT_ALLOWED', scope: 'object' }],
]);

/** What else `rooms.info` answers about a room. */
const NO_SUCH_ROOM = new Set(['error-room-not-found', 'error-room-archived', 'Not Allowed']);

const EXPIRED_UPLOAD = new Set(['invalid-file', 'error-invalid-file']);

// Texts that a confirm, like `chat.sendMessage`, throws without an errorType before the message is inserted. An unrecognised text makes the
// failure transient and in doubt. "readonly" alone would also match the error of a database during a failover.
const BY_CONFIRM_TEXT: readonly (readonly [text: RegExp, Verdict])[] = [
  [
    /(?:^|: )(?:room_is_archived|room_is_blocked|you_have_been_muted|You can't send messages because the room is readonly|Not enough permission|error-not-allowed|error-abac-room-locked)/i,
    ROOM_UNAVAILABLE,
  ],
  [
    /(?:^|: )Federation configuration is invalid/i,
    { kind: 'misconfigured', reason: 'FEDERATION_NOT_READY', scope: 'room' },
  ],
  [/(?:^|: )restricted-workspace/i, WORKSPACE_RESTRICTED],
  // The server does not know a field of the call, or requires another type.
  [/(?:^|: )Match error/, { kind: 'misconfigured', reason: 'VERSION_NOT_SUPPORTED', scope: 'room' }],
];

// An image that can't be decoded and a full disk give the same error (RocketChat/Rocket.Chat#33171).
const STORAGE_ERROR = 'ufs: cannot upload file';
const STORAGE_TRIES = 5;

const classifyAnswer = (error: ChatAnswerError, call: Call): Failure => {
  const { status: httpStatus, errorType, isRocketChats } = error;
  const details = { detail: error.message, httpStatus, errorType };
  if (httpStatus === 429 || errorType === 'error-too-many-requests') {
    return { kind: 'throttled', reason: 'RATE_LIMITED', ...details, retryAt: error.retryAt };
  }
  if (httpStatus === 413 && call === 'media') return { kind: 'refused', reason: 'FILE_TOO_LARGE', ...details };
  const isDenied = httpStatus === 401 || httpStatus === 403;
  if (isDenied && isRocketChats) {
    if (httpStatus === 403 || errorType === ACTION_UNAUTHORIZED) return { ...ROOM_UNAVAILABLE, ...details };
    return { kind: 'misconfigured', reason: 'CREDENTIALS_REFUSED', ...details, scope: 'server' };
  }
  if (isDenied || httpStatus === 404 || (httpStatus >= 300 && httpStatus < 400)) {
    return { kind: 'misconfigured', reason: 'NOT_ROCKET_CHAT', ...details, scope: notRocketChatsScope(error, call) };
  }
  if (error.isRocketChats && httpStatus === 400) {
    const verdict = verdictOf(error, call);
    if (verdict !== undefined) return { ...verdict, ...details };
    if (errorType === STORAGE_ERROR) {
      return { kind: 'transient', reason: 'MEDIA_NOT_PROCESSED', ...details, maxTries: STORAGE_TRIES };
    }
  }
  if (isWithoutMessage(error)) return { kind: 'transient', reason: 'NOT_POSTED', ...details };
  return { kind: 'transient', reason: 'CHAT_ERROR', ...details };
};

/** A firewall may reject a single file, so an answer to a call about one file says nothing about the others. */
const notRocketChatsScope = ({ isRocketChats }: ChatAnswerError, call: Call): 'server' | 'room' | 'object' => {
  if (call !== 'room') return 'object';
  return isRocketChats ? 'server' : 'room';
};

const verdictOf = ({ errorType, message }: ChatAnswerError, call: Call): Verdict | undefined => {
  if (errorType === undefined) {
    return call === 'confirm' || call === 'thread' || call === 'link'
      ? BY_CONFIRM_TEXT.find(([text]) => text.test(message))?.[1]
      : undefined;
  }
  if (call === 'confirm' && EXPIRED_UPLOAD.has(errorType)) return { kind: 'stale-upload', reason: 'UPLOAD_EXPIRED' };
  if (call === 'room' && NO_SUCH_ROOM.has(errorType)) return ROOM_UNAVAILABLE;
  return BY_ERROR_TYPE.get(errorType);
};

/**
 * Whether a failed `rooms.mediaConfirm` may nevertheless have posted the message. Only Rocket.Chat's own answers that
 * are known to be given before the insert count as "not posted": a proxy's answer says nothing about what the server
 * did, and a server that inserts the message and then fails answers 400 without an errorType, as it does for many other
 * faults.
 */
export const isConfirmInDoubt = (error: unknown): boolean => {
  if (error instanceof ChatUnreachableError) return error.mayHaveActed;
  return error instanceof ChatAnswerError && !isBeforeInsert(error);
};

const isBeforeInsert = (error: ChatAnswerError): boolean => {
  const { status, errorType, isRocketChats } = error;
  if (!isRocketChats) return false;
  if (status === 429 || status === 401 || status === 403) return true;
  if (status === 400) return errorType === 'error-too-many-requests' || verdictOf(error, 'confirm') !== undefined;
  return isWithoutMessage(error);
};

/** The server answered a confirm with `message: null`: it posted nothing, but marked the file as confirmed. */
export const isWithoutMessage = (error: unknown): boolean =>
  error instanceof ChatAnswerError && error.status === 200 && error.errorType === MESSAGE_NULL;

/** The relay's own errorType for `message: null`; the server sends none with a 200. */
export const MESSAGE_NULL = 'message-null';

/**
 * The errorType for a call that the user may not make although its token is valid. Rocket.Chat answers it with 401 from
 * 9.0 on, and sends no errorType with it.
 */
export const ACTION_UNAUTHORIZED = 'error-unauthorized';
