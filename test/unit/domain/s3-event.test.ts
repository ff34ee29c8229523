import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CreatedObject, type ParsedEvent, parseEvent } from '../../../lambdas/relay/domain/s3-event.ts';
import { notification, s3Record } from '../../helpers/factories.ts';

const objectsOf = (event: ParsedEvent): readonly CreatedObject[] => (event.kind === 'objects' ? event.objects : []);
const detailsOf = (event: ParsedEvent): readonly string[] =>
  event.kind === 'objects' ? event.unreadable.map(({ detail }) => detail) : [];
const keyOf = (key: string) => objectsOf(parseEvent(notification(s3Record({ key }))))[0]?.key;

describe('a body that is not an event', () => {
  it.each(['', 'hello', '{"Records":', 'null', '[]', '"text"', '42', 'true'])('%j is unreadable', (body) => {
    expect(parseEvent(body)).toEqual({ kind: 'unreadable', detail: 'the message body is not a JSON object' });
  });

  it.each(['{}', '{"Records":{}}', '{"Type":"Notification"}', '{"Type":"SubscriptionConfirmation","Message":"{}"}'])(
    '%s is unreadable, and the detail says what was expected',
    (body) => {
      expect(parseEvent(body)).toMatchObject({
        kind: 'unreadable',
        detail: expect.stringContaining('S3 notification'),
      });
    },
  );

  it('is unreadable if its JSON is nested too deeply', () => {
    const nested = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    expect(parseEvent(`{"Records":[{"eventName":${nested}}]}`)).toMatchObject({ kind: 'unreadable' });
  });
});

describe('the uploader', () => {
  const uploaderOf = (body: string) => objectsOf(parseEvent(body))[0]?.uploader;
  const eventBridge = (requester: unknown) =>
    JSON.stringify({
      source: 'aws.s3',
      'detail-type': 'Object Created',
      time: '2026-03-05T09:30:00Z',
      detail: { bucket: { name: 'example-uploads' }, object: { key: 'a', size: 1 }, requester },
    });

  it('of a notification is its principal, and of an EventBridge event its requester', () => {
    const userIdentity = { principalId: 'AWS:AROAEXAMPLE:ana' };
    expect(uploaderOf(notification(s3Record({}, { userIdentity })))).toBe('AWS:AROAEXAMPLE:ana');
    expect(uploaderOf(eventBridge('123456789012'))).toBe('123456789012');
  });

  it.each([undefined, null, 7, '', {}, { principalId: 7 }, { principalId: '' }])(
    'of an event with %j in its place is unknown, and the object is delivered',
    (value) => {
      const record = parseEvent(notification(s3Record({}, { userIdentity: value })));
      expect(objectsOf(record)).toMatchObject([{ uploader: undefined }]);
      const requester = value !== null && typeof value === 'object' ? 7 : value;
      expect(objectsOf(parseEvent(eventBridge(requester)))).toMatchObject([{ uploader: undefined }]);
    },
  );
});

describe('an unreadable record', () => {
  it.each<[string, unknown, string]>([
    ['text instead of an object', 'text', 'a record has no eventName'],
    ['null', null, 'a record has no eventName'],
    ['no eventName', s3Record({}, { eventName: undefined }), 'a record has no eventName'],
    ['a number as eventName', s3Record({}, { eventName: 7 }), 'a record has no eventName'],
    ['no s3', s3Record({}, { s3: undefined }), 's3: expected'],
    ['no bucket', s3Record({}, { s3: { object: { key: 'a', size: 1 } } }), 's3.bucket: expected'],
    [
      'an empty bucket',
      s3Record({}, { s3: { bucket: { name: '' }, object: { key: 'a', size: 1 } } }),
      's3.bucket.name: is not a bucket name',
    ],
    ['no key', s3Record({ key: undefined }), 's3.object.key: expected'],
    ['an empty key', s3Record({ key: '' }), 's3.object.key: expected'],
    ['no size', s3Record({ size: undefined }), 's3.object.size: expected'],
    ['a size that is a string', s3Record({ size: '12' }), 's3.object.size: expected'],
    ['a negative size', s3Record({ size: -1 }), 's3.object.size: expected'],
    ['a fractional size', s3Record({ size: 0.5 }), 's3.object.size'],
    ['an incomplete percent encoding', s3Record({ key: '100%.txt' }), 's3.object.key: is not form-encoded UTF-8'],
    ['bytes that are not UTF-8', s3Record({ key: 'a%FFb' }), 's3.object.key: is not form-encoded UTF-8'],
    ['a key of 1,025 bytes', s3Record({ key: `${'%C3%A4'.repeat(512)}a` }), 's3.object.key: is not a key that S3'],
    ['a key of 200 KB', s3Record({ key: 'k'.repeat(200_000) }), 's3.object.key: is not a key that S3 allows'],
    ['a lone surrogate in the key', s3Record({ key: 'a\ud800' }), 's3.object.key: is not a key that S3 allows'],
    ['an eTag with a line break', s3Record({ eTag: 'a\r\nhost: b' }), 's3.object.eTag: is not an eTag'],
    ['an eTag of 2,000 characters', s3Record({ eTag: 'a'.repeat(2_000) }), 's3.object.eTag: is not an eTag'],
    ['a versionId with a space', s3Record({ versionId: 'a b' }), 's3.object.versionId: is not a version id'],
    ['no eventTime', s3Record({}, { eventTime: undefined }), 'eventTime: expected'],
    ['an eventTime that is not a date', s3Record({}, { eventTime: 'yesterday' }), 'eventTime: is not a date'],
  ])('is reported with its fault: %s', (_, record, detail) => {
    const event = parseEvent(notification(record));
    expect(objectsOf(event)).toEqual([]);
    expect(detailsOf(event)).toEqual([expect.stringContaining(detail)]);
  });

  it('is reported if its size is too large for a number', () => {
    const body = notification(s3Record({ size: 123 })).replace('"size":123', '"size":1e999');
    expect(detailsOf(parseEvent(body))).toHaveLength(1);
  });

  it('is described in less than 200 characters, however long its fields are', () => {
    for (const field of ['key', 'eTag', 'versionId', 'size', 'sequencer']) {
      const details = detailsOf(parseEvent(notification(s3Record({ [field]: 'ü'.repeat(100_000) }))));
      for (const detail of details) expect(detail.length).toBeLessThan(200);
    }
  });

  it('does not affect the others, and becomes an event of its own', () => {
    const event = parseEvent(notification(s3Record({ key: 'a' }), s3Record({ key: '%' }), s3Record({ key: 'b' })));
    expect(objectsOf(event).map(({ key }) => key)).toEqual(['a', 'b']);
    const [unreadable] = event.kind === 'objects' ? event.unreadable : [];
    expect(JSON.parse(unreadable?.eventBody ?? '')).toEqual({ Records: [s3Record({ key: '%' })] });
  });
});

describe('a key', () => {
  it.each([
    ['a+b', 'a b'],
    ['a%2Bb', 'a+b'],
    ['a%20b', 'a b'],
    ['a/b%2Fc', 'a/b/c'],
    ['100%25', '100%'],
    ['a%2525', 'a%25'],
    ['%C3%A4', 'ä'],
    ['a%CC%88', 'a\u0308'],
    ['%F0%9F%8F%94', '🏔'],
    ['ä', 'ä'],
    ['%22%5C%0D%0A', '"\\\r\n'],
    ['__proto__', '__proto__'],
  ])('%j is decoded as %j', (encoded, key) => {
    expect(keyOf(encoded)).toBe(key);
  });

  it('of any characters survives the form encoding', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (key) => {
        const encoded = encodeURIComponent(key).replaceAll('%20', '+');
        expect(keyOf(encoded)).toBe(key);
      }),
    );
  });
});

describe('a bucket name', () => {
  const event = (name: unknown) => parseEvent(notification(s3Record({}, { s3: { ...S3, bucket: { name } } })));
  const S3 = { object: { key: 'k', size: 1 } };

  it.each([
    '2130706433:8080/',
    'x@evil.example.com/',
    'uploads?',
    'uploads#',
    'evil.example.com/x',
    'uploads/../other',
    '127.0.0.1',
    'uploads%2F',
    'up loads',
    'Uploads',
    'up_loads',
    'a..b',
    '-uploads',
    'uploads-',
    'ab',
    'a'.repeat(64),
    'uploads\r\nhost: x',
    'bücket',
    '',
    7,
    null,
  ])('%j makes the record unreadable', (name) => {
    expect(objectsOf(event(name))).toEqual([]);
    expect(detailsOf(event(name))).toEqual([expect.stringMatching(/^s3\.bucket\.name: /)]);
    const body = { source: 'aws.s3', 'detail-type': 'Object Created', time: '2026-03-05T11:15:42Z' };
    const detail = { bucket: { name }, object: { key: 'k', size: 1 } };
    expect(parseEvent(JSON.stringify({ ...body, detail }))).toMatchObject({
      kind: 'unreadable',
      detail: expect.stringMatching(/^detail\.bucket\.name: /),
    });
  });

  it.each(['abc', 'example-uploads', 'a.b-c.1', '1234567890', 'a'.repeat(63)])('%s is accepted', (name) => {
    expect(objectsOf(event(name))).toMatchObject([{ bucket: name }]);
  });
});

describe('an event name', () => {
  it.each([
    'ObjectCreated:Put',
    'ObjectCreated:Post',
    'ObjectCreated:Copy',
    'ObjectCreated:CompleteMultipartUpload',
    's3:ObjectCreated:Put',
    'ObjectCreated:SomethingNew',
  ])('%s creates an object', (eventName) => {
    expect(objectsOf(parseEvent(notification(s3Record({}, { eventName }))))).toHaveLength(1);
  });

  it.each([
    'ObjectRemoved:Delete',
    'ObjectRemoved:DeleteMarkerCreated',
    'ObjectRestore:Completed',
    'ObjectTagging:Put',
    'LifecycleExpiration:Delete',
    'Replication:OperationMissedThreshold',
    'objectcreated:put',
    'NotObjectCreated:Put',
    '',
  ])('%j is ignored', (eventName) => {
    expect(parseEvent(notification(s3Record({}, { eventName, s3: {} })))).toEqual({
      kind: 'ignored',
      why: `event ${eventName}`,
    });
  });

  it('is shortened in the reason', () => {
    const event = parseEvent(notification({ eventName: 'x'.repeat(10_000) }));
    expect(event).toEqual({ kind: 'ignored', why: `event ${'x'.repeat(64)}` });
  });

  it('is not needed to ignore a notification without records', () => {
    expect(parseEvent('{"Records":[]}')).toEqual({ kind: 'ignored', why: 'no records' });
  });

  it('other than Object Created is ignored in an EventBridge event', () => {
    const body = JSON.stringify({ source: 'aws.s3', 'detail-type': 'Object Deleted', detail: {} });
    expect(parseEvent(body)).toEqual({ kind: 'ignored', why: 'event Object Deleted' });
  });
});

describe('an envelope', () => {
  const inSns = (message: string) => JSON.stringify({ Type: 'Notification', TopicArn: 'arn', Message: message });

  it('of SNS can contain another one of SNS', () => {
    expect(objectsOf(parseEvent(inSns(inSns(notification(s3Record())))))).toHaveLength(1);
  });

  it('of SNS can contain an EventBridge event', () => {
    const event = {
      source: 'aws.s3',
      'detail-type': 'Object Created',
      time: '2026-03-05T11:15:42Z',
      detail: { bucket: { name: 'bucket' }, object: { key: 'k', size: 1 } },
    };
    expect(objectsOf(parseEvent(inSns(JSON.stringify(event))))).toMatchObject([{ bucket: 'bucket', key: 'k' }]);
  });

  it('of SNS can contain the test event', () => {
    expect(parseEvent(inSns('{"Service":"Amazon S3","Event":"s3:TestEvent"}'))).toEqual({
      kind: 'ignored',
      why: 'test event',
    });
  });

  it('of SNS around other text is unreadable', () => {
    expect(parseEvent(inSns('your disk is full'))).toMatchObject({ kind: 'unreadable' });
  });

  it.each([
    ['no detail', { detail: undefined }, 'detail: expected'],
    ['no key', { detail: { bucket: { name: 'bucket' }, object: { size: 1 } } }, 'detail.object.key: expected'],
    [
      'a lone surrogate in its key',
      { detail: { bucket: { name: 'bucket' }, object: { key: 'a\udc00', size: 1 } } },
      'detail.object.key: is not a key that S3 allows',
    ],
    [
      'an empty key',
      { detail: { bucket: { name: 'bucket' }, object: { key: '', size: 1 } } },
      'detail.object.key: is not a key that S3 allows',
    ],
    ['a time that is not a date', { time: 'noon' }, 'time: is not a date'],
  ])('of EventBridge is unreadable with %s', (_, overrides, detail) => {
    const event = {
      source: 'aws.s3',
      'detail-type': 'Object Created',
      time: '2026-03-05T11:15:42Z',
      detail: { bucket: { name: 'bucket' }, object: { key: 'k', size: 1 } },
      ...overrides,
    };
    expect(parseEvent(JSON.stringify(event))).toEqual({
      kind: 'unreadable',
      detail: expect.stringContaining(detail),
    });
  });
});

describe('parseEvent', () => {
  const parsed = (object: Record<string, unknown>) => objectsOf(parseEvent(notification(s3Record(object))))[0];

  it('ignores unknown fields', () => {
    const record = s3Record(
      { storageClass: 'NEW' },
      { eventVersion: '3.0', somethingNew: [{}], requestParameters: { sourceIPAddress: 'AWS Internal' } },
    );
    expect(objectsOf(parseEvent(notification(record)))).toHaveLength(1);
  });

  it.each([
    ['"abc"', 'abc'],
    ['abc', 'abc'],
    ['', undefined],
    [undefined, undefined],
  ])('reads the eTag %j as %j', (eTag, expected) => {
    expect(parsed({ eTag })?.eTag).toBe(expected);
  });

  it.each([
    [null, undefined],
    ['', undefined],
    ['null', 'null'],
    ['v1', 'v1'],
  ])('reads the versionId %j as %j', (versionId, expected) => {
    expect(parsed({ versionId })?.versionId).toBe(expected);
  });

  it.each([
    ['0069a94d181f3a9c42', '0069A94D181F3A9C42'],
    ['69a94d181f3a9c42', '0069A94D181F3A9C42'],
    ['0055AED6DCD90281E5', '0055AED6DCD90281E5'],
    ['00A94D181F3A9C42', '00A94D181F3A9C42'],
    ['1', '1'],
    ['xyz', undefined],
    ['', undefined],
    ['#', undefined],
    ['A'.repeat(33), undefined],
    [undefined, undefined],
  ])('reads the sequencer %j as %j', (sequencer, expected) => {
    expect(parsed({ sequencer })?.sequencer).toBe(expected);
  });

  it('returns the same object for the event body of an object', () => {
    const event = parseEvent(notification(s3Record({ key: 'a+%C3%A4' }), s3Record({ key: 'b' })));
    for (const object of objectsOf(event)) expect(objectsOf(parseEvent(object.eventBody))).toEqual([object]);
    expect(objectsOf(event)).toHaveLength(2);
  });
});

describe('parseEvent with arbitrary input', () => {
  it('never throws for text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (body) => void parseEvent(body)));
  });

  it('never throws for JSON and never returns an object without bucket and key', () => {
    fc.assert(
      fc.property(fc.json(), (body) => {
        for (const { bucket, key } of objectsOf(parseEvent(body))) expect(bucket && key).toBeTruthy();
      }),
    );
  });

  it('never throws for an event in which one field was replaced', () => {
    const replaced = fc.tuple(
      fc.constantFrom(
        'eventName',
        'eventTime',
        's3',
        'bucket',
        'object',
        'key',
        'size',
        'eTag',
        'sequencer',
        'versionId',
        'name',
      ),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(replaced, ([name, value]) => {
        let isReplaced = false;
        const replaceOnce = (key: string, old: unknown) => {
          if (key !== name || isReplaced) return old;
          isReplaced = true;
          return value;
        };
        const record = JSON.parse(JSON.stringify(s3Record(), replaceOnce));
        const event = parseEvent(notification(record));
        if (event.kind === 'objects') expect(event.objects.length + event.unreadable.length).toBe(1);
      }),
    );
  });
});
