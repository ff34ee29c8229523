import { randomBytes } from 'node:crypto';

export interface UploadedObject {
  readonly bucket: string;
  readonly key: string;
  /** `ObjectCreated:Put`, `ObjectCreated:Copy` or `ObjectCreated:CompleteMultipartUpload`. */
  readonly eventName: string;
  /** Without quotes. */
  readonly eTag: string;
  readonly sizeBytes: number;
}

export interface UploadEvents {
  /** Calls `onUpload` for the object, after the calls for earlier uploads have ended. */
  add(object: UploadedObject): void;
  /**
   * Resolves when `onUpload` has ended for every upload answered so far.
   * @throws the first error of `onUpload` since the last flush
   */
  flush(): Promise<void>;
}

/** Calls `onUpload` for one uploaded object after the other. */
export const createUploadEvents = (onUpload: (object: UploadedObject) => Promise<void>): UploadEvents => {
  let queue = Promise.resolve();
  let failures: unknown[] = [];
  return {
    add(object) {
      // An error is reported by the next flush(). The events of later uploads are sent nevertheless.
      queue = queue.then(() => onUpload(object)).catch((error: unknown) => void failures.push(error));
    },
    async flush() {
      await queue;
      const [failure, ...rest] = failures;
      failures = [];
      if (failure !== undefined || rest.length > 0) throw failure;
    },
  };
};

/** Returns a function that makes S3's notification of an upload. The sequencers of all its notifications ascend. */
export const createNotifier = (options: { region: string; now: () => number }) => {
  // S3 guarantees only that the sequencers of one key ascend, compared as hexadecimal numbers of the same length.
  let sequence = BigInt(options.now()) << 24n;
  return (object: UploadedObject): string => {
    sequence += 1n;
    return JSON.stringify({
      Records: [
        {
          eventVersion: '2.1',
          eventSource: 'aws:s3',
          awsRegion: options.region,
          eventTime: new Date(options.now()).toISOString(),
          eventName: object.eventName,
          userIdentity: { principalId: 'AWS:LOCAL' },
          requestParameters: { sourceIPAddress: '127.0.0.1' },
          responseElements: { 'x-amz-request-id': randomBytes(8).toString('hex').toUpperCase(), 'x-amz-id-2': 'local' },
          s3: {
            s3SchemaVersion: '1.0',
            configurationId: 'relay',
            bucket: {
              name: object.bucket,
              ownerIdentity: { principalId: 'LOCAL' },
              arn: `arn:aws:s3:::${object.bucket}`,
            },
            object: {
              key: formEncode(object.key),
              size: object.sizeBytes,
              eTag: object.eTag,
              sequencer: sequence.toString(16).toUpperCase().padStart(18, '0'),
            },
          },
        },
      ],
    });
  };
};

/** S3 form-encodes keys in notifications, except for slashes: '+' is a space, '%2B' a plus. */
export const formEncode = (key: string): string =>
  key
    .split('/')
    .map((part) =>
      encodeURIComponent(part)
        .replace(/[!'()~]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
        .replaceAll('%20', '+'),
    )
    .join('/');
