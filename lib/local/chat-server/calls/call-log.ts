import type { RouteName } from './endpoint.ts';
import type { FaultKind } from './fault.ts';

/** One request. Logged when it arrives; the mutable fields are set while it is processed. */
export interface Call {
  /** The number of calls before it. */
  readonly index: number;
  readonly name: RouteName;
  readonly method: string;
  /** The path template, such as `/api/v1/rooms.media/:rid`. */
  readonly route: string;
  /** From the path or the query. */
  readonly roomId: string | undefined;
  readonly fileId: string | undefined;
  /** Epoch milliseconds by the server's clock. */
  readonly at: number;
  /** Not set while the call runs, nor if the server sent no answer. */
  status?: number;
  /** Whether the server carried the call out: stored the file, posted the message, read the data. */
  committed: boolean;
  fault?: FaultKind;
  /** Epoch milliseconds by the server's clock. Not set while the call runs. */
  endedAt?: number;
}

export interface CallLog {
  readonly calls: readonly Call[];
  begin(call: Pick<Call, 'name' | 'method' | 'route' | 'roomId' | 'fileId'>): Call;
  end(call: Call, status?: number): void;
}

/** @param history how many calls are remembered */
export const createCallLog = (clock: { now(): number }, history = Number.POSITIVE_INFINITY): CallLog => {
  const calls: Call[] = [];
  let begun = 0;
  return {
    calls,
    begin: (input) => {
      const call: Call = { ...input, index: begun, at: clock.now(), committed: false };
      begun += 1;
      if (calls.push(call) > history) calls.shift();
      return call;
    },
    end: (call, status) => {
      call.endedAt = clock.now();
      if (status !== undefined) call.status = status;
    },
  };
};
