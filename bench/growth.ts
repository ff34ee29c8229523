import { setTimeout as wait } from 'node:timers/promises';
import { BatchWriteItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createAwsJson } from '../lambdas/relay/adapters/aws/json.ts';
import { createDynamoDbLedger } from '../lambdas/relay/adapters/dynamodb-ledger.ts';
import { matchRoute } from '../lambdas/relay/domain/route.ts';
import type { CreatedObject } from '../lambdas/relay/domain/s3-event.ts';
import type { Route } from '../lambdas/relay/domain/settings.ts';
import type { Ledger } from '../lambdas/relay/ports.ts';
import { createLedgerTable, startDynamoDb } from '../lib/local/dynamodb.ts';
import type { Bench } from './harness/report.ts';
import { interleaved, pairedRatio, spread } from './harness/statistics.ts';

const TABLES = { one: 'one', many: 'many' } as const;

/** The ledger in dynalite, whose own cost of a call is in the numbers; the routes in the function's own code. */
export const bench: Bench = {
  question: 'Does the cost grow with the number of routes or with what the ledger holds?',
  async run({ quick }) {
    const rounds = quick ? 3 : 9;
    const routeCount = 100_000;
    const itemCount = quick ? 2_000 : 100_000;
    const routes = await interleaved(rounds, {
      one: matching([{ prefix: 'team/99999/', room: '#a' }]),
      many: matching(Array.from({ length: routeCount }, (_, i) => ({ prefix: `team/${i}/`, room: '#a' }))),
      'many suffixes': matching(Array.from({ length: routeCount }, (_, i) => ({ suffix: `-${i}.pdf`, room: '#a' }))),
    });

    const database = await startDynamoDb();
    const region = 'us-east-1';
    const credentials = { accessKeyId: 'bench', secretAccessKey: 'bench' };
    const client = new DynamoDBClient({ endpoint: database.endpoint, region, credentials });
    const endpoint = new URL(database.endpoint);
    const call = createAwsJson({ service: 'dynamodb', region, credentials, endpoint, random: Math.random, wait });
    try {
      const ledgerOf = (tableName: string) =>
        createDynamoDbLedger({ call, tableName, clock: { now: Date.now }, retentionDays: 365 });
      for (const tableName of Object.values(TABLES)) await createLedgerTable(client, tableName);
      await fill(client, TABLES.many, itemCount);
      const few = smooth(ledgerOf(TABLES.one));
      const many = smooth(ledgerOf(TABLES.many));
      for (const warm of [few, many, few, many]) await warm();
      const ledger = await interleaved(rounds, { few, many });
      const times = (samples: { one: number[]; many: number[] }) => pairedRatio(samples.many, samples.one);
      return {
        columns: ['', 'µs', '× of one'],
        rows: [
          ['1 route', spread(routes.one, 2), '1.0'],
          [`${routeCount} routes by prefix`, spread(routes.many, 2), times(routes).toFixed(1)],
          [
            `${routeCount} routes by suffix`,
            spread(routes['many suffixes'], 2),
            pairedRatio(routes['many suffixes'], routes.one).toFixed(1),
          ],
          ['ledger calls of an object, empty table', spread(ledger.few, 0), '1.0'],
          [
            `ledger calls of an object, ${itemCount} items`,
            spread(ledger.many, 0),
            pairedRatio(ledger.many, ledger.few).toFixed(1),
          ],
        ],
        repeats: `${rounds} rounds, in turns`,
        notes: [
          'The backlog has no row: a delivery makes the same calls (npm run bench -- calls) however many messages wait; ' +
            'the queue is asked for its depth only under a rate limit, every five minutes.',
        ],
        gates: [
          { what: '× of one route', reached: times(routes), atMost: 2, digits: 1 },
          { what: '× of an empty ledger', reached: pairedRatio(ledger.many, ledger.few), atMost: 1.25 },
        ],
      };
    } finally {
      client.destroy();
      await database.close();
    }
  },
};

/** Microseconds to find an object's route, once the list is known. */
const matching = (routes: readonly Route[]) => {
  const object = { key: 'team/99999/report-99999.pdf', sizeBytes: 1 };
  const noType = async () => undefined;
  return async () => {
    const times = 20_000;
    await matchRoute(routes, object, noType);
    const startedAt = performance.now();
    for (let i = 0; i < times; i += 1) await matchRoute(routes, object, noType);
    return ((performance.now() - startedAt) / times) * 1_000;
  };
};

let keys = 0;

/** Microseconds of the three ledger calls of a smooth delivery. */
const smooth = (ledger: Ledger) => async () => {
  const times = 200;
  const startedAt = performance.now();
  for (let i = 0; i < times; i += 1) {
    keys += 1;
    const now = Date.now();
    const id = { bucket: 'uploads', key: `new/${keys}`, roomId: 'GENERAL', sequencer: '00', eTag: 'e' };
    const lease = { owner: 'bench', takenAt: now, expiresAt: now + 60_000 };
    const object: CreatedObject = { ...id, versionId: undefined, sizeBytes: 1, createdAt: now, eventBody: '' };
    await ledger.claim(id, lease, { upload: { fileId: 'f', uploadedAt: now }, object });
    await ledger.findOther(id);
    await ledger.record(id, 'bench', { kind: 'posted', messageId: 'm', postedAt: now });
  }
  return ((performance.now() - startedAt) / times) * 1_000;
};

const fill = async (client: DynamoDBClient, tableName: string, count: number): Promise<void> => {
  for (let filled = 0; filled < count; filled += 25) {
    const items = Array.from({ length: Math.min(25, count - filled) }, (_, i) => ({
      PutRequest: {
        Item: { pk: { S: `uploads/old/${filled + i}` }, sk: { S: '00#GENERAL' }, status: { S: 'posted' } },
      },
    }));
    await client.send(new BatchWriteItemCommand({ RequestItems: { [tableName]: items } }));
  }
};
