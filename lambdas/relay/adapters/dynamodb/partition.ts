import {
  type AttributeValue,
  type DynamoDBClient,
  QueryCommand,
  type QueryCommandInput,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as v from 'valibot';
import { type DeliveryId, Status } from '../../domain/delivery.ts';
import type { RoomEntry } from '../../domain/room-entry.ts';
import { type Version, versionOrder } from '../../domain/versions.ts';
import { LedgerTable } from '../../names.ts';
import type { Ledger } from '../../ports.ts';

/** The partition of a key, with an item for each of its versions and rooms. */
export const partitionKey = ({ bucket, key }: Pick<DeliveryId, 'bucket' | 'key'>): string => `${bucket}/${key}`;

const PAGE_ITEMS = 25;
const MOST_VERSION_ITEMS = 200;

// A dead-lettered entry counts again during its redrive, when it has a lease.
const IS_UNDER_WAY =
  '#roomId = :roomId AND (#status IN (:claimed, :uploaded, :posted) OR (#status = :deadLettered AND attribute_exists(#leaseOwner)))';
const UNDER_WAY = {
  ':claimed': Status.Claimed,
  ':uploaded': Status.Uploaded,
  ':posted': Status.Posted,
  ':deadLettered': Status.DeadLettered,
};

// Lenient, because an item that can't be read must not stop the delivery of another one.
const text = v.fallback(v.optional(v.string()), undefined);
const number = v.fallback(v.optional(v.number()), undefined);
const Neighbour = v.object({
  [LedgerTable.SortKey]: v.string(),
  status: v.picklist(Object.values(Status)),
  room: text,
  roomId: v.string(),
  eTag: text,
  size: number,
  leaseOwner: text,
  leaseExpiresAt: number,
  fileId: text,
  sentAt: number,
  uploadedAt: number,
  messageId: text,
  threadId: text,
  postedAt: number,
  ignoredAt: number,
  failedAt: number,
});
type Neighbour = v.InferOutput<typeof Neighbour>;

/** The questions to the ledger that concern several items of a key. */
export const createPartition = (
  client: DynamoDBClient,
  tableName: string,
): Pick<Ledger, 'findOther' | 'findVersions' | 'findRooms'> => {
  /** Reads a part of the partition, newest first. */
  async function* pagesOf(
    id: Pick<DeliveryId, 'bucket' | 'key'>,
    query: {
      readonly range?: string;
      readonly filter?: string;
      readonly names: readonly string[];
      readonly values: Readonly<Record<string, unknown>>;
    },
  ): AsyncGenerator<readonly Neighbour[]> {
    const names = [...query.names, ...(query.range === undefined ? [] : [LedgerTable.SortKey])];
    const input: QueryCommandInput = {
      TableName: tableName,
      ConsistentRead: true,
      ScanIndexForward: false,
      Limit: PAGE_ITEMS,
      KeyConditionExpression: ['#pk = :pk', ...(query.range === undefined ? [] : [query.range])].join(' AND '),
      ...(query.filter === undefined ? {} : { FilterExpression: query.filter }),
      ExpressionAttributeNames: {
        '#pk': LedgerTable.PartitionKey,
        ...Object.fromEntries(names.map((name) => [`#${name}`, name])),
      },
      ExpressionAttributeValues: marshall({ ':pk': partitionKey(id), ...query.values }),
    };
    let startKey: Record<string, AttributeValue> | undefined;
    do {
      const { Items = [], LastEvaluatedKey } = await client.send(
        new QueryCommand({ ...input, ...(startKey === undefined ? {} : { ExclusiveStartKey: startKey }) }),
      );
      yield Items.flatMap((item) => {
        const parsed = v.safeParse(Neighbour, unmarshall(item));
        return parsed.success ? [parsed.output] : [];
      });
      startKey = LastEvaluatedKey;
    } while (startKey !== undefined);
  }

  return {
    async findOther(id, createdAt = Number.POSITIVE_INFINITY) {
      const pages =
        id.sequencer === undefined
          ? pagesOf(id, {
              filter: '#roomId = :roomId AND #status = :posted AND #eTag = :eTag',
              names: ['roomId', 'status', 'eTag'],
              values: { ':roomId': id.roomId, ':posted': Status.Posted, ':eTag': id.eTag ?? '' },
            })
          : pagesOf(id, {
              // '$' follows '#' and so sorts after every room of this sequencer.
              range: `#${LedgerTable.SortKey} > :after`,
              filter: IS_UNDER_WAY,
              names: ['roomId', 'status', 'leaseOwner'],
              values: { ...UNDER_WAY, ':roomId': id.roomId, ':after': `${versionOrder(id)}$` },
            });
      for await (const page of pages) {
        for (const other of page) {
          if (id.sequencer === undefined) return { kind: 'same', messageId: other.messageId };
          if (other[LedgerTable.SortKey] < FIRST_BACKFILLED) return { kind: 'newer' };
          const readAt = other.sentAt ?? other.uploadedAt ?? 0;
          const isSame = other.status === Status.Posted && other.eTag !== undefined && other.eTag === id.eTag;
          if (isSame && createdAt <= readAt) return { kind: 'same', messageId: other.messageId };
        }
      }
      return undefined;
    },

    async findVersions(id) {
      const own = versionOrder(id);
      const versions: Version[] = [];
      let pages = 0;
      for await (const page of pagesOf(id, {
        filter: `${IS_UNDER_WAY} OR (#roomId = :roomId AND attribute_exists(#ignoredAt))`,
        names: ['roomId', 'status', 'leaseOwner', 'ignoredAt'],
        values: { ...UNDER_WAY, ':roomId': id.roomId },
      })) {
        for (const version of page.map(versionOf)) {
          if (version.order === own) continue;
          versions.push(version);
          if (version.state === 'settled' && version.order < FIRST_BACKFILLED) return versions;
        }
        pages += 1;
        if (pages * PAGE_ITEMS >= MOST_VERSION_ITEMS) return versions;
      }
      return versions;
    },

    async findRooms(id) {
      const entries: RoomEntry[] = [];
      for await (const page of pagesOf(id, {
        range: `begins_with(#${LedgerTable.SortKey}, :version)`,
        names: [],
        values: { ':version': `${versionOrder(id)}#` },
      })) {
        entries.push(...page.map(roomEntryOf));
      }
      return entries;
    },
  };
};

/** Backfilled versions sort after all others; see `versionOrder`. */
const FIRST_BACKFILLED = 'etag-';

const versionOf = (item: Neighbour): Version => {
  const isSettled = item.status === Status.Posted || item.ignoredAt !== undefined;
  return {
    order: item[LedgerTable.SortKey].slice(0, -`#${item.roomId}`.length),
    state: isSettled ? 'settled' : item.fileId === undefined ? 'claimed' : 'uploaded',
    eTag: item.eTag,
    sizeBytes: item.size,
    leaseExpiresAt: item.leaseExpiresAt,
    settledAt: item.postedAt ?? item.ignoredAt,
    threadId: item.threadId ?? item.messageId,
  };
};

const roomEntryOf = ({ room, roomId, status, messageId, failedAt, leaseOwner }: Neighbour): RoomEntry => ({
  room,
  roomId,
  status,
  messageId,
  failedAt,
  hasOwner: leaseOwner !== undefined,
});
