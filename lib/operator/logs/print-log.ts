import { setTimeout as sleep } from 'node:timers/promises';
import { type CommandIo, ExitCode } from '../command.ts';
import { createOutput, type Output } from '../output.ts';
import { findTarget, type TargetOptions } from '../target/options.ts';
import { humanDuration, printable } from '../terminal.ts';
import type { LogLine } from './log-entry.ts';
import { readLog } from './read-log.ts';

export interface LogOptions extends TargetOptions {
  readonly follow?: boolean | undefined;
  readonly key?: string | undefined;
  readonly reason?: readonly string[] | undefined;
  readonly outcome?: readonly string[] | undefined;
  readonly since?: number | undefined;
  readonly until?: number | undefined;
}

const FOLLOW_EVERY_MS = 1_000;
/** CloudWatch may show lines late and out of order. */
const LATE_MS = 60_000;
const DEFAULT_SINCE_MS = 15 * 60_000;

/** `relay logs` @returns the exit code */
export const printLog = async (options: LogOptions, io: CommandIo): Promise<number> => {
  const output = createOutput(io, options);
  const target = await findTarget(options, io);
  const { key, reason, outcome: outcomes, follow = false, until } = options;
  const filter = { key, reason: reason?.map((name) => name.toUpperCase()), outcomes };
  let from = options.since ?? Date.now() - DEFAULT_SINCE_MS;
  let shown = new Map<string, number>();
  do {
    for await (const { eventId, line } of readLog(target, { from, to: until }, filter, io.signal)) {
      if (shown.has(eventId)) continue;
      shown.set(eventId, line.timestamp);
      printLine(line, output);
    }
    if (!follow) break;
    const oldest = Date.now() - LATE_MS;
    from = Math.max(from, oldest);
    shown = new Map([...shown].filter(([, timestamp]) => timestamp >= oldest));
    await sleep(FOLLOW_EVERY_MS, undefined, { signal: io.signal }).catch(() => {});
  } while (!io.signal.aborted);
  return ExitCode.Done;
};

const printLine = (line: LogLine, output: Output): void => {
  const { timestamp, ...rest } = line;
  output.record({ time: new Date(timestamp).toISOString(), ...rest }, textOf(line, output));
};

/** A line for people. */
export const textOf = (line: LogLine, output: Output): string => {
  const time = output.faint(new Date(line.timestamp).toISOString());
  if (line.kind === 'text') return `${time} ${printable(line.text)}`;
  if (line.kind === 'entry') {
    const paint = line.level === 'ERROR' ? output.bad : line.level === 'WARN' ? output.warn : output.faint;
    const { detail } = line.fields;
    return `${time} ${paint(line.level)} ${printable(line.message)}${typeof detail === 'string' ? `: ${printable(detail)}` : ''}`;
  }
  const { outcome, bucket = '', key = '', room, reason, detail, delayMs, latencyMs, chatMessageId } = line.fields;
  const paint = outcome === 'posted' ? output.good : outcome === 'dead-lettered' ? output.bad : output.warn;
  const parts = [
    paint(outcome.padEnd(13)),
    output.strong(printable(bucket === '' ? '(unreadable)' : `s3://${bucket}/${key}`)),
    ...(room === undefined ? [] : [`to ${printable(room)}`]),
    ...(chatMessageId === undefined ? [] : [`as ${printable(chatMessageId)}`]),
    ...(latencyMs === undefined ? [] : [output.faint(`${humanDuration(latencyMs)} after the upload`)]),
    ...(reason === undefined ? [] : [printable(`${reason}: ${detail ?? ''}`)]),
    ...(delayMs === undefined ? [] : [output.faint(`again in ${humanDuration(delayMs)}`)]),
  ];
  return `${time} ${parts.join(' ')}`;
};
