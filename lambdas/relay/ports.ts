import type { Readable } from 'node:stream';
import type { DeliveryId, LedgerChange, LedgerEntry, Upload } from './domain/delivery.ts';
import type { Reason } from './domain/failure.ts';
import type { ObjectDetails } from './domain/object-facts.ts';
import type { RoomEntry } from './domain/room-entry.ts';
import type { CreatedObject } from './domain/s3-event.ts';
import type { ServerLimits } from './domain/server-limits.ts';
import type { Version } from './domain/versions.ts';
import type { MetricName } from './names.ts';

/** The time. `now()` returns epoch milliseconds. */
export interface Clock {
  now(): number;
}

/** Returns a random number in [0, 1). */
export type Random = () => number;

/** Options of a call to a port. The call ends when the signal aborts. */
export interface CallOptions {
  signal: AbortSignal;
}

/** The bucket. */
export interface ObjectStore {
  /**
   * Opens exactly the version that the event names.
   * @throws SourceError
   */
  open(object: CreatedObject, options: CallOptions): Promise<SourceObject>;
  /**
   * What S3 stores about the object, read without its body. Called only if a route or a template depends on it.
   * @throws SourceError
   */
  describe(object: CreatedObject, options: CallOptions): Promise<ObjectDetails>;
  /**
   * The object's tags. Called only if a route, a template or the malware scan depends on them.
   * @throws SourceError
   */
  tags(object: CreatedObject, options: CallOptions): Promise<ReadonlyMap<string, string>>;
}

/** An open object. The caller of `open` must close it, also after an error. */
export interface SourceObject {
  readonly sizeBytes: number;
  readonly contentType: string | undefined;
  /**
   * The bytes. The stream ends only after all of them were verified against the object's length and checksum;
   * otherwise it emits 'error' with a SourceError.
   */
  readonly body: Readable;
  close(): void;
}

/** A file to upload to the chat server. */
export interface OutgoingFile {
  readonly name: string;
  readonly contentType: string;
  readonly source: SourceObject;
}

export interface MessageTexts {
  readonly text: string;
  /** Alternative text of an image (`description`). */
  readonly altText?: string | undefined;
}

/** What a message has besides its file. */
export interface OutgoingMessage extends MessageTexts {
  /** The texts again, each with at most so many characters, for a server whose messages are shorter than usual. */
  readonly shorten?: (maxLength: number) => MessageTexts;
  readonly threadId?: string | undefined;
  /** These three are left out if the server does not accept them. */
  readonly alias?: string | undefined;
  readonly emoji?: string | undefined;
  readonly avatar?: string | undefined;
}

export interface ConfirmedMessage {
  readonly messageId: string;
}

/** The calls to the chat server that a delivery makes. */
export interface Chat {
  /**
   * `rooms.media`: stores the file without posting a message. Resolves only after the whole, verified body was sent.
   * @throws ChatAnswerError, ChatUnreachableError, SourceError, SecretError
   */
  uploadMedia(roomId: string, file: OutgoingFile, options: CallOptions): Promise<Upload>;
  /**
   * `rooms.mediaConfirm`: posts the message. Not idempotent: each call that reaches the server posts again.
   * @throws ChatAnswerError, ChatUnreachableError, SecretError
   */
  confirmMedia(
    target: { roomId: string; fileId: string },
    message: OutgoingMessage,
    options: CallOptions,
  ): Promise<ConfirmedMessage>;
  /**
   * Searches for the message that a confirm without an answer may have posted.
   * @throws ChatAnswerError, ChatUnreachableError, SecretError
   */
  findMessage(
    target: { roomId: string; upload: Upload },
    options: CallOptions,
  ): Promise<{ messageId: string } | undefined>;
}

/** Rooms by name or id. */
export interface Rooms {
  /**
   * The id of a room given by id, `#name`, or `@user` for direct messages. Checks that the user may post there, and with a thread that its parent
   * message is in that room. Cached.
   * @throws RoomError, ChatAnswerError, ChatUnreachableError, SecretError
   */
  resolve(room: string, threadId: string | undefined, options: CallOptions): Promise<string>;
}

/** What the chat server accepts. */
export interface Limits {
  /**
   * The server's settings and what its proxy has refused. Cached; never throws, because without limits the server itself
   * decides.
   * @param options.maxAgeMs @default 10 minutes
   */
  read(options: CallOptions & { readonly maxAgeMs?: number }): Promise<ServerLimits>;
}

/** Links to objects. */
export interface Links {
  /**
   * Signs a URL that downloads exactly the object's version, or the key's current content in a bucket without versions,
   * without calling S3. The URL is a secret: everyone who has it can read the object.
   */
  presign(object: CreatedObject, options: { readonly signedAt: number; readonly seconds: number }): Promise<string>;
}

/** Threads of a room: messages that files answer. */
export interface Threads {
  /**
   * The id of the message that starts the thread with this name. It is posted if it is not there, once also if several
   * processes try at the same time; one that was deleted is replaced. Cached.
   * @throws ChatAnswerError, ChatUnreachableError, RoomError, SecretError
   */
  root(roomId: string, thread: { readonly name: string; readonly text: string }, options: CallOptions): Promise<string>;
  /**
   * The id of the message that starts the thread of this one; `undefined` if it was deleted or is in another room.
   * @throws ChatAnswerError, ChatUnreachableError, SecretError
   */
  find(roomId: string, messageId: string, options: CallOptions): Promise<string | undefined>;
}

/** The user that the relay posts as. */
export interface Bot {
  /** @throws SecretError */
  userId(): Promise<string>;
}

/** The owner of an entry, and when the lease began and ends (epoch milliseconds). */
export interface Lease {
  readonly owner: string;
  readonly takenAt: number;
  readonly expiresAt: number;
}

export type Claim =
  /** The owner holds the entry now. `previous` is the entry before the claim; absent on the first claim. */
  | { readonly kind: 'claimed'; readonly previous: LedgerEntry | undefined }
  /** Another delivery of the same object holds it. */
  | { readonly kind: 'leased'; readonly until: number }
  /** Posted, gone, or dead-lettered and not redriven since. */
  | { readonly kind: 'ended'; readonly entry: LedgerEntry };

/** What an entry keeps about its object. */
export interface ClaimOptions {
  readonly object: Pick<CreatedObject, 'eTag' | 'sizeBytes'>;
  /** The room as its route names it. @default not known */
  readonly room?: string | undefined;
}

export type Other = { readonly kind: 'newer' } | { readonly kind: 'same'; readonly messageId: string | undefined };

/** Records what was delivered. Every write is conditional, so the ledger is also the lock. */
export interface Ledger {
  /**
   * Claims the entry, before anything is sent, if it is new, was released, or its lease has run out. A dead-lettered
   * entry can be claimed only for a message that was redriven since: `failedAt` is the time in its dead letter.
   * @throws LedgerError LEDGER_UNAVAILABLE, ENTRY_INVALID
   */
  claim(id: DeliveryId, lease: Lease, options: ClaimOptions & { failedAt?: number | undefined }): Promise<Claim>;
  /**
   * Claims the entry together with its finished upload, only if no delivery has claimed the entry before.
   * @throws LedgerError LEDGER_UNAVAILABLE
   */
  claimUploaded(id: DeliveryId, lease: Lease, options: ClaimOptions & { upload: Upload }): Promise<Claim>;
  /**
   * Writes a change, if the owner still holds the entry. A posted entry can only be written as posted again.
   * @throws LedgerError LEASE_LOST, LEDGER_UNAVAILABLE
   */
  record(id: DeliveryId, owner: string, change: LedgerChange): Promise<void>;
  /**
   * Another entry of the same key and room. `newer` is a later version that was claimed. `same` is a message with the same
   * eTag: for an object without a sequencer any; for one with a sequencer that of a backfilled event whose file was read
   * after the object was created, so that the file was this object or a later one with the same content.
   * @param createdAt when the object was created, epoch milliseconds. @default no backfilled event counts
   * @throws LedgerError LEDGER_UNAVAILABLE
   */
  findOther(id: DeliveryId, createdAt?: number): Promise<Other | undefined>;
  /**
   * The other versions of the key in the room that are being delivered or settled, newest first. The list ends with the
   * newest settled version that has a sequencer; older ones say nothing new. At most 200 items are read.
   * @throws LedgerError LEDGER_UNAVAILABLE
   */
  findVersions(id: DeliveryId): Promise<readonly Version[]>;
  /**
   * The entries of this object version in all rooms.
   * @throws LedgerError LEDGER_UNAVAILABLE
   */
  findRooms(id: Omit<DeliveryId, 'roomId'>): Promise<readonly RoomEntry[]>;
}

export interface DeadLetter {
  /** An event with this one record, so that it can be redriven unchanged. */
  readonly body: string;
  readonly reason: Reason;
  readonly detail: string;
  readonly errorType?: string | undefined;
  readonly httpStatus?: number | undefined;
  readonly roomId?: string | undefined;
  /** As its route names it. */
  readonly room?: string | undefined;
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

/** A text message for people; its key identifies it. */
export interface Notice {
  readonly key: string;
  readonly text: string;
  /** The message that it answers. @default none */
  readonly threadId?: string | undefined;
}

/** Text messages for people. */
export interface Notices {
  /**
   * Posts a text once for each key, also if several processes try. The server does not open URLs in it for a preview.
   * @throws ChatAnswerError, ChatUnreachableError, SecretError
   */
  post(roomId: string, notice: Notice, options: CallOptions): Promise<{ readonly messageId: string }>;
}

/** The messages that wait in the uploads queue. */
export interface Backlog {
  /** The approximate numbers of visible messages and of messages in flight, which include sleeping ones. */
  read(): Promise<{ readonly visible: number; readonly inFlight: number }>;
  /** Makes sleeping messages visible, except those that were received again in the meantime. */
  wake(receiptHandles: readonly string[]): Promise<void>;
}

/** Runs a call and records it in a trace. The namespace is `aws` for a service of AWS, `remote` for any other. */
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
