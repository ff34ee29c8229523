import { formEncode } from '../../local/aws/bucket-notifications.ts';
import type { ListedObject } from '../survey/list-objects.ts';

/**
 * The event of an object that the relay was never told of, in the form of an S3 notification.
 *
 * A listing has no sequencer, so the relay identifies the object by its eTag and posts it only if the ledger has no message
 * with the same one. The event's time is now: alarms and latencies count from there, not from an upload of years ago.
 */
export const backfillEvent = (object: ListedObject, { region, now }: { region: string; now: number }): string =>
  JSON.stringify({
    Records: [
      {
        eventVersion: '2.1',
        eventSource: 'aws:s3',
        awsRegion: region,
        eventTime: new Date(now).toISOString(),
        eventName: 'ObjectCreated:Put',
        s3: {
          s3SchemaVersion: '1.0',
          configurationId: 'relay backfill',
          bucket: { name: object.bucket, arn: `arn:aws:s3:::${object.bucket}` },
          object: { key: formEncode(object.key), size: object.sizeBytes, eTag: object.eTag },
        },
      },
    ],
  });
