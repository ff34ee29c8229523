import type { SQSEvent } from 'aws-lambda';
import type { ChecksumKind } from './synthetic-object.ts';

export interface ObjectSpec {
  readonly sizeBytes: number;
  /** @default 'crc32', which current SDKs store with what they upload */
  readonly checksum?: ChecksumKind;
}

let made = 0;

/**
 * The event that Lambda receives for new objects, with one object in each message. Every object has a different key.
 */
export const sqsEvent = (objects: readonly ObjectSpec[]): SQSEvent => ({
  Records: objects.map(({ sizeBytes, checksum = 'crc32' }) => {
    made += 1;
    const now = Date.now();
    const object = {
      key: `${checksum}/${sizeBytes}/${made}.bin`,
      size: sizeBytes,
      eTag: '00000000000000000000000000000000-9',
      sequencer: made.toString(16).toUpperCase().padStart(18, '0'),
    };
    return {
      messageId: `message-${made}`,
      receiptHandle: `handle-${made}`,
      body: JSON.stringify(s3Event(object, now)),
      attributes: {
        ApproximateReceiveCount: '1',
        SentTimestamp: String(now),
        SenderId: 'bench',
        ApproximateFirstReceiveTimestamp: String(now),
      },
      messageAttributes: {},
      md5OfBody: '00000000000000000000000000000000',
      eventSource: 'aws:sqs',
      eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:bench',
      awsRegion: 'us-east-1',
    };
  }),
});

const s3Event = (object: object, now: number) => ({
  Records: [
    {
      eventVersion: '2.1',
      eventSource: 'aws:s3',
      awsRegion: 'us-east-1',
      eventTime: new Date(now).toISOString(),
      eventName: 'ObjectCreated:Put',
      userIdentity: { principalId: 'AWS:BENCH' },
      requestParameters: { sourceIPAddress: '127.0.0.1' },
      responseElements: { 'x-amz-request-id': 'BENCH', 'x-amz-id-2': 'bench' },
      s3: {
        s3SchemaVersion: '1.0',
        configurationId: 'bench',
        bucket: { name: 'uploads', ownerIdentity: { principalId: 'BENCH' }, arn: 'arn:aws:s3:::uploads' },
        object,
      },
    },
  ],
});
