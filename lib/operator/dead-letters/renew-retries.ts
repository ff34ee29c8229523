import { ConditionalCheckFailedException, type DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { Status } from '../../../lambdas/relay/domain/delivery.ts';
import { LedgerTable } from '../../../lambdas/relay/names.ts';
import { partitionKeyOf, queryLedger } from '../ledger/ledger-items.ts';
import type { Letter } from './letter.ts';

/**
 * Lets the objects of a letter be retried for the whole of `retryForHours` again.
 *
 * The relay does this itself when it writes a dead letter. If SQS moved the message, the ledger still counts the earlier
 * retries and crashes, and the redriven object could be given up at its first failure. An entry that a delivery holds is
 * left alone.
 */
export const renewRetries = async (
  { client, tableName }: { readonly client: DynamoDBClient; readonly tableName: string },
  { objects, isMovedBySqs }: Pick<Letter, 'objects' | 'isMovedBySqs'>,
  now: number,
): Promise<void> => {
  if (!isMovedBySqs) return;
  for (const { bucket, key, sequencer, eTag } of objects) {
    const version = sequencer?.padEnd(32, '0') ?? `etag-${eTag ?? 'none'}`;
    const { items } = await queryLedger({ client, tableName, bucket, key });
    for (const item of items) {
      const isPending = item.status === Status.Claimed || item.status === Status.Uploaded;
      if (item.version !== version || !isPending) continue;
      await renew(client, tableName, { pk: partitionKeyOf(bucket, key), sk: `${version}#${item.roomId}` }, now);
    }
  }
};

const renew = async (
  client: DynamoDBClient,
  TableName: string,
  { pk, sk }: { pk: string; sk: string },
  now: number,
): Promise<void> => {
  try {
    await client.send(
      new UpdateItemCommand({
        TableName,
        Key: marshall({ [LedgerTable.PartitionKey]: pk, [LedgerTable.SortKey]: sk }),
        // The same as for a dead letter in lambdas/relay/adapters/dynamodb/ledger.ts: no failures, and no crashes, which
        // are the claims that were not released.
        UpdateExpression:
          'SET #releases = #attempts, #retriedForMs = :zero, #failures = :zero REMOVE #failuresByReason',
        ConditionExpression:
          '#status IN (:claimed, :uploaded) AND (attribute_not_exists(#leaseOwner) OR #leaseExpiresAt < :now)',
        ExpressionAttributeNames: Object.fromEntries(
          [
            'releases',
            'attempts',
            'retriedForMs',
            'failures',
            'failuresByReason',
            'status',
            'leaseOwner',
            'leaseExpiresAt',
          ].map((name) => [`#${name}`, name]),
        ),
        ExpressionAttributeValues: marshall({
          ':zero': 0,
          ':now': now,
          ':claimed': Status.Claimed,
          ':uploaded': Status.Uploaded,
        }),
      }),
    );
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
  }
};
