import type { RouteName } from './endpoint.ts';
import type { FaultKind } from './fault.ts';

/** One request, from its arrival on; the rest is filled in as it goes. */
export interface Call {
  /** Counts up from 0. */
  readonly index: number;
  readonly name: RouteName;
  readonly method: string;
  /** The template, such as `/api/v1/rooms.media/:rid`. */
  readonly route: string;
  /** From the path or the query. */
  readonly roomId: string | undefined;
  readonly fileId: string | undefined;
  /** Epoch milliseconds by the server's clock. */
  readonly at: number;
  /** Absent while it runs, and for good where the server gave no answer. */
  status?: number;
  /** Whether the server has done what was asked: stored, posted, read. */
  committed: boolean;
  fault?: FaultKind;
  /** Absent while it runs. */
  endedAt?: number;
}

export interface CallLog {
  readonly calls: readonly Call[];
  begin(call: Pick<Call, 'name' | 'method' | 'route' | 'roomId' | 'fileId'>): Call;
  end(call: Call, status?: number): void;
}

export const createCallLog = (clock: { now(): number }): CallLog => {
  const calls: Call[] = [];
  return {
    calls,
    begin: (input) => {
      const call: Call = { ...input, index: calls.length, at: clock.now(), committed: false };
      calls.push(call);
      return call;
    },
    end: (call, status) => {
      call.endedAt = clock.now();
      if (status !== undefined) call.status = status;
    },
  };
};
