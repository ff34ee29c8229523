import type { Readable } from 'node:stream';
import type { DeliveryId, LedgerChange, LedgerEntry, Upload } from './domain/delivery.ts';
import type { Reason } from './domain/failure.ts';
import type { CreatedObject } from './domain/s3-event.ts';
import type { MetricName } from './names.ts';

/** Time, injected. `now()` is epoch milliseconds. */
export interface Clock {
  now(): number;
}

/** Chance, injected: a number in [0, 1). */
export type Random = () => number;

/** What one call to a port may take: it ends when the signal aborts. */
export interface CallOptions {
  signal: AbortSignal;
}

/** The bucket. */
export interface ObjectStore {
  /**
   * Opens exactly the version that the event named.
   * @throws SourceError
   */
  open(object: CreatedObject, options: CallOptions): Promise<SourceObject>;
  /**
   * The object's declared content type, without its body; asked only where a route depends on it.
   * @throws SourceError
   */
  contentType(object: CreatedObject, options: CallOptions): Promise<string | undefined>;
}

/** An open object. Whoever opened it closes it, also after an error. */
export interface SourceObject {
  readonly sizeBytes: number;
  readonly contentType: string | undefined;
  /**
   * The bytes. Ends only after all of them have passed and were verified against the object's length and checksum;
   * anything else is an 'error' with a SourceError.
   */
  readonly body: Readable;
  close(): void;
}

/** A file as the chat server gets it. */
export interface OutgoingFile {
  readonly name: string;
  readonly contentType: string;
  readonly source: SourceObject;
}

export interface ConfirmedMessage {
  readonly messageId: string;
}

/** The chat server, as far as a delivery needs it. */
export interface Chat {
  /**
   * `rooms.media`: stores the file; no message yet. Resolves only after the whole, verified body was sent.
   * @throws ChatAnswerError, ChatUnreachableError, SourceError, SecretError
   */
  uploadMedia(roomId: string, file: OutgoingFile, options: CallOptions): Promise<Upload>;
  /**
   * `rooms.mediaConfirm`: posts the message. Not idempotent: each call that reaches the server posts again.
   * @throws ChatAnswerError, ChatUnreachableError, SecretError
   */
  confirmMedia(
    target: { roomId: string; fileId: string },
    message: { text: string; threadId?: string | undefined },
    options: CallOptions,
  ): Promise<ConfirmedMessage>;
  /**
   * Looks for the message that a confirm without an answer may have posted. `messageId` is `undefined` where the
   * server tells that the file was confirmed, but not as which message.
   * @throws ChatAnswerError, ChatUnreachableError, SecretError
   */
  findMessage(
    target: { roomId: string; upload: Upload },
    options: CallOptions,
  ): Promise<{ messageId: string | undefined } | undefined>;
}

/** Rooms by name or id. */
export interface Rooms {
  /**
   * The id of a room given by id or `#name`; with a thread, checks that its parent message is in that room. Cached.
   * @throws RoomError, ChatAnswerError, ChatUnreachableError, SecretError
   */
  resolve(room: string, threadId: string | undefined, options: CallOptions): Promise<string>;
}

/** The user as whom the relay posts. */
export interface Bot {
  /** @throws SecretError */
  userId(): Promise<string>;
}

/** Who holds an entry and until when (epoch milliseconds). */
export interface Lease {
  readonly owner: string;
  readonly takenAt: number;
  readonly expiresAt: number;
}

export type Claim =
  /** Ours now. `previous` is the entry as it was; absent on the first claim. */
  | { readonly kind: 'claimed'; readonly previous: LedgerEntry | undefined }
  /** Another delivery of the same object holds it. */
  | { readonly kind: 'leased'; readonly until: number }
  /** Ended: posted, or dead-lettered and not redriven since. */
  | { readonly kind: 'ended'; readonly entry: LedgerEntry };

export type Other = { readonly kind: 'newer' } | { readonly kind: 'same'; readonly messageId: string | undefined };

/** The memory of what was delivered. Every write is conditional, so it is the lock as well. */
export interface Ledger {
  /**
   * Takes the entry if it is new, or free, or its lease has run out; one that was dead-lettered only for a message
   * redriven since (`failedAt`, as the dead letter says). With `upload` it also records a finished upload, and takes
   * only an entry that nobody has touched before.
   * @throws LedgerError LEDGER_UNAVAILABLE
   */
  claim(
    id: DeliveryId,
    lease: Lease,
    options: { upload?: Upload | undefined; failedAt?: number | undefined; object: CreatedObject },
  ): Promise<Claim>;
  /**
   * Writes what happened, if the owner still holds the entry.
   * @throws LedgerError LEASE_LOST, LEDGER_UNAVAILABLE
   */
  record(id: DeliveryId, owner: string, change: LedgerChange): Promise<void>;
  /**
   * What else the ledger knows of this key and room: `newer`, a later version that was claimed, or for an object
   * without a sequencer `same`, a message with the same eTag.
   * @throws LedgerError LEDGER_UNAVAILABLE
   */
  findOther(id: DeliveryId): Promise<Other | undefined>;
}

export interface DeadLetter {
  /** The event with this one record, so that it can be redriven as it is. */
  readonly body: string;
  readonly reason: Reason;
  readonly detail: string;
  readonly errorType?: string | undefined;
  readonly httpStatus?: number | undefined;
  readonly roomId?: string | undefined;
  readonly attempts: number;
  readonly failedAt: number;
}

/** The uploads queue and its dead-letter queue. */
export interface Queues {
  /** Hides a message for a while (`ChangeMessageVisibility`). */
  postpone(receiptHandle: string, delayMs: number): Promise<void>;
  /** Resolves only when SQS has stored the dead letter. */
  sendDeadLetter(letter: DeadLetter): Promise<void>;
}

/** Text messages for people. */
export interface Notices {
  /**
   * Posts a text, once for each key, whichever process does it.
   * @throws ChatAnswerError, ChatUnreachableError, SecretError
   */
  post(roomId: string, notice: { readonly key: string; readonly text: string }, options: CallOptions): Promise<void>;
}

/** What waits in the uploads queue. */
export interface Backlog {
  /** How many messages are to be received and how many are out, those that sleep included; approximate. */
  read(): Promise<{ readonly visible: number; readonly inFlight: number }>;
  /** Makes sleeping messages visible. One that was received again meanwhile is left alone. */
  wake(receiptHandles: readonly string[]): Promise<void>;
}

/** Times a call for a trace; what the call does is not changed. `aws` is a service of AWS, `remote` any other. */
export type Trace = <Result>(
  name: string,
  namespace: 'aws' | 'remote',
  annotations: Readonly<Record<string, string | number>>,
  call: () => Promise<Result>,
) => Promise<Result>;

export interface Metrics {
  add(name: MetricName, value?: number): void;
}

export interface Logger {
  info(message: string, fields: Record<string, unknown>): void;
  warn(message: string, fields: Record<string, unknown>): void;
  error(message: string, fields: Record<string, unknown>): void;
}
