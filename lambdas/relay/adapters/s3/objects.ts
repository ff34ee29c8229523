import { Readable } from 'node:stream';
import { GetObjectCommand, GetObjectTaggingCommand, HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { SourceError } from '../../domain/errors.ts';
import type { CreatedObject } from '../../domain/s3-event.ts';
import type { ObjectStore } from '../../ports.ts';
import { awsCodeOf, awsStatusOf } from '../aws-error.ts';
import { md5Of } from './checksum.ts';
import { verified } from './verifier.ts';

/** Objects in S3. */
export const createS3Objects = (client: S3Client): ObjectStore => ({
  async open(object, { signal }) {
    const command = new GetObjectCommand(addressOf(object));
    const output = await translated(object, () => client.send(command, { abortSignal: signal }));
    const { Body: source, ContentLength: sizeBytes, ContentType: contentType } = output;
    if (!(source instanceof Readable)) throw new TypeError('the S3 client gave a body that is not a Node stream');
    if (sizeBytes === undefined) {
      source.destroy();
      throw new SourceError(`S3 sent no content length for ${nameOf(object)}`, { code: 'SOURCE_UNAVAILABLE' });
    }
    const body = verified(source, { sizeBytes, md5: md5Of(output), name: nameOf(object) });
    return { sizeBytes, contentType, body, close: () => void body.destroy() };
  },

  async describe(object, { signal }) {
    const command = new HeadObjectCommand(addressOf(object));
    const { ContentType, Metadata = {} } = await translated(object, () =>
      client.send(command, { abortSignal: signal }),
    );
    const metadata = new Map(Object.entries(Metadata).map(([name, value]) => [name.toLowerCase(), value]));
    return { contentType: ContentType, metadata };
  },

  async tags(object, { signal }) {
    const { Bucket, Key, VersionId } = { VersionId: undefined, ...addressOf(object) };
    const command = new GetObjectTaggingCommand({ Bucket, Key, VersionId });
    const { TagSet = [] } = await translated(object, () => client.send(command, { abortSignal: signal }));
    return new Map(TagSet.map(({ Key: name, Value: value }) => [name ?? '', value ?? '']));
  },
});

/** Selects the version of the event: by its id, or on condition that the key still has the same content. */
const addressOf = ({ bucket, key, versionId, eTag }: CreatedObject) => {
  const address = { Bucket: bucket, Key: key };
  // An object that was written while versioning was off or suspended has the id "null", and so has its replacement.
  if (versionId !== undefined && versionId !== 'null') return { ...address, VersionId: versionId };
  return eTag === undefined ? address : { ...address, IfMatch: `"${eTag}"` };
};

const GONE = new Set(['NoSuchKey', 'NoSuchVersion', 'NotFound', 'PreconditionFailed', 'MethodNotAllowed']);

const translated = async <Output>(object: CreatedObject, send: () => Promise<Output>): Promise<Output> => {
  try {
    return await send();
  } catch (cause) {
    const code = awsCodeOf(cause);
    const status = awsStatusOf(cause);
    const what = nameOf(object);
    if (code === 'InvalidObjectState') {
      throw new SourceError(`${what} is archived; restore it and redrive`, { code: 'OBJECT_ARCHIVED', cause });
    }
    if (code === 'NoSuchBucket') {
      throw new SourceError(`the bucket of ${what} does not exist`, { code: 'BUCKET_GONE', cause });
    }
    // A HEAD response has no body, so only its status is known.
    if (GONE.has(code) || status === 404 || status === 412 || status === 405) {
      throw new SourceError(`${what} was deleted or overwritten before it was read`, { code: 'OBJECT_GONE', cause });
    }
    if (status === 403 || code === 'AccessDenied' || code.startsWith('KMS.')) {
      throw new SourceError(`S3 denies access to ${what}: ${code}; check the function's role and the key's policy`, {
        code: 'ACCESS_DENIED',
        cause,
      });
    }
    throw new SourceError(`S3 can't be read: ${code}${status === undefined ? '' : ` (${status})`}, for ${what}`, {
      code: 'SOURCE_UNAVAILABLE',
      cause,
    });
  }
};

const nameOf = ({ bucket, key }: CreatedObject): string => `s3://${bucket}/${key}`;
