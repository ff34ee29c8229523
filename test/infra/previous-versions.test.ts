import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { parseEntry } from '../../lambdas/relay/adapters/dynamodb/ledger-entry.ts';
import { Status } from '../../lambdas/relay/domain/delivery.ts';
import { objectFacts } from '../../lambdas/relay/domain/object-facts.ts';
import { matchRoute } from '../../lambdas/relay/domain/route.ts';
import { parseEvent } from '../../lambdas/relay/domain/s3-event.ts';
import { SettingsSchema } from '../../lambdas/relay/domain/settings.ts';
import { LedgerTable } from '../../lambdas/relay/names.ts';
import { readRelayContext } from '../../lib/infra/config/context.ts';
import { readDeadLetter } from '../../lib/local/aws/dead-letters.ts';
import { createdObject } from '../helpers/factories.ts';

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

/** The context key `relay`, and the file that the stack wrote for the function. */
const settingOf = (version: string, name: 'cdk' | 'relay'): unknown =>
  JSON.parse(readFileSync(join(FIXTURES, version, 'settings', `${name}.json`), 'utf8'));

describe.each(versions)('the settings of %s', (version) => {
  const { relay } = (settingOf(version, 'cdk') as { context: { relay: Record<string, unknown> } }).context;

  it('are accepted from cdk.json, and mean the same routes', () => {
    const context = readRelayContext((key) => (key === 'relay' ? relay : undefined));
    expect(context).toMatchObject(relay);
    expect(context.routes).toEqual(relay['routes']);
  });

  it('are accepted from a stored relay.json, and mean the same routes', () => {
    const stored = settingOf(version, 'relay') as { routes: unknown };
    const settings = v.parse(SettingsSchema, stored);
    expect(settings).toEqual(stored);
    expect(settings.routes).toEqual(relay['routes']);
  });

  it('send the same objects to the same rooms', async () => {
    const { routes } = v.parse(SettingsSchema, settingOf(version, 'relay'));
    const roomFor = async (key: string, sizeBytes: number, contentType = 'text/plain') => {
      const facts = objectFacts(createdObject({ key, sizeBytes }), {
        details: async () => ({ contentType, metadata: new Map() }),
        tags: () => Promise.reject(new Error('tags are not needed')),
      });
      return (await matchRoute(routes, facts))?.rooms;
    };
    expect(await roomFor('invoices/a.pdf', 1)).toEqual(['#accounting']);
    expect(await roomFor('photos/a.jpg', 65_536)).toEqual(['#thumbnails']);
    expect(await roomFor('photos/a.jpg', 65_537)).toEqual(['uploads']);
    expect(await roomFor('Büro (1)/a', 1, 'image/png')).toEqual(['GENERAL']);
    expect(await roomFor('Büro (1)/a', 1)).toEqual(['uploads']);
    expect(await roomFor('never/a', 1)).toEqual(['uploads']);
  });
});

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
