import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { describe, expect, it } from 'vitest';
import { parseEntry } from '../../lambdas/relay/adapters/dynamodb/ledger-entry.ts';
import { Status } from '../../lambdas/relay/domain/delivery.ts';
import { parseEvent } from '../../lambdas/relay/domain/s3-event.ts';
import { LedgerTable } from '../../lambdas/relay/names.ts';
import { readDeadLetter } from '../../lib/local/aws/dead-letters.ts';

const FIXTURES = join(import.meta.dirname, '../fixtures');
const versions = readdirSync(FIXTURES).filter((name) => name.startsWith('v'));

/** Data that a version wrote, by file name; recorded by `test/fixtures/record.ts`. */
const recorded = <T>(version: string, kind: string): [string, T][] => {
  const folder = join(FIXTURES, version, kind);
  return readdirSync(folder).map((file) => [
    file.replace('.json', ''),
    JSON.parse(readFileSync(join(folder, file), 'utf8')) as T,
  ]);
};

describe.each(versions)('the data that %s wrote', (version) => {
  const items = recorded<Record<string, AttributeValue>>(version, 'ledger');
  const messages = recorded<unknown>(version, 'messages');
  const letters = recorded<{ body: string; messageAttributes: Record<string, { StringValue: string }> }>(
    version,
    'dead-letters',
  );

  it('includes every ledger status and several messages and dead letters', () => {
    expect(new Set(items.map(([, item]) => parseEntry(unmarshall(item)).status))).toEqual(
      new Set([Status.Posted, Status.Uploaded, Status.Claimed, Status.DeadLettered]),
    );
    expect(messages.length).toBeGreaterThanOrEqual(5);
    expect(letters.map(([reason]) => reason)).toEqual(['EMPTY_FILE', 'UNREADABLE_EVENT']);
  });

  it('has the ledger keys that this version computes', () => {
    for (const [, item] of items) {
      const keys = unmarshall(item);
      const sequencer = String(keys[LedgerTable.SortKey]).split('#')[0];
      const created = messages.flatMap(([, body]) => {
        const event = parseEvent(JSON.stringify(body));
        return event.kind === 'objects' ? event.objects : [];
      });
      const object = created.find((candidate) => candidate.sequencer?.padEnd(32, '0') === sequencer);
      expect(keys[LedgerTable.PartitionKey]).toBe(`${object?.bucket}/${object?.key}`);
      expect(keys[LedgerTable.TimeToLive]).toBeTypeOf('number');
    }
  });

  it.each(items)('includes the ledger item "%s", of which this version reads all attributes', (_name, item) => {
    const raw = unmarshall(item);
    const entry = parseEntry(raw);
    expect(entry).toMatchObject({ status: raw['status'], attempts: raw['attempts'] });
    expect(entry.messageId).toBe(raw['messageId']);
    expect(entry.leaseExpiresAt).toBe(raw['leaseExpiresAt']);
    expect(entry.failedAt).toBe(raw['failedAt']);
    expect(entry.upload).toEqual(
      raw['fileId'] === undefined ? undefined : { fileId: raw['fileId'], uploadedAt: raw['uploadedAt'] },
    );
    expect(entry.inDoubt).toEqual(raw['inDoubt']);
    expect(entry.retriedForMs).toBe(raw['retriedForMs'] ?? 0);
  });

  it.each(messages)('includes the message about "%s", which this version reads', (_name, body) => {
    const event = parseEvent(JSON.stringify(body));
    const [object] = event.kind === 'objects' ? event.objects : [];
    expect(object).toMatchObject({
      bucket: 'uploads',
      key: expect.stringMatching(/\.txt$/),
      sequencer: expect.stringMatching(/^[0-9A-F]{18}$/),
      createdAt: expect.any(Number),
    });
    expect(object?.key).not.toMatch(/%[0-9A-F]{2}/);
  });

  it.each(letters)(
    'includes the dead letter "%s", which this version reads and can send back unchanged',
    (reason, letter) => {
      const read = readDeadLetter({ messageId: 'a', ...letter });
      expect(read).toMatchObject({ reason, attempts: expect.any(Number), failedAt: expect.any(Number) });
      if (reason !== 'UNREADABLE_EVENT')
        expect(parseEvent(letter.body)).toMatchObject({ kind: 'objects', unreadable: [] });
    },
  );
});

it('the fixtures include a recording of this version', () => {
  const { version } = JSON.parse(readFileSync(join(FIXTURES, '../../package.json'), 'utf8')) as { version: string };
  expect(versions).toContain(`v${version.split('.').slice(0, 2).join('.')}`);
});
