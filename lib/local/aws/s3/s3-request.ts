import type { IncomingMessage, ServerResponse } from 'node:http';
import { notImplemented, S3Error } from './s3-error.ts';

/** A request to S3. */
export interface S3Request {
  readonly method: string;
  /** Undefined: the request is about all buckets. */
  readonly bucket: string | undefined;
  /** Undefined: the request is about the bucket. */
  readonly key: string | undefined;
  readonly query: URLSearchParams;
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
}

/** A request about an object. */
export type ObjectRequest = S3Request & { readonly bucket: string; readonly key: string };

/** Parameters that no operation has to know: names of operations, signatures in presigned URLs. */
const IRRELEVANT = /^(x-id$|X-Amz-|AWSAccessKeyId$|Signature$|Expires$|response-)/i;

/**
 * Reads the address: `/BUCKET/KEY`, or `/KEY` at the host `BUCKET.localhost`.
 * @throws S3Error InvalidURI, KeyTooLongError
 */
export const readRequest = (incoming: IncomingMessage, response: ServerResponse): S3Request => {
  const [path = '', query = ''] = splitOnce(incoming.url ?? '/', '?');
  const inHost = /^(.+)\.localhost(:\d+)?$/i.exec(incoming.headers.host ?? '')?.[1]?.replace(/\.s3$/i, '');
  const [bucketInPath = '', keyInPath = ''] = splitOnce(path.slice(1), '/');
  const bucket = inHost ?? decode(bucketInPath);
  const key = decode(inHost === undefined ? keyInPath : path.slice(1));
  if (Buffer.byteLength(key) > 1024) throw new S3Error('KeyTooLongError', 'Your key is longer than 1024 bytes.');
  return {
    method: incoming.method ?? 'GET',
    bucket: bucket === '' ? undefined : bucket,
    key: key === '' ? undefined : key,
    query: new URLSearchParams(query),
    incoming,
    response,
  };
};

/**
 * Refuses parameters that the operation does not know. Without this, `PUT ?tagging` would replace the object's content.
 * @throws S3Error NotImplemented
 */
export const allowOnly = ({ query }: S3Request, ...names: readonly string[]): void => {
  for (const name of query.keys()) {
    if (!names.includes(name) && !IRRELEVANT.test(name)) throw notImplemented(`"?${name}"`);
  }
};

/** The longest body in XML: S3 deletes at most 1,000 keys of 1,024 bytes in one request. */
const MAX_XML_BYTES = 8 * 1024 ** 2;

/** @throws S3Error MalformedXML */
export const readXml = async ({ incoming }: S3Request): Promise<string> => {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_XML_BYTES) throw new S3Error('MalformedXML', 'The XML you provided is too long.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
};

const splitOnce = (text: string, separator: string): [string, string] => {
  const at = text.indexOf(separator);
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
};

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new S3Error('InvalidURI', "Couldn't parse the specified URI.");
  }
};
