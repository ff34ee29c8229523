import type { Failure, Reason } from './domain/failure.ts';
import type { CreatedObject } from './domain/s3-event.ts';

/** How one delivery of one object ended, for the log, the metrics and the message it came from. */
export type Outcome =
  | {
      readonly kind: 'posted';
      readonly room: string;
      readonly roomId: string;
      readonly fileId: string;
      /** Absent where the server only tells that the file was confirmed. */
      readonly chatMessageId: string | undefined;
      /** The message was there already: an earlier confirm had come through unheard. */
      readonly wasFound: boolean;
      readonly attempts: number;
    }
  | {
      readonly kind: 'duplicate';
      readonly room: string;
      readonly roomId: string;
      readonly chatMessageId: string | undefined;
    }
  | {
      readonly kind: 'ignored';
      readonly detail: string;
      /** Rocket.Chat itself put it into the bucket: to post it would make the next one. */
      readonly isLoopSuspected?: true;
    }
  | { readonly kind: 'gone'; readonly reason: Reason; readonly detail: string }
  | ({
      readonly kind: 'retrying';
      readonly delayMs: number;
      readonly attempts: number;
      readonly room: string | undefined;
      /** Nothing was begun, neither in the ledger nor at the chat server: it only waits for the rate limit. */
      readonly isUntouched: boolean;
    } & Told)
  | ({ readonly kind: 'dead-lettered'; readonly attempts: number; readonly room: string | undefined } & Told);

/** What a failure says of itself. */
type Told = Pick<Failure, 'reason' | 'detail' | 'httpStatus' | 'errorType'> & { readonly failureKind: Failure['kind'] };

export const told = ({ reason, detail, httpStatus, errorType, kind }: Failure): Told => ({
  reason,
  detail,
  httpStatus,
  errorType,
  failureKind: kind,
});

/** The fields of the log line about it. No token and no content is among them. */
export const logFields = (object: CreatedObject, { kind: outcome, ...rest }: Outcome): Record<string, unknown> => {
  const { bucket, key, versionId, eTag, sequencer, sizeBytes } = object;
  return { outcome, bucket, key, versionId, eTag, sequencer, sizeBytes, ...rest };
};
