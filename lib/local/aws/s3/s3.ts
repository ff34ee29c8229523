import { randomBytes } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { bucketOperation } from './bucket-operations.ts';
import { isMultipart, multipartOperation } from './multipart-operations.ts';
import { type OnCreated, objectOperation } from './object-operations.ts';
import { createObjectBuckets } from './object-store.ts';
import { S3Error } from './s3-error.ts';
import { type ObjectRequest, readRequest, type S3Request } from './s3-request.ts';
import { xmlDocument } from './xml.ts';

/**
 * Emulates the part of S3 that uploads, downloads and lists objects. It has no versions and no access rules, and
 * refuses what it does not support. The objects' bytes stream to files and from files and are never held in memory.
 * @param options.folder an existing folder for the files
 */
export const createS3 = (options: {
  folder: string;
  region: string;
  onCreated?: OnCreated | undefined;
}): RequestListener => {
  const buckets = createObjectBuckets(options.folder);
  const onCreated: OnCreated = options.onCreated ?? (() => {});

  const perform = (request: S3Request): Promise<string | undefined> => {
    if (!isAboutObject(request)) return bucketOperation(buckets, options.region, request);
    return isMultipart(request)
      ? multipartOperation(buckets, request, onCreated)
      : objectOperation(buckets, request, onCreated);
  };

  return (incoming, response) => {
    response.setHeader('x-amz-request-id', randomBytes(8).toString('hex').toUpperCase());
    const answer = async (): Promise<void> => {
      const xml = await perform(readRequest(incoming, response));
      if (response.headersSent) return;
      if (xml !== undefined) response.setHeader('content-type', 'application/xml');
      response.end(xml);
    };
    answer().catch((error: unknown) => {
      // The client has gone, or the file cannot be read any more.
      if (response.headersSent || (incoming.destroyed && !incoming.complete)) return void response.destroy();
      incoming.resume();
      const { code, message, status } =
        error instanceof S3Error ? error : new S3Error('InternalError', String(error), 500);
      for (const name of ['content-length', 'etag', 'last-modified']) response.removeHeader(name);
      response.writeHead(status, { 'content-type': 'application/xml' });
      response.end(incoming.method === 'HEAD' ? undefined : xmlDocument('Error', { Code: code, Message: message }));
    });
  };
};

const isAboutObject = (request: S3Request): request is ObjectRequest =>
  request.bucket !== undefined && request.key !== undefined;
