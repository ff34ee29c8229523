import type { RequestListener } from 'node:http';
import { CreateTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { LedgerTable } from '../../../lambdas/relay/names.ts';
import { listenOnLoopback } from '../loopback.ts';

/** Emulates DynamoDB with dynalite, in memory. It has no UpdateTimeToLive, so entries do not expire. */
export const createDynamoDb = (): RequestListener => {
  const server = dynalite({ createTableMs: 0 });
  return (request, response) => void server.emit('request', request, response);
};

/** Starts DynamoDB alone. */
export const startDynamoDb = (): Promise<{ endpoint: string; close: () => Promise<void> }> =>
  listenOnLoopback(dynalite({ createTableMs: 0 }));

/** Creates the ledger's table with the same keys as the deployed one. */
export const createLedgerTable = async (dynamodb: DynamoDBClient, tableName: string): Promise<void> => {
  await dynamodb.send(
    new CreateTableCommand({
      TableName: tableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: LedgerTable.PartitionKey, AttributeType: 'S' },
        { AttributeName: LedgerTable.SortKey, AttributeType: 'S' },
      ],
      KeySchema: [
        { AttributeName: LedgerTable.PartitionKey, KeyType: 'HASH' },
        { AttributeName: LedgerTable.SortKey, KeyType: 'RANGE' },
      ],
    }),
  );
};
