import type { SQSEvent, SQSRecord } from 'aws-lambda';
import type { DeliveryId } from '../../lambdas/relay/domain/delivery.ts';
import type { CreatedObject } from '../../lambdas/relay/domain/s3-event.ts';
import type { Lease } from '../../lambdas/relay/ports.ts';

/** The time at which the clocks of the tests start by default; epoch milliseconds. */
export const START = Date.UTC(2026, 2, 5, 9, 30);

export const createdObject = (overrides: Partial<CreatedObject> = {}): CreatedObject => ({
  bucket: 'example-uploads',
  key: 'reports/weekly.pdf',
  versionId: undefined,
  eTag: '9b2cf535f27731c974343645a3985328',
  sizeBytes: 2048,
  sequencer: '0069A94D181F3A9C42',
  createdAt: START - 2_000,
  eventBody: '{"Records":[{}]}',
  ...overrides,
});

export const deliveryIdOf = (overrides: Partial<DeliveryId> = {}): DeliveryId => ({
  bucket: 'example-uploads',
  key: 'reports/weekly.pdf',
  roomId: 'GENERAL',
  sequencer: '0069A94D181F3A9C42',
  eTag: '9b2cf535f27731c974343645a3985328',
  ...overrides,
});

export const leaseOf = (owner: string, takenAt: number, lastsMs = 60_000): Lease => ({
  owner,
  takenAt,
  expiresAt: takenAt + lastsMs,
});

/** One record of an S3 notification. `object` overrides fields of its `s3.object`, `record` fields of the record. */
export const s3Record = (
  object: Readonly<Record<string, unknown>> = {},
  record: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> => ({
  eventVersion: '2.1',
  eventSource: 'aws:s3',
  awsRegion: 'eu-central-1',
  eventTime: new Date(START - 2_000).toISOString(),
  eventName: 'ObjectCreated:Put',
  s3: {
    bucket: { name: 'example-uploads' },
    object: {
      key: 'reports/weekly.pdf',
      size: 2048,
      eTag: '9b2cf535f27731c974343645a3985328',
      sequencer: '0069A94D181F3A9C42',
      ...object,
    },
  },
  ...record,
});

export const notification = (...records: readonly unknown[]): string => JSON.stringify({ Records: records });

export const sqsRecord = (
  body: string,
  {
    attributes,
    ...overrides
  }: Partial<Omit<SQSRecord, 'attributes'>> & { attributes?: Partial<SQSRecord['attributes']> } = {},
): SQSRecord => ({
  messageId: 'message-1',
  receiptHandle: 'receipt-1',
  body,
  attributes: {
    ApproximateReceiveCount: '1',
    SentTimestamp: String(START - 1_000),
    SenderId: 'AIDAEXAMPLE',
    ApproximateFirstReceiveTimestamp: String(START),
    ...attributes,
  },
  messageAttributes: {},
  md5OfBody: '',
  eventSource: 'aws:sqs',
  eventSourceARN: 'arn:aws:sqs:eu-central-1:123456789012:uploads',
  awsRegion: 'eu-central-1',
  ...overrides,
});

export const sqsEvent = (...records: readonly SQSRecord[]): SQSEvent => ({ Records: [...records] });
