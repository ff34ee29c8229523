import { SourceError } from '../../domain/errors.ts';
import type { CreatedObject } from '../../domain/s3-event.ts';
import type { CallOptions, ObjectStore } from '../../ports.ts';
import { type AwsClient, type AwsRequest, percentEncoded } from '../aws/client.ts';
import { AwsError, awsCodeOf } from '../aws/error.ts';
import { giveBackReads } from '../give-back.ts';
import { checksumOf } from './checksum.ts';
import { verified } from './verifier.ts';

/** Objects in S3. */
export const createS3Objects = (options: {
  /** Made with `readS3Code`. */
  readonly client: AwsClient;
  readonly endpoint: URL;
  /** The bucket is a part of the path, and not of the host name. */
  readonly isPathStyle: boolean;
}): ObjectStore => {
  const { client, endpoint, isPathStyle } = options;
  const request = (method: 'GET' | 'HEAD', object: CreatedObject, signal: AbortSignal): AwsRequest => ({
    method,
    ...addressOf(object, endpoint, isPathStyle),
    ...pinned(object),
    signal,
  });

  return {
    async open(object, { signal }) {
      const answer = await translated(object, () => client(request('GET', object, signal), (got) => got));
      const { headers } = answer;
      const sizeBytes = /^\d+$/.test(headers['content-length'] ?? '') ? Number(headers['content-length']) : undefined;
      if (sizeBytes === undefined) {
        answer.destroy();
        throw new SourceError(`S3 answered without a length for ${nameOf(object)}`, { code: 'SOURCE_UNAVAILABLE' });
      }
      giveBackReads(answer);
      const body = verified(answer, { sizeBytes, checksum: checksumOf(headers), name: nameOf(object) });
      return { sizeBytes, contentType: headers['content-type'], body, close: () => void body.destroy() };
    },

    contentType: (object, { signal }: CallOptions) =>
      translated(object, () =>
        client(request('HEAD', object, signal), (answer) => {
          answer.resume();
          return answer.headers['content-type'];
        }),
      ),
  };
};

/** AWS's code out of the XML of an error: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
export const readS3Code = (body: string): string | undefined => /<Code>([\w.]+)<\/Code>/.exec(body)?.[1];

/** A name with a dot in it would not fit the certificate for *.s3.REGION: https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html */
const addressOf = ({ bucket, key }: CreatedObject, endpoint: URL, isPathStyle: boolean) => {
  const path = `/${key.split('/').map(percentEncoded).join('/')}`;
  if (isPathStyle || bucket.includes('.')) return { endpoint, path: `/${percentEncoded(bucket)}${path}` };
  return { endpoint: new URL(`${endpoint.protocol}//${bucket}.${endpoint.host}`), path };
};

/** Exactly the version of the event: by its id, or as long as the key still holds the same content. */
const pinned = ({ versionId, eTag }: CreatedObject): Pick<AwsRequest, 'query' | 'headers'> => {
  // "null" is the id of an object written while versioning was off or suspended; it is overwritten in place.
  const isVersioned = versionId !== undefined && versionId !== 'null';
  return {
    query: isVersioned ? { versionId } : {},
    headers: {
      'x-amz-checksum-mode': 'ENABLED',
      ...(!isVersioned && eTag !== undefined ? { 'if-match': `"${eTag}"` } : {}),
    },
  };
};

const GONE = new Set(['NoSuchKey', 'NoSuchVersion', 'NotFound', 'PreconditionFailed', 'MethodNotAllowed']);

const translated = async <Answer>(object: CreatedObject, send: () => Promise<Answer>): Promise<Answer> => {
  try {
    return await send();
  } catch (cause) {
    const name = awsCodeOf(cause);
    const status = cause instanceof AwsError ? cause.status : undefined;
    const what = nameOf(object);
    if (name === 'InvalidObjectState') {
      throw new SourceError(`${what} is archived; restore it and redrive`, { code: 'OBJECT_ARCHIVED', cause });
    }
    if (name === 'NoSuchBucket') throw new SourceError(`the bucket of ${what} is gone`, { code: 'BUCKET_GONE', cause });
    // A HEAD answer has no body, so only its status tells.
    if (GONE.has(name) || status === 404 || status === 412 || status === 405) {
      throw new SourceError(`${what} was deleted or overwritten before it was read`, { code: 'OBJECT_GONE', cause });
    }
    if (status === 403 || name === 'AccessDenied' || name.startsWith('KMS.')) {
      throw new SourceError(`S3 denies access to ${what}: ${name}; check the function's role and the key's policy`, {
        code: 'ACCESS_DENIED',
        cause,
      });
    }
    throw new SourceError(`S3 can't be read: ${name}${status === undefined ? '' : ` (${status})`}, for ${what}`, {
      code: 'SOURCE_UNAVAILABLE',
      cause,
    });
  }
};

const nameOf = ({ bucket, key }: CreatedObject): string => `s3://${bucket}/${key}`;
