import type { DeliveryId, Doubt, FileState, LedgerEntry, LinkReason, Upload } from '../domain/delivery.ts';
import type { Call, Failure } from '../domain/failure.ts';
import type { CreatedObject } from '../domain/s3-event.ts';
import type { Route } from '../domain/settings.ts';
import type { Lease } from '../ports.ts';

/** One object, as one SQS message asks for it. */
export interface Task {
  readonly object: CreatedObject;
  readonly message: {
    /** SQS `ApproximateReceiveCount`, 1 the first time. */
    readonly receiveCount: number;
    /** SQS `SentTimestamp`, epoch milliseconds. */
    readonly sentAt: number;
    /** Only on a redriven message: when its dead letter was written, epoch milliseconds. */
    readonly failedAt: number | undefined;
    /** Only on a redriven message: the room of its dead letter. Other rooms have dead letters of their own. */
    readonly failedRoomId?: string | undefined;
    /** Earlier receives of the message wrote nothing to the ledger and sent nothing. @default false */
    readonly isUntouched?: boolean;
  };
  readonly lease: Lease;
  /** Nothing new is started after this time (epoch milliseconds); the signal aborts calls that are running. */
  readonly deadlineAt: number;
  readonly signal: AbortSignal;
}

/** What has a ledger entry: a delivery, an object whose room is not known yet, or a record that can't be delivered. */
export interface Addressed extends Pick<Task, 'message' | 'lease'> {
  readonly object: Pick<CreatedObject, 'eTag' | 'sizeBytes' | 'eventBody'>;
  readonly id: DeliveryId;
  /** The room as it is configured; `undefined` if it is not known. */
  readonly room?: string | undefined;
  readonly roomId?: string | undefined;
  readonly isOneOfSeveral?: boolean;
}

/** A room that a route sends an object to, as it is configured. */
export interface Target {
  readonly route: Route;
  readonly room: string;
}

/** One object on its way to one room. */
export interface Delivery extends Task, Target {
  readonly roomId: string;
  readonly id: DeliveryId;
  /** The same message delivers the object to other rooms, so it may come back before this delivery is due. */
  readonly isOneOfSeveral: boolean;
}

/** What a delivery holds between two steps; a release or a dead letter records it. */
export interface Held {
  readonly isClaimed: boolean;
  /** The ledger entry before this claim. */
  readonly previous: LedgerEntry | undefined;
  readonly upload: Upload | undefined;
  /** Set if a confirm of the upload may have posted the message. Kept until the upload is replaced. */
  readonly inDoubt: Doubt | undefined;
  /** The ledger was asked for other versions of the key, and none of them ends this delivery or makes it wait. */
  readonly isOrderChecked: boolean;
  /** An expired upload was replaced in this delivery. */
  readonly isUploadRenewed: boolean;
  /** With a thread for each key: the message that starts the thread of the earlier versions. */
  readonly parent?: string | undefined;
  /** The message that the file answers. */
  readonly threadId?: string | undefined;
}

export const NOTHING_HELD: Held = {
  isClaimed: false,
  previous: undefined,
  upload: undefined,
  inDoubt: undefined,
  isOrderChecked: false,
  isUploadRenewed: false,
};

/** A state that a delivery continues from. */
export type State = FileState & { readonly held: Held };
export type StateOf<Kind extends State['kind']> = Extract<State, { kind: Kind }>;

/** How the steps of a delivery ended. */
export type Ended =
  | {
      readonly kind: 'posted';
      readonly held: Held;
      readonly fileId: string;
      /** Set if a link was posted in place of the file. */
      readonly link?: LinkReason | undefined;
      readonly messageId: string;
      readonly wasFound: boolean;
    }
  | { readonly kind: 'duplicate'; readonly messageId: string | undefined }
  /** The route posts no overwrite such as this one; the ledger has recorded it. */
  | { readonly kind: 'ignored'; readonly detail: string }
  /** Nothing failed, but the delivery has to wait. */
  | { readonly kind: 'waiting'; readonly held: Held; readonly failure: Failure; readonly delayMs: number }
  /** `call`: the call that failed; absent if no call failed and a step decided to give up the object. */
  | { readonly kind: 'failed'; readonly held: Held; readonly failure: Failure; readonly call?: Call };
