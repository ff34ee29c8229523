import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { awsStatusOf } from '../../../lambdas/relay/adapters/aws-error.ts';
import { Status } from '../../../lambdas/relay/domain/delivery.ts';
import { ExitCode } from '../command.ts';
import { type LedgerItem, queryLedger } from '../ledger/ledger-items.ts';
import type { LogLine } from '../logs/log-entry.ts';
import { textOf } from '../logs/print-log.ts';
import { readLog } from '../logs/read-log.ts';
import type { Output } from '../output.ts';
import { mappingState } from '../pause/mapping.ts';
import { readQueueState } from '../queue/queue-state.ts';
import { quoted } from '../shell.ts';
import { routeOf } from '../survey/route-of.ts';
import type { Target } from '../target/target.ts';
import { humanDuration, printable } from '../terminal.ts';
import { createMessageLinks } from './message-link.ts';
import { type NeverTold, whyNeverTold } from './never-told.ts';

const LOG_DAYS_MS = 14 * 86_400_000;
/** The last lines of an object are enough. */
const MAX_LINES = 20;

/** The story of one object. @returns the exit code */
export const tellStory = async (
  target: Target,
  { bucket, key }: { readonly bucket: string; readonly key: string },
  { since }: { readonly since?: number | undefined },
  output: Output,
): Promise<number> => {
  const { clients, settings, ledgerTable } = target;
  const now = Date.now();
  const object = await headObject(target, bucket, key);
  const sizeBytes = object?.sizeBytes ?? 0;
  const [routed, { items, unreadable }, lines] = await Promise.all([
    object === undefined ? undefined : routeOf(settings.routes, { bucket, key, sizeBytes }, clients.s3),
    queryLedger({ client: clients.dynamodb, tableName: ledgerTable, bucket, key }),
    readLines(target, key, bucket, since ?? logFrom(object?.modifiedAt, now)),
  ]);
  const ignored = routed?.kind === 'ignored' ? routed.why : undefined;
  const why = items.length > 0 ? undefined : await explain(target, { modifiedAt: object?.modifiedAt, ignored, now });
  const links = createMessageLinks(target);
  const versions = await Promise.all(
    items.map(async (item) => {
      const link = item.messageId === undefined ? undefined : await links.linkOf(item.roomId, item.messageId);
      return { item, link };
    }),
  );

  if (output.isJson) {
    output.record(
      {
        bucket,
        key,
        object: object && { ...object, modifiedAt: iso(object.modifiedAt) },
        route: routed,
        versions: versions.map(({ item, link }) => ({ ...jsonOf(item), link })),
        unreadable,
        why,
        deliveries: lines.map(({ timestamp, ...line }) => ({ time: iso(timestamp), ...line })),
      },
      '',
    );
    return ExitCode.Done;
  }
  output.text(output.strong(printable(`s3://${bucket}/${key}`)));
  output.text(
    row(
      'object',
      object === undefined
        ? output.warn('not in the bucket (any more)')
        : `${object.sizeBytes} bytes, eTag ${printable(object.eTag)}, modified ${iso(object.modifiedAt)}`,
    ),
  );
  if (routed?.kind === 'routed') output.text(row('route', `to ${routed.rooms.map(printable).join(', ')}`));
  if (ignored !== undefined) output.text(row('route', output.warn(`none: ${ignored}`)));
  for (const { item, link } of versions)
    for (const text of describe(item, link, object?.eTag, target, key, output)) output.text(text);
  if (unreadable > 0)
    output.text(row('ledger', output.bad(`${unreadable} items hold values that the relay has not written`)));
  if (why !== undefined)
    output.text(
      row(
        'why',
        lines.length > 0 && why.code === 'NO_EVENT' ? 'The ledger has no entry of it; see the log.' : why.text,
      ),
    );
  output.text(lines.length === 0 ? row('log', 'no delivery of it in the log') : `\n${output.strong('Log')}`);
  for (const entry of lines) output.text(textOf(entry, output));
  return ExitCode.Done;
};

const iso = (time: number): string => new Date(time).toISOString();
const row = (name: string, text: string): string => `${name.padEnd(10)}${text}`;

/** The log of earlier versions is left out, because a search through all of it can take minutes. */
const logFrom = (modifiedAt: number | undefined, now: number): number =>
  Math.max((modifiedAt ?? 0) - 5 * 60_000, now - LOG_DAYS_MS);

const headObject = async ({ clients }: Target, Bucket: string, Key: string) => {
  try {
    const head = await clients.s3.send(new HeadObjectCommand({ Bucket, Key }));
    return {
      sizeBytes: head.ContentLength ?? 0,
      eTag: (head.ETag ?? '').replace(/^"|"$/g, ''),
      versionId: head.VersionId,
      contentType: head.ContentType,
      modifiedAt: head.LastModified?.getTime() ?? 0,
    };
  } catch (error) {
    if (awsStatusOf(error) === 404) return undefined;
    throw error;
  }
};

const readLines = async (target: Target, key: string, bucket: string, from: number): Promise<readonly LogLine[]> => {
  const lines: LogLine[] = [];
  for await (const { line } of readLog(target, { from }, { key })) {
    // The key is also read as a glob, which may match others.
    if (line.kind !== 'delivery' || line.fields.key !== key || line.fields.bucket !== bucket) continue;
    lines.push(line);
    if (lines.length > MAX_LINES) lines.shift();
  }
  return lines;
};

/** Asks for what explains that the ledger knows nothing of the object. */
const explain = async (
  target: Target,
  known: { readonly modifiedAt: number | undefined; readonly ignored: string | undefined; readonly now: number },
): Promise<NeverTold> => {
  const { clients, settings, ledgerTable } = target;
  const [queue, state, table] = await Promise.all([
    readQueueState(clients.sqs, target.queueUrl),
    mappingState(target),
    clients.dynamodb.send(new DescribeTableCommand({ TableName: ledgerTable })),
  ]);
  return whyNeverTold({
    ...known,
    relaySince: table.Table?.CreationDateTime?.getTime(),
    isPaused: !state.startsWith('Enabl'),
    waiting: queue.visible + queue.inFlight + queue.delayed,
    ledgerRetentionDays: settings.ledgerRetentionDays,
    option: target.option,
  });
};

const isoIf = (time: number | undefined): string | undefined => (time === undefined ? undefined : iso(time));
const sequencerOf = ({ version }: LedgerItem): string | undefined =>
  version.startsWith('etag-') ? undefined : version;

const jsonOf = (item: LedgerItem): object => {
  const { version: _, postedAt, failedAt, ignoredAt, expiresAt, leaseExpiresAt, upload, inDoubt, ...rest } = item;
  return {
    sequencer: sequencerOf(item),
    ...rest,
    fileId: upload?.fileId,
    isInDoubt: inDoubt !== undefined,
    postedAt: isoIf(postedAt),
    failedAt: isoIf(failedAt),
    ignoredAt: isoIf(ignoredAt),
    leaseExpiresAt: isoIf(leaseExpiresAt),
    expiresAt: isoIf(expiresAt),
  };
};

const describe = (
  item: LedgerItem,
  link: string | undefined,
  eTag: string | undefined,
  target: Target,
  key: string,
  output: Output,
): string[] => {
  const sequencer = sequencerOf(item);
  const event = sequencer === undefined ? 'backfilled, without a sequencer' : `sequencer ${printable(sequencer)}`;
  const isCurrent = item.eTag === eTag;
  const lines = [
    '',
    row(
      'event',
      `${event}${isCurrent || eTag === undefined ? '' : output.faint(` of another version, eTag ${printable(item.eTag ?? '?')}`)}`,
    ),
    row('room', printable(roomText(item))),
    row('state', stateText(item, output)),
    row(
      'attempts',
      `${item.attempts}, of which ${item.failures} failed${item.retriedForMs > 0 ? `; retried for ${humanDuration(item.retriedForMs)}` : ''}`,
    ),
  ];
  const reasons = Object.entries(item.failuresByReason ?? {}).map(
    ([reason, count]) => `${count} × ${printable(reason)}`,
  );
  if (reasons.length > 0) lines.push(row('errors', reasons.join(', ')));
  else if (item.lastError !== undefined && item.ignoredAt === undefined)
    lines.push(row('error', printable(item.lastError)));
  if (item.inDoubt !== undefined)
    lines.push(row('doubt', output.warn('a confirm had no answer; the relay looks for the message in the room')));
  if (item.messageId !== undefined)
    lines.push(row('message', `${printable(item.messageId)}${link === undefined ? '' : ` ${printable(link)}`}`));
  if (item.status === Status.DeadLettered) {
    lines.push(row('next', `npx relay dead-letters list --key ${quoted(key)} ${target.option}`));
  }
  return lines;
};

const roomText = ({ room, roomId }: LedgerItem): string =>
  room === undefined || room === roomId ? roomId : `${room} (${roomId})`;

const stateText = (item: LedgerItem, output: Output): string => {
  switch (item.status) {
    case Status.Posted:
      return output.good(`posted ${isoIf(item.postedAt) ?? ''}`);
    case Status.DeadLettered:
      return output.bad(`dead letter since ${isoIf(item.failedAt) ?? '?'}`);
    case Status.Gone:
      if (item.ignoredAt !== undefined)
        return output.warn(`not posted: ${printable(item.lastError ?? 'an overwrite')}`);
      return output.warn(
        `not posted: ${item.lastError === 'SUPERSEDED' ? 'a newer version, or the same content, was posted' : 'the object was gone'}`,
      );
    case Status.Uploaded:
    case Status.Claimed: {
      const what =
        item.status === Status.Uploaded ? 'uploaded to the chat server, not confirmed' : 'claimed, not uploaded';
      const isHeld = item.leaseOwner !== undefined && (item.leaseExpiresAt ?? 0) > Date.now();
      return `${what}${isHeld ? `; a delivery works on it until ${isoIf(item.leaseExpiresAt)} at most` : '; its message waits in the queue'}`;
    }
    default:
      return item.status satisfies never;
  }
};
