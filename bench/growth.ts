import { BatchWriteItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createDynamoDbLedger } from '../lambdas/relay/adapters/dynamodb/ledger.ts';
import type { CreatedObject } from '../lambdas/relay/domain/s3-event.ts';
import type { Ledger } from '../lambdas/relay/ports.ts';
import { createLedgerTable, startDynamoDb } from '../lib/local/aws/dynamodb.ts';
import { simulate } from '../test/helpers/virtual/simulate.ts';
import { startCounterparts } from './harness/counterparts.ts';
import { type MeasuredFunction, startFunction } from './harness/functions.ts';
import type { Bench, Report } from './harness/report.ts';
import { interleaved, pairedRatio, spread } from './harness/statistics.ts';

const MANY = 100_000;
const RATE_LIMIT = { calls: 600, windowMs: 60_000 };

/**
 * Compares one rule, item or message with 100,000. Rules are measured through the whole function, the ledger in
 * dynalite, and the backlog in virtual time.
 */
export const bench: Bench = {
  question: 'Does the cost grow with the number of rules, the size of the ledger or the backlog?',
  async run({ quick }) {
    const parts = [await rules(quick), await ledgers(quick), await backlogs(quick)];
    return {
      columns: ['', 'one', 'many', '× of one'],
      rows: parts.flatMap(({ rows }) => rows),
      repeats: `${quick ? 3 : 9} rounds, in turns; "many" is ${MANY}${quick ? ' (2,000 for the ledger and the backlog)' : ''}`,
      notes: ['For rules: the CPU of a whole delivery. For the backlog: the calls to SQS, DynamoDB and Lambda.'],
      gates: parts.flatMap(({ gates }) => gates),
    };
  },
};

type Part = Pick<Report, 'rows' | 'gates'>;

const rules = async (quick: boolean): Promise<Part> => {
  const counterparts = await startCounterparts();
  const condition = {
    prefix: (i: number) => `team/${i}/`,
    suffix: (i: number) => `-${i}.pdf`,
    glob: (i: number) => `team/${i}/**/*.pdf`,
  };
  const others = (key: keyof typeof condition) =>
    Array.from({ length: MANY - 1 }, (_, i) => ({ [key]: condition[key](i), room: '#a' }));
  const fits = { prefix: 'crc32/', room: '#general' };
  const start = (routes: readonly object[]) => startFunction({ kind: 'relay', counterparts, routes });
  const sides = {
    one: await start([fits]),
    prefixes: await start([...others('prefix'), fits]),
    suffixes: await start([...others('suffix'), fits]),
    globs: await start([...others('glob'), fits]),
  };
  const cpuMs = (side: MeasuredFunction) => async () => {
    const objects = quick ? 100 : 400;
    const before = side.cpuSeconds();
    for (let sent = 0; sent < objects; sent += 10) {
      await side.deliver(Array.from({ length: 10 }, () => ({ sizeBytes: 1024 })));
    }
    return ((side.cpuSeconds() - before) / objects) * 1_000;
  };
  try {
    const measured = {
      one: cpuMs(sides.one),
      prefixes: cpuMs(sides.prefixes),
      suffixes: cpuMs(sides.suffixes),
      globs: cpuMs(sides.globs),
    };
    for (const warm of [...Object.values(measured), ...Object.values(measured)]) await warm();
    const { one, prefixes, suffixes, globs } = await interleaved(quick ? 3 : 9, measured);
    return {
      rows: [
        [
          'rules by prefix, CPU ms an object',
          spread(one, 2),
          spread(prefixes, 2),
          pairedRatio(prefixes, one).toFixed(2),
        ],
        [
          'rules by suffix, CPU ms an object',
          spread(one, 2),
          spread(suffixes, 2),
          pairedRatio(suffixes, one).toFixed(2),
        ],
        ['rules by glob, CPU ms an object', spread(one, 2), spread(globs, 2), pairedRatio(globs, one).toFixed(2)],
      ],
      gates: [
        { what: 'rules by prefix, × of one', reached: pairedRatio(prefixes, one), better: 'smaller', aim: 1.1 },
        { what: 'rules by suffix, × of one', reached: pairedRatio(suffixes, one), better: 'smaller', aim: 1.1 },
        { what: 'rules by glob, × of one', reached: pairedRatio(globs, one), better: 'smaller', aim: 1.1 },
      ],
    };
  } finally {
    await Promise.all(Object.values(sides).map((side) => side.stop()));
    await counterparts.stop();
  }
};

const ledgers = async (quick: boolean): Promise<Part> => {
  const database = await startDynamoDb();
  const region = 'us-east-1';
  const credentials = { accessKeyId: 'bench', secretAccessKey: 'bench' };
  const client = new DynamoDBClient({ endpoint: database.endpoint, region, credentials });
  try {
    const ledgerOf = async (tableName: string, itemCount: number) => {
      await createLedgerTable(client, tableName);
      await fill(client, tableName, itemCount);
      return smooth(createDynamoDbLedger({ client, tableName, clock: { now: Date.now }, retentionDays: 365 }));
    };
    const sides = { one: await ledgerOf('one', 1), many: await ledgerOf('many', quick ? 2_000 : MANY) };
    for (const warm of [sides.one, sides.many, sides.one, sides.many]) await warm();
    const { one, many } = await interleaved(quick ? 3 : 9, sides);
    const times = pairedRatio(many, one);
    return {
      rows: [['items in the ledger, µs for the calls of an object', spread(one, 0), spread(many, 0), times.toFixed(2)]],
      gates: [{ what: 'items in the ledger, × of one', reached: times, better: 'smaller', aim: 1.1 }],
    };
  } finally {
    client.destroy();
    await database.close();
  }
};

const backlogs = async (quick: boolean): Promise<Part> => {
  const callsOf = async (files: number, rateLimit?: typeof RATE_LIMIT) => {
    const { sqs, ledger, invocations } = await simulate({ files, addresses: ['a'], rateLimit });
    const counts = [...Object.values(sqs), ...Object.values(ledger), invocations];
    return counts.reduce((sum, count) => sum + count, 0) / files;
  };
  const row = async (name: string, rateLimit?: typeof RATE_LIMIT) => {
    const [one, many] = [await callsOf(1, rateLimit), await callsOf(quick ? 2_000 : MANY, rateLimit)];
    return { cells: [name, one.toFixed(2), many.toFixed(2), (many / one).toFixed(2)], times: many / one };
  };
  const free = await row('waiting messages, calls an object');
  const limited = await row(`the same at ${RATE_LIMIT.calls} calls a minute`, RATE_LIMIT);
  return {
    rows: [free.cells, limited.cells],
    gates: [
      { what: 'waiting messages, × of one', reached: free.times, better: 'smaller', aim: 1 },
      {
        what: `the same at ${RATE_LIMIT.calls} calls a minute, × of one`,
        reached: limited.times,
        better: 'smaller',
        aim: 2,
      },
    ],
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
    await ledger.claimUploaded(id, lease, { upload: { fileId: 'f', uploadedAt: now }, object });
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
