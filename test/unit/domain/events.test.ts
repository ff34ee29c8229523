import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { SQSEvent } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { deliveryId } from '../../../lambdas/relay/domain/delivery.ts';
import { isDirectoryMarker } from '../../../lambdas/relay/domain/route.ts';
import { type CreatedObject, parseEvent } from '../../../lambdas/relay/domain/s3-event.ts';

const folder = path.join(import.meta.dirname, '../../../events');
const eventOf = (name: string): SQSEvent => JSON.parse(readFileSync(path.join(folder, `${name}.json`), 'utf8'));
const parsed = (name: string) => eventOf(name).Records.map(({ body }) => parseEvent(body));
const objectsOf = (name: string): CreatedObject[] =>
  parsed(name).flatMap((event) => (event.kind === 'objects' ? event.objects : []));

const files = readdirSync(folder).filter((file) => file.endsWith('.json'));

describe('each file in events/', () => {
  it.each(files)('%s has the form in which Lambda gets it from SQS', (file) => {
    const { Records } = eventOf(path.basename(file, '.json'));
    expect(Records.length).toBeGreaterThan(0);
    for (const record of Records) {
      expect(record).toMatchObject({
        messageId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        receiptHandle: expect.any(String),
        attributes: {
          ApproximateReceiveCount: '1',
          SentTimestamp: expect.stringMatching(/^\d{13}$/),
          SenderId: expect.any(String),
          ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d{13}$/),
        },
        messageAttributes: {},
        md5OfBody: createHash('md5').update(record.body).digest('hex'),
        eventSource: 'aws:sqs',
        eventSourceARN: 'arn:aws:sqs:eu-central-1:123456789012:uploads',
        awsRegion: 'eu-central-1',
      });
      expect(parseEvent(record.body).kind).not.toBe('unreadable');
    }
  });

  it('is listed in the readme', () => {
    const readme = readFileSync(path.join(folder, 'README.md'), 'utf8');
    for (const file of files) expect(readme).toContain(`| \`${path.basename(file, '.json')}\``);
  });
});

describe('parseEvent', () => {
  it.each<[string, Partial<CreatedObject>[]]>([
    [
      'created',
      [
        {
          key: 'reports/weekly.pdf',
          sizeBytes: 182_044,
          versionId: undefined,
          eTag: '9b2cf535f27731c974343645a3985328',
        },
      ],
    ],
    ['overwritten', [{ key: 'reports/weekly.pdf', sizeBytes: 184_310, versionId: 'Wn0rW1nqRkLx3vRZ0w1n9Vt7VnDqK2iH' }]],
    ['encoded-key', [{ key: 'Berichte 2026/Q1 + Q2/Umsätze 100% (final).pdf', sizeBytes: 48_213 }]],
    ['unicode', [{ key: '照片/2026年/🏔️ café – naïve.jpg' }]],
    ['multipart', [{ key: 'videos/all-hands.mp4', eTag: 'd41d8cd98f00b204e9800998ecf8427e-9' }]],
    ['sns-wrapped', [{ key: 'scans/invoice-0042.png', createdAt: Date.UTC(2026, 2, 5, 12, 10, 0, 250) }]],
    [
      'eventbridge',
      [{ key: 'Berichte 2026/Q1 + Q2/Umsätze 100% (final).pdf', createdAt: Date.UTC(2026, 2, 5, 11, 15, 42) }],
    ],
    ['several-records', [{ key: 'reports/north.pdf' }, { key: 'reports/south.pdf' }, { key: 'reports/east.pdf' }]],
    ['directory-marker', [{ key: 'reports/2026/', sizeBytes: 0 }]],
    ['removed', []],
    ['test-event', []],
  ])('reads the expected objects from %s', (name, objects) => {
    expect(objectsOf(name)).toMatchObject(objects);
    for (const object of objectsOf(name)) expect(object.bucket).toBe('example-uploads');
  });

  it('is tested with each of the 11 files', () => {
    expect(files).toHaveLength(11);
  });

  it('gives the reason for which an event is ignored', () => {
    expect(parsed('removed')).toEqual([{ kind: 'ignored', why: 'event ObjectRemoved:Delete' }]);
    expect(parsed('test-event')).toEqual([{ kind: 'ignored', why: 'test event' }]);
    expect(objectsOf('directory-marker').every(isDirectoryMarker)).toBe(true);
    expect(objectsOf('created').some(isDirectoryMarker)).toBe(false);
  });

  it('gives a later version of a key a greater sequencer', () => {
    const [first, second] = [...objectsOf('created'), ...objectsOf('overwritten')];
    expect(first && second && (second.sequencer ?? '') > (first.sequencer ?? '')).toBe(true);
  });

  it('gives an upload the same ledger item for a notification and for an EventBridge event', () => {
    const [notified, bridged] = [...objectsOf('encoded-key'), ...objectsOf('eventbridge')].map((object) =>
      deliveryId(object, 'R'),
    );
    expect(bridged).toEqual(notified);
    expect(notified?.sequencer).toBe('0069A965DE7C01AA3E');
  });

  it('gives each object an event body that contains only this object and can be parsed again', () => {
    for (const file of files) {
      for (const object of objectsOf(path.basename(file, '.json'))) {
        expect(parseEvent(object.eventBody)).toEqual({ kind: 'objects', objects: [object], unreadable: [] });
      }
    }
  });

  it('finds only the example account and no credentials in the files', () => {
    const text = files.map((file) => readFileSync(path.join(folder, file), 'utf8')).join('\n');
    expect(text).not.toMatch(/AKIA|ASIA[A-Z0-9]{16}|authToken/);
    expect(new Set(text.match(/(?<=[:"])\d{12}(?=[:"\\])/g))).toEqual(new Set(['123456789012']));
  });
});
