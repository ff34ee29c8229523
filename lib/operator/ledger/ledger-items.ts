import { type AttributeValue, type DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as v from 'valibot';
import { parseEntry } from '../../../lambdas/relay/adapters/dynamodb/ledger-entry.ts';
import type { LedgerEntry } from '../../../lambdas/relay/domain/delivery.ts';
import { LedgerTable } from '../../../lambdas/relay/names.ts';

/** One item of the ledger: an object version in a room. */
export interface LedgerItem extends LedgerEntry {
  /** The part of the sort key before the room: the sequencer, or `etag-…` for an object without one. */
  readonly version: string;
  readonly roomId: string;
  /** As the route named it. Undefined in items of earlier versions. */
  readonly room?: string | undefined;
  readonly eTag: string | undefined;
  readonly sizeBytes: number | undefined;
  readonly lastError: string | undefined;
  /** When a delivery ended because the route's `overwrites` does not post it, epoch milliseconds. */
  readonly ignoredAt?: number | undefined;
  /** When DynamoDB may delete the item, epoch milliseconds: `ledgerRetentionDays` after its last claim. */
  readonly expiresAt: number | undefined;
}

const Item = v.looseObject({
  [LedgerTable.SortKey]: v.string(),
  roomId: v.optional(v.string()),
  room: v.optional(v.string()),
  ignoredAt: v.optional(v.number()),
  eTag: v.optional(v.string()),
  size: v.optional(v.number()),
  lastError: v.optional(v.string()),
  [LedgerTable.TimeToLive]: v.optional(v.number()),
});

export const partitionKeyOf = (bucket: string, key: string): string => `${bucket}/${key}`;

/** Reads an item of the table. Undefined if no version of the relay can have written it. */
export const readLedgerItem = (item: Record<string, AttributeValue>): LedgerItem | undefined => {
  try {
    const attributes = v.parse(Item, unmarshall(item));
    const sortKey = attributes[LedgerTable.SortKey];
    const split = sortKey.lastIndexOf('#');
    const seconds = attributes[LedgerTable.TimeToLive];
    return {
      ...parseEntry(attributes),
      version: sortKey.slice(0, split),
      roomId: attributes.roomId ?? sortKey.slice(split + 1),
      room: attributes.room,
      ignoredAt: attributes.ignoredAt,
      eTag: attributes.eTag,
      sizeBytes: attributes.size,
      lastError: attributes.lastError,
      expiresAt: seconds === undefined ? undefined : seconds * 1_000,
    };
  } catch {
    return undefined;
  }
};

export interface LedgerQuery {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly bucket: string;
  readonly key: string;
  /** @default true */
  readonly isConsistent?: boolean;
}

/** The items of one key, in the order of their versions, and how many others can't be read. */
export const queryLedger = async (
  query: LedgerQuery,
): Promise<{ readonly items: readonly LedgerItem[]; readonly unreadable: number }> => {
  const { client, tableName, bucket, key, isConsistent = true } = query;
  const items: LedgerItem[] = [];
  let unreadable = 0;
  let startKey: Record<string, AttributeValue> | undefined;
  do {
    const page = await client.send(
      new QueryCommand({
        TableName: tableName,
        ConsistentRead: isConsistent,
        KeyConditionExpression: '#pk = :pk',
        ExpressionAttributeNames: { '#pk': LedgerTable.PartitionKey },
        ExpressionAttributeValues: marshall({ ':pk': partitionKeyOf(bucket, key) }),
        ...(startKey === undefined ? {} : { ExclusiveStartKey: startKey }),
      }),
    );
    for (const raw of page.Items ?? []) {
      const item = readLedgerItem(raw);
      if (item === undefined) unreadable += 1;
      else items.push(item);
    }
    startKey = page.LastEvaluatedKey;
  } while (startKey !== undefined);
  return { items, unreadable };
};
