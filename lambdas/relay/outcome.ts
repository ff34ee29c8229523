import type { LinkReason } from './domain/delivery.ts';
import type { Failure, Reason } from './domain/failure.ts';
import type { CreatedObject } from './domain/s3-event.ts';

/** How one delivery of one object ended. The log, the metrics and the SQS message's fate follow from it. */
export type Outcome =
  | {
      readonly kind: 'posted';
      readonly room: string;
      readonly roomId: string;
      readonly fileId: string;
      /** Set if a link was posted in place of the file: why. */
      readonly link?: LinkReason | undefined;
      readonly chatMessageId: string;
      /** A look found the message: an earlier confirm without an answer had posted it. */
      readonly wasFound: boolean;
      readonly attempts: number;
    }
  | {
      readonly kind: 'duplicate';
      readonly room: string | undefined;
      /** `undefined` if the object was dead-lettered before its room was known. */
      readonly roomId: string | undefined;
      readonly chatMessageId: string | undefined;
    }
  | {
      readonly kind: 'ignored';
      readonly detail: string;
      /** Set if the object is ignored for one of its rooms. */
      readonly room?: string;
      /** Rocket.Chat itself wrote the object to the bucket; posting it would create another one. */
      readonly isLoopSuspected?: true;
    }
  | { readonly kind: 'gone'; readonly reason: Reason; readonly detail: string }
  | ({
      readonly kind: 'retrying';
      readonly delayMs: number;
      readonly attempts: number;
      readonly room: string | undefined;
      /** The delivery only waits for the rate limit: nothing was written to the ledger or sent to the chat server. */
      readonly isUntouched: boolean;
    } & FailureFields)
  | ({ readonly kind: 'dead-lettered'; readonly attempts: number; readonly room: string | undefined } & FailureFields);

/** The failure that an outcome is due to. */
type FailureFields = Pick<Failure, 'reason' | 'detail' | 'httpStatus' | 'errorType'> & {
  readonly failureKind: Failure['kind'];
};

export const failureFields = ({ reason, detail, httpStatus, errorType, kind }: Failure): FailureFields => ({
  reason,
  detail,
  httpStatus,
  errorType,
  failureKind: kind,
});

/** The fields of the log line for an outcome. They hold no tokens and no file content. */
export const logFields = (object: CreatedObject, { kind: outcome, ...rest }: Outcome): Record<string, unknown> => {
  const { bucket, key, versionId, eTag, sequencer, sizeBytes } = object;
  return { outcome, bucket, key, versionId, eTag, sequencer, sizeBytes, ...rest };
};
