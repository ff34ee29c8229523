import type { Answer } from '../http/answer.ts';
import type { Connection } from '../http/connection.ts';
import type { World } from '../state/world.ts';
import type { Call, CallLog } from './call-log.ts';
import type { Fault } from './fault.ts';
import type { FaultSource } from './fault-plan.ts';
import type { Timers } from './timers.ts';

/** What all calls of a server share. */
export interface Service {
  readonly world: World;
  readonly faults: FaultSource;
  readonly log: CallLog;
  readonly timers: Timers;
}

/** A call that is being processed. */
export interface Running extends Connection {
  readonly service: Service;
  readonly call: Call;
  readonly fault: Fault | undefined;
  /** The answer's headers. Those of the rate limit are added while the call is processed. */
  readonly headers: Record<string, string>;
}

export interface Reply {
  readonly kind: 'reply';
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** A reply to send, or `silent` if the connection needs nothing more. */
export type Outcome = Reply | { readonly kind: 'silent' };

export const SILENT: Outcome = { kind: 'silent' };

/** Makes the reply of an answer, with the headers that Rocket.Chat sends with every answer. */
export const reply = (running: Running, answer: Answer): Reply => ({
  kind: 'reply',
  status: answer.status,
  headers: { ...running.headers, 'Content-Type': 'application/json', 'Cache-Control': 'no-store', Pragma: 'no-cache' },
  body: JSON.stringify(answer.body),
});
