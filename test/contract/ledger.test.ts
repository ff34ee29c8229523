import { createServer } from 'node:http';
import { DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDynamoDbLedger } from '../../lambdas/relay/adapters/dynamodb/ledger.ts';
import { createLedgerTable, startDynamoDb } from '../../lib/local/aws/dynamodb.ts';
import { listenOnLoopback } from '../../lib/local/loopback.ts';
import { awsClientsAt } from '../helpers/aws.ts';
import { createdObject, deliveryIdOf, leaseOf, START } from '../helpers/factories.ts';
import { createHandClock } from '../helpers/hand-clock.ts';
import { describeLedger } from '../helpers/ledger-contract.ts';
import { createMemoryLedger } from '../helpers/memory-ledger.ts';

const tableName = 'ledger';
let database: Awaited<ReturnType<typeof startDynamoDb>>;
let client: DynamoDBClient;
let ledgerClient: DynamoDBClient;
beforeAll(async () => {
  database = await startDynamoDb();
  client = clientOf(database.endpoint);
  ledgerClient = awsClientsAt(database.endpoint).dynamodb;
  await createLedgerTable(client, tableName);
});
afterAll(async () => {
  client.destroy();
  await database.close();
});

const clientOf = (endpoint: string) =>
  new DynamoDBClient({
    endpoint,
    region: 'eu-central-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  });

// All tests share one table; each has its own key.
describeLedger('DynamoDB', async (clock) =>
  createDynamoDbLedger({ client: ledgerClient, tableName, clock, retentionDays: 365 }),
);
describeLedger('memory', async (clock) => createMemoryLedger({ clock }));

describe('the ledger in DynamoDB', () => {
  const itemOf = async (key: string) => {
    const Key = { pk: { S: `example-uploads/${key}` }, sk: { S: '0069A94D181F3A9C4200000000000000#GENERAL' } };
    const { Item } = await client.send(new GetItemCommand({ TableName: tableName, Key }));
    return Item === undefined ? undefined : unmarshall(Item);
  };

  it('sets the expiry time in seconds, counted from the last claim', async () => {
    const clock = createHandClock();
    const ledger = createDynamoDbLedger({ client: ledgerClient, tableName, clock, retentionDays: 30 });
    const id = deliveryIdOf({ key: 'ttl' });
    await ledger.claim(id, leaseOf('a', clock.now(), 0), { object: createdObject({ key: 'ttl' }) });
    expect((await itemOf('ttl'))?.['expiresAt']).toBe(START / 1_000 + 30 * 86_400);
    clock.advance(1_500);
    await ledger.claim(id, leaseOf('b', clock.now()), { object: createdObject({ key: 'ttl' }) });
    expect((await itemOf('ttl'))?.['expiresAt']).toBe(START / 1_000 + 2 + 30 * 86_400);
  });

  it('stores the size, the room, the eTag and the last error for operators', async () => {
    const clock = createHandClock();
    const ledger = createDynamoDbLedger({ client: ledgerClient, tableName, clock, retentionDays: 30 });
    const id = deliveryIdOf({ key: 'seen' });
    await ledger.claim(id, leaseOf('a', clock.now()), { object: createdObject({ key: 'seen', sizeBytes: 42 }) });
    await ledger.record(id, 'a', {
      kind: 'released',
      upload: undefined,
      inDoubt: undefined,
      failed: true,
      retriedForMs: 1_000,
      lastError: 'CHAT_ERROR',
    });
    expect(await itemOf('seen')).toMatchObject({
      status: 'claimed',
      size: 42,
      roomId: 'GENERAL',
      eTag: id.eTag,
      lastError: 'CHAT_ERROR',
    });
  });

  it.each<[string, Record<string, unknown>]>([
    ['an unknown status', { status: 'forged' }],
    ['attempts that are not a number', { attempts: 'many' }],
    ['a doubt of another type', { inDoubt: 'yes' }],
    ['a failure count that is not a number', { failuresByReason: { CHAT_ERROR: 'x' } }],
    ['a lease that ends at a text', { leaseOwner: 'a', leaseExpiresAt: 'z' }],
    ['a number that JavaScript can not hold', { attempts: 2n ** 100n }],
  ])('reports ENTRY_INVALID for an entry with %s', async (name, attributes) => {
    const ledger = createDynamoDbLedger({
      client: ledgerClient,
      tableName,
      clock: createHandClock(),
      retentionDays: 30,
    });
    const id = deliveryIdOf({ key: name });
    const keys = { pk: `example-uploads/${name}`, sk: '0069A94D181F3A9C4200000000000000#GENERAL' };
    const Item = marshall({ ...keys, status: 'claimed', attempts: 1, ...attributes });
    await client.send(new PutItemCommand({ TableName: tableName, Item }));
    for (const owner of ['b', 'c']) {
      await expect(ledger.claim(id, leaseOf(owner, START), { object: createdObject() })).rejects.toMatchObject({
        name: 'LedgerError',
        code: 'ENTRY_INVALID',
      });
    }
  });

  it('reads consistently: an entry that was just written counts', async () => {
    const requests: { target: string; body: Record<string, unknown> }[] = [];
    const { port } = new URL(database.endpoint);
    const recorder = await listenOnLoopback(
      createServer(async (request, response) => {
        const body = Buffer.concat(await request.toArray());
        const target = String(request.headers['x-amz-target']).replace(/^.*\./, '');
        requests.push({ target, body: JSON.parse(body.toString()) });
        const { 'content-length': _length, connection: _connection, ...headers } = request.headers;
        const answer = await fetch(`http://127.0.0.1:${port}/`, {
          method: 'POST',
          headers: headers as Record<string, string>,
          body,
        });
        response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.0' });
        response.end(await answer.text());
      }),
    );
    try {
      const recorded = awsClientsAt(recorder.endpoint).dynamodb;
      const ledger = createDynamoDbLedger({ client: recorded, tableName, clock: createHandClock(), retentionDays: 30 });
      const id = deliveryIdOf({ key: 'consistent' });
      await ledger.claim(id, leaseOf('a', START), { object: createdObject() });
      expect((await ledger.claim(id, leaseOf('b', START), { object: createdObject() })).kind).toBe('leased');
      await ledger.findOther(id);
      await ledger.findOther({ ...id, sequencer: undefined });
    } finally {
      await recorder.close();
    }
    const reads = requests.filter(({ target }) => target !== 'UpdateItem');
    expect(reads.map(({ target }) => target)).toEqual(['GetItem', 'Query', 'Query']);
    for (const { body } of reads) expect(body).toMatchObject({ ConsistentRead: true });
  });

  it('reports LEDGER_UNAVAILABLE with its cause when the database can not be reached', async () => {
    const broken = awsClientsAt('http://127.0.0.1:9').dynamodb;
    const ledger = createDynamoDbLedger({ client: broken, tableName, clock: createHandClock(), retentionDays: 30 });
    const unavailable = expect.objectContaining({ code: 'LEDGER_UNAVAILABLE', cause: expect.any(Error) });
    const id = deliveryIdOf();
    await expect(ledger.claim(id, leaseOf('a', START), { object: createdObject() })).rejects.toEqual(unavailable);
    await expect(ledger.record(id, 'a', { kind: 'gone', lastError: 'x' })).rejects.toEqual(unavailable);
    await expect(ledger.findOther(id)).rejects.toEqual(unavailable);
  });

  it('reports LEDGER_UNAVAILABLE when the table does not exist', async () => {
    const ledger = createDynamoDbLedger({
      client: ledgerClient,
      tableName: 'missing',
      clock: createHandClock(),
      retentionDays: 30,
    });
    await expect(ledger.findOther(deliveryIdOf())).rejects.toMatchObject({
      code: 'LEDGER_UNAVAILABLE',
      message: expect.stringContaining('ResourceNotFoundException'),
    });
  });
});
