import { randomBytes } from 'node:crypto';
import type { EmulatorApp } from './s3-sqs.ts';

export interface UploadedObject {
  readonly bucket: string;
  readonly key: string;
  /** S3's name for how it came: `ObjectCreated:Put` and so on. */
  readonly eventName: string;
  /** Without quotes. */
  readonly eTag: string;
  readonly sizeBytes: number;
}

export interface UploadWatch {
  /** Resolves when `onUpload` has taken every upload answered so far. @throws what `onUpload` threw */
  flush(): Promise<void>;
}

/**
 * Calls `onUpload` for each object that a client has put, copied or completed in parts, one after the other in the
 * order of the uploads, as soon as S3 has answered the client. Call it before the app listens.
 */
export const watchUploads = (app: EmulatorApp, onUpload: (object: UploadedObject) => Promise<void>): UploadWatch => {
  let queue = Promise.resolve();
  // Not an async hook: the emulator's handlers answer before their promise ends, and Fastify would send twice.
  app.addHook('onSend', (request, reply, payload, done) => {
    const { bucket, '*': key } = (request.params ?? {}) as { bucket?: string; '*'?: string };
    const eventName = createdBy(request.method, request.query as Record<string, string | undefined>, request.headers);
    const eTag = unquote(String(reply.getHeader('etag') ?? eTagIn(payload) ?? ''));
    if (bucket !== undefined && key && eventName !== undefined && reply.statusCode === 200 && eTag !== '') {
      queue = queue.then(async () => {
        const head = await app.inject({ method: 'HEAD', url: pathOf(bucket, key) });
        // Deleted again in between: its event comes all the same, and a reader finds nothing, as on AWS.
        const sizeBytes = Number(head.headers['content-length'] ?? 0);
        await onUpload({ bucket, key, eventName, eTag, sizeBytes });
      });
      // Whoever flushes hears of it; until then it must not end the process.
      queue.catch(() => {});
    }
    done(null, payload);
  });
  return { flush: () => queue };
};

/** Makes the messages S3 sends for uploads. One maker numbers them all. */
export const createNotifier = (options: { region: string; now: () => number }) => {
  // S3 promises only that sequencers of one key, as hex numbers of the same length, grow.
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

/** S3 form-encodes keys in notifications, slashes excepted: '+' is a space, '%2B' a plus. */
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
