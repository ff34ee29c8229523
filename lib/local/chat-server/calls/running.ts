import type { Answer } from '../http/answer.ts';
import type { Connection } from '../http/connection.ts';
import type { Timers } from '../state/timers.ts';
import type { World } from '../state/world.ts';
import type { Call, CallLog } from './call-log.ts';
import type { Fault } from './fault.ts';
import type { FaultSource } from './fault-plan.ts';

/** What all calls share. */
export interface Service {
  readonly world: World;
  readonly faults: FaultSource;
  readonly log: CallLog;
  readonly timers: Timers;
}

/** A call under way. */
export interface Running extends Connection {
  readonly service: Service;
  readonly call: Call;
  readonly fault: Fault | undefined;
  /** Of the answer; those of the rate limit join on the way. */
  readonly headers: Record<string, string>;
}

export interface Reply {
  readonly kind: 'reply';
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** What goes out: a reply, or nothing more, because the connection was dealt with. */
export type Outcome = Reply | { readonly kind: 'silent' };

export const SILENT: Outcome = { kind: 'silent' };

/** The reply that carries an answer, with the headers that Rocket.Chat gives all of them. */
export const reply = (running: Running, answer: Answer): Reply => ({
  kind: 'reply',
  status: answer.status,
  headers: { ...running.headers, 'Content-Type': 'application/json', 'Cache-Control': 'no-store', Pragma: 'no-cache' },
  body: JSON.stringify(answer.body),
});
