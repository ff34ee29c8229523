import type { Readable } from 'node:stream';

/** Where an object is. `ignored`: no route takes it, or it was deleted or replaced before it was read. */
export type LifeState = 'waiting' | 'in-work' | 'posted' | 'dead-lettered' | 'ignored';

/** What happened to an object. Times are epoch milliseconds. */
export type LifeStep = { readonly at: number } & (
  | { readonly kind: 's3' }
  | { readonly kind: 'queued' }
  | { readonly kind: 'received' }
  /** Deliveries that failed one after the other with the same reason are one step. */
  | {
      readonly kind: 'waiting';
      readonly reason: string;
      readonly detail: string | undefined;
      readonly times: number;
      readonly retryAt: number | undefined;
    }
  /** `wasFound`: an earlier confirm, whose answer was lost, had posted the message. */
  | { readonly kind: 'posted'; readonly wasFound: boolean }
  | { readonly kind: 'dead-lettered'; readonly reason: string; readonly detail: string | undefined }
  | { readonly kind: 'ignored'; readonly detail: string }
  /** The dead letter was moved back to the uploads queue, or deleted. */
  | { readonly kind: 'sent-back' }
);

/** One version of an object from its upload on, or a dead letter whose event cannot be read. */
export interface ObjectLife {
  readonly id: number;
  readonly bucket: string | undefined;
  /** Undefined if the event cannot be read. */
  readonly key: string | undefined;
  readonly sizeBytes: number | undefined;
  readonly state: LifeState;
  /** In order of time. */
  readonly steps: readonly LifeStep[];
  /** The chat server's ids, once the object is posted. A server that shows only the confirmed file gives no message id. */
  readonly fileId: string | undefined;
  readonly messageId: string | undefined;
  /** From the upload to the message. */
  readonly latencyMs: number | undefined;
}

export type LifeCounts = Readonly<Record<LifeState, number>>;

/** What the embedded relay shows of itself, and what a visitor of the room page may do with it. */
export interface RelayFeed {
  readonly bucket: string;
  /** The remembered lives, oldest first. Old lives that have ended are forgotten. */
  lives(): Iterable<ObjectLife>;
  /** All lives since the start, forgotten ones included. */
  counts(): LifeCounts;
  /** Objects that wait or are in work although the uploads queue has been empty for seconds. Never too many, 0 while it is not empty. */
  missing(): number;
  /** Calls the listener with each new or changed life. @returns a function that removes the listener */
  onChange(listener: (life: ObjectLife) => void): () => void;
  /**
   * Looks into the queues until the returned function is called. Without a look, dead letters that SQS itself moved and
   * those that were sent back by another program are not noticed.
   */
  watchQueues(): () => void;
  /**
   * Uploads an object to the embedded S3.
   * @throws Error if S3 refuses it
   */
  upload(
    key: string,
    body: Readable,
    properties: { readonly sizeBytes: number; readonly contentType: string | undefined },
  ): Promise<void>;
  /**
   * Moves one dead letter, or all, back to the uploads queue.
   * @returns how many were moved
   */
  sendBack(id?: number): Promise<number>;
}
