import type { Circuit } from '../domain/circuit.ts';
import { classify, type Reason } from '../domain/failure.ts';
import { type Incident, incidentKey, incidentText, isReportable } from '../domain/incident.ts';
import type { CreatedObject } from '../domain/s3-event.ts';
import type { Outcome } from '../outcome.ts';
import type { CallOptions, Clock, Logger, Notice, Notices, Rooms } from '../ports.ts';

export interface OperationsDeps {
  /** The operations room, by id or `#name`. */
  readonly room: string;
  readonly rooms: Rooms;
  readonly notices: Notices;
  readonly circuit: Pick<Circuit, 'isOpen'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly abortAfter: (delayMs: number) => AbortSignal;
}

/** Reports incidents to the operators in the operations room. */
export interface Operations {
  /** Never throws and takes at most five seconds, because a delivery must not depend on it. */
  report(incident: Incident | undefined, options: CallOptions): Promise<void>;
  /** Posts a text once for each key. Never throws and takes at most five seconds. */
  tell(notice: Notice, options: CallOptions): Promise<void>;
}

/** A process sends at most one message for each reason in this time. */
const PERIOD_MS = 10 * 60_000;
const MOST_TIME_MS = 5_000;

export const createOperations = (deps: OperationsDeps): Operations => {
  const { room, rooms, notices, circuit, clock, logger, abortAfter } = deps;
  const reportedAt = new Map<Reason, number>();

  const tell = async (notice: Notice, { signal }: CallOptions): Promise<void> => {
    const options = { signal: AbortSignal.any([signal, abortAfter(MOST_TIME_MS)]) };
    try {
      const roomId = await rooms.resolve(room, undefined, options);
      await notices.post(roomId, notice, options);
    } catch (error) {
      logger.warn('the operations room was not notified', { room, ...classify(error, 'room') });
    }
  };

  return {
    tell,
    async report(incident, { signal }) {
      if (incident === undefined || !isReportable(incident) || signal.aborted || circuit.isOpen(room)) return;
      const now = clock.now();
      if (now < (reportedAt.get(incident.reason) ?? Number.NEGATIVE_INFINITY) + PERIOD_MS) return;
      reportedAt.set(incident.reason, now);
      await tell({ key: incidentKey(incident, now, PERIOD_MS), text: incidentText(incident) }, { signal });
    },
  };
};

/** The incident to report for a delivery's outcome; `undefined` if there is none. */
export const incidentOf = (
  object: CreatedObject,
  outcome: Outcome,
  redrivenFrom: number | undefined,
): Incident | undefined => {
  const isMisconfigured = outcome.kind === 'retrying' && outcome.failureKind === 'misconfigured';
  if (outcome.kind !== 'dead-lettered' && !isMisconfigured) return undefined;
  const { reason, detail, room } = outcome;
  const kind = isMisconfigured ? 'misconfigured' : 'dead-lettered';
  return { kind, reason, detail, room, object, redrivenFrom };
};
