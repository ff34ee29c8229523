/**
 * What the adapters throw. An adapter translates every foreign error (of AWS, of a socket, an HTTP answer) into one of
 * these; `failure.ts` alone decides what each means for the object.
 */

/** The base class: a stable code for programs, a message for people, the foreign error as the cause. */
export abstract class RelayError extends Error {
  readonly code: string;
  constructor(message: string, options: { code: string; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.code = options.code;
  }
}

/** The chat server, or a proxy in its place, answered, and the answer is not a success. */
export class ChatAnswerError extends RelayError {
  // A literal, because the bundler renames classes.
  override readonly name = 'ChatAnswerError';
  readonly status: number;
  /** The server's own `errorType`; absent when it sent none. */
  readonly errorType: string | undefined;
  /** When the window of the rate limit ends, in epoch milliseconds of the function's clock; only with status 429. */
  readonly retryAt: number | undefined;
  /**
   * Whether the body is Rocket.Chat's own JSON. Otherwise a proxy, a firewall or another server answered, and nobody
   * knows whether the chat server acted. @default true
   */
  readonly isRocketChats: boolean;
  /** Whether the answer says what failed. @default true */
  readonly hasReason: boolean;
  constructor(
    message: string,
    options: {
      status: number;
      errorType?: string | undefined;
      retryAt?: number | undefined;
      isRocketChats?: boolean;
      hasReason?: boolean;
      cause?: unknown;
    },
  ) {
    super(message, { code: options.errorType ?? `HTTP_${options.status}`, cause: options.cause });
    this.status = options.status;
    this.errorType = options.errorType;
    this.retryAt = options.retryAt;
    this.isRocketChats = options.isRocketChats ?? true;
    this.hasReason = options.hasReason ?? true;
  }
}

/** The chat server gave no usable answer: the connection failed, timed out or broke. */
export class ChatUnreachableError extends RelayError {
  override readonly name = 'ChatUnreachableError';
  declare readonly code:
    | 'CONNECT_FAILED'
    | 'CONNECTION_LOST'
    | 'TIMED_OUT'
    | 'ABORTED'
    | 'BAD_ANSWER'
    | 'TLS_FAILED'
    | 'PROXY_REFUSED';
  /** Whether the server may have received the whole request and acted on it. */
  readonly mayHaveActed: boolean;
  constructor(
    message: string,
    options: { code: ChatUnreachableError['code']; mayHaveActed: boolean; cause?: unknown },
  ) {
    super(message, options);
    this.mayHaveActed = options.mayHaveActed;
  }
}

/** The server refused the credentials, and the secret holds other ones now: the same call may succeed when repeated. */
export class CredentialsRenewedError extends RelayError {
  override readonly name = 'CredentialsRenewedError';
  constructor() {
    super('the credentials were replaced while the file was being sent', { code: 'CREDENTIALS_RENEWED' });
  }
}

/** The configured room or thread can't be used. */
export class RoomError extends RelayError {
  override readonly name = 'RoomError';
  declare readonly code:
    | 'ROOM_NOT_FOUND'
    | 'ROOM_ARCHIVED'
    | 'ROOM_READ_ONLY'
    | 'ROOM_MUTED'
    | 'ROOM_ENCRYPTED'
    | 'ROOM_BLOCKED'
    | 'THREAD_NOT_IN_ROOM'
    | 'THREAD_DELETED';
}

/** The credentials can't be read or are not usable. */
export class SecretError extends RelayError {
  override readonly name = 'SecretError';
  declare readonly code: 'SECRET_UNREADABLE' | 'SECRET_MALFORMED' | 'SECRET_UNAVAILABLE';
}

/** The file was not sent, because the chat server's settings or an earlier answer show that it would be refused. */
export class FileRefusedError extends RelayError {
  override readonly name = 'FileRefusedError';
  declare readonly code: 'FILE_TOO_LARGE' | 'MEDIA_TYPE_REFUSED' | 'UPLOADS_DISABLED' | 'CAPTION_TOO_LONG';
}

/** A malware scan is required, and its result does not show that the object is clean. */
export class ScanError extends RelayError {
  override readonly name = 'ScanError';
  declare readonly code: 'MALWARE_FOUND' | 'NOT_SCANNED' | 'SCAN_UNSUPPORTED' | 'SCAN_FAILED';
}

/** S3 did not return the object, or not all of it. */
export class SourceError extends RelayError {
  override readonly name = 'SourceError';
  declare readonly code:
    | 'OBJECT_GONE'
    | 'OBJECT_ARCHIVED'
    | 'OBJECT_EMPTY'
    | 'ACCESS_DENIED'
    | 'BUCKET_GONE'
    | 'SOURCE_UNAVAILABLE'
    | 'SOURCE_SHORT'
    | 'CHECKSUM_MISMATCH';
}

/** The ledger could not be read or written. ENTRY_INVALID: an entry holds values that the relay has not written. */
export class LedgerError extends RelayError {
  override readonly name = 'LedgerError';
  declare readonly code: 'LEDGER_UNAVAILABLE' | 'LEASE_LOST' | 'ENTRY_INVALID';
}
