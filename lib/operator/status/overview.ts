import { type AttributeValue, ScanCommand } from '@aws-sdk/client-dynamodb';
import { LedgerTable, Metric } from '../../../lambdas/relay/names.ts';
import { ExitCode } from '../command.ts';
import { readLog } from '../logs/read-log.ts';
import type { Output } from '../output.ts';
import { mappingState } from '../pause/mapping.ts';
import { oldestMessageAgeMs } from '../queue/oldest-message.ts';
import { readQueueState } from '../queue/queue-state.ts';
import type { Target } from '../target/target.ts';
import { humanDuration, printable } from '../terminal.ts';
import { postingRate, relayMetric } from './posting-rate.ts';

const HOUR_MS = 3_600_000;
/** More log lines than this are not read. */
const MAX_FAILURES = 20_000;

/** `relay status` without an object @returns the exit code */
export const showOverview = async (
  target: Target,
  { since }: { readonly since?: number | undefined },
  output: Output,
): Promise<number> => {
  const { clients, stack } = target;
  const now = Date.now();
  const from = since ?? now - HOUR_MS;
  const queue = await readQueueState(clients.sqs, target.queueUrl);
  const [letters, state, rate, ageMs, today, limited, failures] = await Promise.all([
    readQueueState(clients.sqs, target.deadLetterQueueUrl),
    mappingState(target),
    postingRate(target, now),
    stack === undefined ? undefined : oldestMessageAgeMs(clients.cloudWatch, queue.name, now),
    postedSince(target, midnight(now), now),
    expectedDrainMs(target, now),
    readFailures(target, from),
  ]);
  const waiting = queue.visible + queue.inFlight + queue.delayed;
  const perSecond = rate.recentPerSecond;
  const drainMs = waiting === 0 ? 0 : (limited ?? (perSecond > 0 ? (waiting / perSecond) * 1_000 : undefined));
  const isPaused = !state.startsWith('Enabl');
  const deadLetters = letters.visible + letters.inFlight;

  output.record(
    {
      relay: target.name,
      mapping: state,
      waiting,
      visible: queue.visible,
      inFlight: queue.inFlight,
      oldestAgeSeconds: seconds(ageMs),
      drainSeconds: seconds(drainMs),
      postedToday: today,
      postedPerSecond: perSecond,
      deadLetters,
      failing: failures.rows,
      unavailable: stack === undefined ? ['oldestAgeSeconds'] : [],
    },
    [
      output.strong(printable(target.name)),
      line(
        'function',
        isPaused
          ? output.bad(`${state}: nothing is posted; npx relay resume ${target.option}`)
          : output.good('receives messages'),
      ),
      line(
        'waiting',
        `${waiting} messages: ${queue.visible} visible, ${queue.inFlight} in progress or asleep${queue.delayed > 0 ? `, ${queue.delayed} delayed` : ''}`,
      ),
      line(
        'oldest',
        stack === undefined
          ? output.faint('not available: the embedded SQS has no metrics')
          : waiting === 0
            ? '–'
            : ageMs === undefined
              ? 'no metric in the last 15 minutes'
              : humanDuration(ageMs),
      ),
      line('drain time', drainText({ waiting, drainMs, isPaused, isLimited: limited !== undefined, perSecond })),
      line('posted today', `${today} files`),
      line(
        'dead letters',
        deadLetters === 0
          ? output.good('0')
          : output.bad(`${deadLetters}: npx relay dead-letters list ${target.option}`),
      ),
    ].join('\n'),
  );
  if (output.isJson) return ExitCode.Done;
  const period = humanDuration(now - from);
  if (failures.rows.length === 0) output.text(line('failing', output.good(`nothing in the last ${period}`)));
  else {
    output.text(
      `\n${output.strong(`Failing in the last ${period}`)}${failures.isCutShort ? ' (only the first 20,000 log lines)' : ''}`,
    );
    output.table(failures.rows, [
      { title: 'deliveries', text: ({ deliveries }) => String(deliveries), align: 'right' },
      { title: 'objects', text: ({ objects }) => String(objects), align: 'right' },
      { title: 'outcome', text: ({ outcome }) => outcome },
      { title: 'reason', text: ({ reason }) => reason, paint: (_, { bad }) => bad },
      { title: 'example', text: ({ example }) => example },
    ]);
  }
  return ExitCode.Done;
};

const seconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : Math.round(ms / 1_000));
const line = (name: string, text: string): string => `${name.padEnd(14)}${text}`;
const midnight = (now: number): number => new Date(now).setHours(0, 0, 0, 0);

const drainText = (given: {
  waiting: number;
  drainMs: number | undefined;
  isPaused: boolean;
  isLimited: boolean;
  perSecond: number;
}): string => {
  const { waiting, drainMs, isPaused, isLimited, perSecond } = given;
  if (waiting === 0) return 'nothing waits';
  if (isPaused) return 'paused';
  if (drainMs === undefined) return 'not known: nothing was posted in the last 15 minutes';
  const why = isLimited
    ? "under the server's rate limit, for one process"
    : `at ${perSecond.toPrecision(2)} files/s, as in the last 15 minutes`;
  return `about ${humanDuration(drainMs)} ${why}`;
};

/** On AWS, from the metric ObjectsPosted. The embedded relay has no metrics, but a small ledger. */
const postedSince = async (target: Target, from: number, to: number): Promise<number> => {
  if (target.stack === undefined) return countPosted(target, from);
  const points = await relayMetric(target, target.stack.serviceName, {
    name: Metric.ObjectsPosted,
    from,
    to,
    periodSeconds: 300,
    statistic: 'Sum',
  });
  return points.reduce((sum, { value }) => sum + value, 0);
};

const countPosted = async ({ clients, ledgerTable }: Target, from: number): Promise<number> => {
  let count = 0;
  let startKey: Record<string, AttributeValue> | undefined;
  do {
    const page = await clients.dynamodb.send(
      new ScanCommand({
        TableName: ledgerTable,
        FilterExpression: '#postedAt >= :from',
        ProjectionExpression: '#pk, #postedAt',
        ExpressionAttributeNames: { '#pk': LedgerTable.PartitionKey, '#postedAt': 'postedAt' },
        ExpressionAttributeValues: { ':from': { N: String(from) } },
        ...(startKey === undefined ? {} : { ExclusiveStartKey: startKey }),
      }),
    );
    count += page.Items?.length ?? 0;
    startKey = page.LastEvaluatedKey;
  } while (startKey !== undefined);
  return count;
};

/** The function writes this metric only under a rate limit of the chat server. */
const expectedDrainMs = async (target: Target, now: number): Promise<number | undefined> => {
  if (target.stack === undefined) return undefined;
  const points = await relayMetric(target, target.stack.serviceName, {
    name: Metric.ExpectedDrainTime,
    from: now - 15 * 60_000,
    to: now,
    periodSeconds: 300,
    statistic: 'Maximum',
  });
  const latest = points.toSorted((a, b) => b.time - a.time)[0];
  return latest === undefined ? undefined : latest.value * 1_000;
};

interface FailureRow {
  readonly outcome: string;
  readonly reason: string;
  readonly deliveries: number;
  readonly objects: number;
  readonly example: string;
}

const readFailures = async (target: Target, from: number): Promise<{ rows: FailureRow[]; isCutShort: boolean }> => {
  const groups = new Map<string, { keys: Set<string>; row: FailureRow }>();
  let read = 0;
  for await (const { line: entry } of readLog(target, { from }, { outcomes: ['retrying', 'dead-lettered'] })) {
    if (entry.kind !== 'delivery') continue;
    const { outcome, reason = 'unknown', detail = '', bucket = '', key = '' } = entry.fields;
    const id = `${outcome}/${reason}`;
    const { keys, row } = groups.get(id) ?? { keys: new Set(), row: undefined };
    keys.add(`${bucket}/${key}`);
    groups.set(id, {
      keys,
      row: { outcome, reason, deliveries: (row?.deliveries ?? 0) + 1, objects: keys.size, example: detail },
    });
    read += 1;
    if (read >= MAX_FAILURES) break;
  }
  const rows = [...groups.values()].map(({ row }) => row).toSorted((a, b) => b.deliveries - a.deliveries);
  return { rows, isCutShort: read >= MAX_FAILURES };
};
