import { type DeliveryId, forRedrive } from '../domain/delivery.ts';
import { classify, type Failure } from '../domain/failure.ts';
import type { Clock, Ledger, Logger, Queues } from '../ports.ts';
import type { Addressed, Held } from './state.ts';

export interface DeadLetterDeps {
  readonly queues: Queues;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Sends a dead letter and records it in the ledger, if the entry is held. The letter comes first: after a crash in
 * between it is repeated, not lost. If the ledger can't record it, the message is deleted all the same, because each
 * further receive would write another letter.
 *
 * @throws what the dead-letter queue throws
 */
export const writeDeadLetter = async (
  deps: DeadLetterDeps,
  addressed: Addressed,
  held: Held,
  failure: Failure,
  attempts: number,
): Promise<void> => {
  const { id, lease, object, roomId, room } = addressed;
  const { reason, detail, errorType, httpStatus } = failure;
  const failedAt = deps.clock.now();
  const body = object.eventBody;
  const rest = { errorType, httpStatus, roomId, room, attempts, failedAt };
  await deps.queues.sendDeadLetter({ body, reason, detail, ...rest });
  if (!held.isClaimed) return;
  const { upload, inDoubt } = held;
  const change = { kind: 'dead-lettered', upload, inDoubt: forRedrive(inDoubt), failedAt, lastError: reason } as const;
  try {
    await deps.ledger.record(id, lease.owner, change);
  } catch (error) {
    const fields = { ...keysOf(id), reason, detail: classify(error, 'ledger').detail };
    deps.logger.warn('the ledger could not record a dead letter', fields);
  }
};

const keysOf = ({ bucket, key, sequencer }: DeliveryId) => ({ bucket, key, sequencer });
