import type { ReadDeadLetter } from '../../local/aws/dead-letters.ts';
import type { LoggedDelivery } from '../../local/delivery-log.ts';

/** What happened to an object, in the format that `--json` prints. Durations are measured from the upload. */
export type RelayEvent =
  | (Common & {
      readonly event: 'posted';
      readonly roomId: string | undefined;
      /** The chat message's id; undefined if the chat server shows only that the file was confirmed. */
      readonly messageId: string | undefined;
      readonly durationMs: number | undefined;
    })
  | (Common & Why & { readonly event: 'dead-lettered'; readonly durationMs: number | undefined })
  | (Common & { readonly event: 'ignored'; readonly reason: string; readonly detail: string | undefined })
  | (Common & Why & { readonly event: 'retrying'; readonly delayMs: number | undefined });

interface Common {
  readonly bucket: string;
  readonly key: string;
  readonly room: string | undefined;
  readonly sizeBytes: number | undefined;
}

interface Why {
  readonly reason: string;
  readonly detail: string | undefined;
  readonly errorType: string | undefined;
  readonly httpStatus: number | undefined;
  readonly attempts: number | undefined;
}

/** How many posted objects are remembered to recognise duplicates. Limits the memory of a relay that runs for weeks. */
const MAX_REMEMBERED = 10_000;

/** Makes events from the function's logged deliveries and from dead letters. The end of each object is reported once. */
export const createEventStream = (options: {
  bucket: string;
  /** The display name of the only route's room. */
  room: string;
  onEvent: (event: RelayEvent) => void;
}) => {
  const posted = new Set<string>();

  const post = (delivery: LoggedDelivery): void => {
    const { bucket, key, sizeBytes, roomId, chatMessageId, latencyMs, durationMs } = delivery;
    const id = JSON.stringify([bucket, key, delivery.sequencer ?? delivery.eTag]);
    // A duplicate is reported only if the delivery that posted the object crashed before it was logged.
    if (posted.has(id)) return;
    posted.add(id);
    if (posted.size > MAX_REMEMBERED) posted.delete(posted.values().next().value ?? '');
    options.onEvent({
      event: 'posted',
      bucket,
      key,
      room: options.room,
      roomId,
      messageId: chatMessageId,
      sizeBytes,
      durationMs: latencyMs ?? durationMs,
    });
  };

  return {
    onDelivery(delivery: LoggedDelivery): void {
      const { bucket, key, sizeBytes, detail, errorType, httpStatus, attempts, delayMs } = delivery;
      const object = { bucket, key, room: options.room, sizeBytes };
      switch (delivery.outcome) {
        case 'posted':
        case 'duplicate':
          post(delivery);
          break;
        case 'ignored':
        case 'gone':
          options.onEvent({ event: 'ignored', ...object, reason: delivery.reason ?? 'IGNORED', detail });
          break;
        case 'retrying': {
          const why = { reason: delivery.reason ?? 'UNKNOWN', detail, errorType, httpStatus, attempts };
          options.onEvent({ event: 'retrying', ...object, ...why, delayMs });
          break;
        }
        case 'dead-lettered':
          // Reported by onDeadLetter.
          break;
        default:
          delivery.outcome satisfies never;
      }
    },
    onDeadLetter(letter: ReadDeadLetter): void {
      const { reason, detail, errorType, httpStatus, attempts, sizeBytes, failedAt, createdAt } = letter;
      options.onEvent({
        event: 'dead-lettered',
        bucket: letter.bucket ?? options.bucket,
        key: letter.key ?? '',
        room: options.room,
        sizeBytes,
        reason,
        detail,
        errorType,
        httpStatus,
        attempts,
        durationMs: failedAt === undefined || createdAt === undefined ? undefined : Math.max(0, failedAt - createdAt),
      });
    },
  };
};
