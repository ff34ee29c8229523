import { randomBytes } from 'node:crypto';
import type { EmulatorApp } from './s3-sqs.ts';

export interface UploadedObject {
  readonly bucket: string;
  readonly key: string;
  /** `ObjectCreated:Put`, `ObjectCreated:Copy` or `ObjectCreated:CompleteMultipartUpload`. */
  readonly eventName: string;
  /** Without quotes. */
  readonly eTag: string;
  readonly sizeBytes: number;
}

export interface UploadWatch {
  /**
   * Resolves when `onUpload` has ended for every upload answered so far.
   * @throws the first error of `onUpload` since the last flush
   */
  flush(): Promise<void>;
}

/**
 * Calls `onUpload` for each object that a client has put, copied or completed as a multipart upload, when S3 answers the
 * client. Calls follow one another in the order of the uploads. Must be called before the app listens.
 */
export const watchUploads = (app: EmulatorApp, onUpload: (object: UploadedObject) => Promise<void>): UploadWatch => {
  let queue = Promise.resolve();
  let failures: unknown[] = [];
  // Not an async hook: the emulator's handlers answer before their promise resolves, and Fastify would send twice.
  app.addHook('onSend', (request, reply, payload, done) => {
    const { bucket, '*': key } = (request.params ?? {}) as { bucket?: string; '*'?: string };
    const eventName = createdBy(request.method, request.query as Record<string, string | undefined>, request.headers);
    const eTag = unquote(String(reply.getHeader('etag') ?? eTagIn(payload) ?? ''));
    if (bucket !== undefined && key && eventName !== undefined && reply.statusCode === 200 && eTag !== '') {
      // Asked now, before the client has its answer and can delete or replace the object: the event has the uploaded size.
      const head = app.inject({ method: 'HEAD', url: pathOf(bucket, key) });
      queue = queue
        .then(async () => {
          const sizeBytes = Number((await head).headers['content-length'] ?? 0);
          await onUpload({ bucket, key, eventName, eTag, sizeBytes });
        })
        // Reported by the next flush(). The events of later uploads are sent nevertheless.
        .catch((error: unknown) => void failures.push(error));
    }
    done(null, payload);
  });
  return {
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

const pathOf = (bucket: string, key: string): string =>
  `/${[bucket, ...key.split('/')].map(encodeURIComponent).join('/')}`;

const createdBy = (
  method: string,
  query: Record<string, string | undefined>,
  headers: Record<string, unknown>,
): string | undefined => {
  if (method === 'PUT') {
    if ('partNumber' in query) return undefined;
    return 'x-amz-copy-source' in headers ? 'ObjectCreated:Copy' : 'ObjectCreated:Put';
  }
  if (method === 'POST' && query['uploadId'] !== undefined) return 'ObjectCreated:CompleteMultipartUpload';
  return undefined;
};

const eTagIn = (payload: unknown): string | undefined =>
  typeof payload === 'string' ? /<ETag>(.*?)<\/ETag>/.exec(payload)?.[1] : undefined;

const unquote = (eTag: string): string => eTag.replaceAll('&quot;', '"').replace(/^"|"$/g, '');
