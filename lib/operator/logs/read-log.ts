import { FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { matchKeys } from '../dead-letters/filter.ts';
import type { Target } from '../target/target.ts';
import { type DeliveryFilter, filterPattern } from './filter-pattern.ts';
import { type LogLine, readLogLine } from './log-entry.ts';

/** The embedded relay answers for a log group of any name. */
const LOCAL_LOG_GROUP = '/aws/lambda/rocket-chat-relay';

export const logGroupOf = ({ stack }: Target): string => stack?.logGroupName ?? LOCAL_LOG_GROUP;

export interface LogRange {
  /** Epoch milliseconds. */
  readonly from: number;
  /** @default now */
  readonly to?: number | undefined;
}

export interface IdentifiedLine {
  readonly eventId: string;
  readonly line: LogLine;
}

/**
 * Reads the function's log in the order of time. With a filter, only deliveries are read. The embedded relay keeps its last
 * 20,000 lines.
 */
export async function* readLog(
  target: Target,
  { from, to }: LogRange,
  filter: DeliveryFilter,
  signal?: AbortSignal,
): AsyncGenerator<IdentifiedLine> {
  const isSelected = matchDeliveries(filter);
  let nextToken: string | undefined;
  do {
    const page = await target.clients.logs.send(
      new FilterLogEventsCommand({
        logGroupName: logGroupOf(target),
        startTime: from,
        endTime: to,
        filterPattern: filterPattern(filter),
        nextToken,
      }),
    );
    for (const { eventId = '', timestamp = 0, message = '' } of page.events ?? []) {
      const line = readLogLine(message, timestamp);
      if (line !== undefined && isSelected(line)) yield { eventId, line };
    }
    nextToken = page.nextToken;
  } while (nextToken !== undefined && signal?.aborted !== true);
}

/** Makes the test of whether a line is selected. */
export const matchDeliveries = ({ key, reason, outcomes }: DeliveryFilter): ((line: LogLine) => boolean) => {
  const matchesKey = key === undefined ? undefined : matchKeys(key);
  const isAny = matchesKey === undefined && reason === undefined && outcomes === undefined;
  return (line) => {
    if (isAny) return true;
    if (line.kind !== 'delivery') return false;
    const { fields } = line;
    return (
      (matchesKey === undefined || (fields.key !== undefined && matchesKey(fields.key))) &&
      (reason === undefined || (fields.reason !== undefined && reason.includes(fields.reason))) &&
      (outcomes === undefined || outcomes.includes(fields.outcome))
    );
  };
};
