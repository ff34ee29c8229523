import { createReadStream } from 'node:fs';
import { copyFile, open } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { methodNotAllowed } from './bucket-operations.ts';
import type { ObjectBuckets, StoredObject } from './object-store.ts';
import { receiveBody } from './receive-body.ts';
import { noSuchVersion, notImplemented, S3Error } from './s3-error.ts';
import { allowOnly, type ObjectRequest } from './s3-request.ts';
import { tagOperation, tagsOfHeader } from './tag-operations.ts';
import { xmlDocument } from './xml.ts';

/** Called when an object has been stored, before the client has its answer. */
export type OnCreated = (bucket: string, object: StoredObject, eventName: string) => void;

/** Carries out a request about one object. @returns the answer's XML, if it has a body that has not been sent */
export const objectOperation = async (
  buckets: ObjectBuckets,
  request: ObjectRequest,
  onCreated: OnCreated,
): Promise<string | undefined> => {
  const { method, bucket, key, query, incoming } = request;
  if (query.has('tagging')) return tagOperation(buckets, request);
  switch (method) {
    case 'PUT': {
      allowOnly(request);
      if (incoming.headers['x-amz-copy-source'] !== undefined) return copyObject(buckets, request, onCreated);
      return putObject(buckets, request, onCreated);
    }
    case 'GET':
    case 'HEAD':
      allowOnly(request, 'versionId');
      return sendObject(buckets, request);
    case 'DELETE':
      allowOnly(request);
      await buckets.delete(bucket, key);
      request.response.statusCode = 204;
      return undefined;
    default:
      throw methodNotAllowed(method);
  }
};

const putObject = async (
  buckets: ObjectBuckets,
  { bucket, key, incoming, response }: ObjectRequest,
  onCreated: OnCreated,
): Promise<undefined> => {
  buckets.bucket(bucket);
  const tags = tagsOfHeader(incoming.headers['x-amz-tagging']);
  const { checksum, ...content } = await receiveBody(incoming, buckets.newPath());
  checkWriteConditions(buckets.bucket(bucket).objects.get(key), incoming.headers);
  const object: StoredObject = {
    key,
    content,
    eTag: content.md5,
    lastModified: new Date(),
    headers: storedHeaders(incoming.headers),
    checksum,
    tags,
  };
  await buckets.put(bucket, object);
  onCreated(bucket, object, 'ObjectCreated:Put');
  response.setHeader('etag', `"${object.eTag}"`);
  for (const [name, value] of Object.entries(checksum)) response.setHeader(name, value);
  return undefined;
};

const copyObject = async (
  buckets: ObjectBuckets,
  { bucket, key, incoming }: ObjectRequest,
  onCreated: OnCreated,
): Promise<string> => {
  incoming.resume();
  buckets.bucket(bucket);
  const from = copySource(incoming.headers);
  const source = buckets.object(from.bucket, from.key);
  checkReadConditions(source, incoming.headers, 'x-amz-copy-source-');
  const areTagsReplaced = incoming.headers['x-amz-tagging-directive'] === 'REPLACE';
  const isReplaced = incoming.headers['x-amz-metadata-directive'] === 'REPLACE';
  if (!isReplaced && from.bucket === bucket && from.key === key) {
    throw new S3Error(
      'InvalidRequest',
      'This copy request is illegal because it is trying to copy an object to itself without changing the object.',
    );
  }
  const content = { ...source.content, path: buckets.newPath() };
  await copyFile(source.content.path, content.path);
  const object: StoredObject = {
    ...source,
    key,
    content,
    lastModified: new Date(),
    headers: isReplaced ? storedHeaders(incoming.headers) : source.headers,
    tags: areTagsReplaced ? tagsOfHeader(incoming.headers['x-amz-tagging']) : source.tags,
  };
  await buckets.put(bucket, object);
  onCreated(bucket, object, 'ObjectCreated:Copy');
  return xmlDocument('CopyObjectResult', { ETag: `"${object.eTag}"`, LastModified: object.lastModified });
};

/** @throws S3Error InvalidArgument, NotImplemented */
export const copySource = (headers: IncomingHttpHeaders): { bucket: string; key: string } => {
  const [path = '', version] = String(headers['x-amz-copy-source']).replace(/^\//, '').split('?');
  if (version !== undefined) throw notImplemented('copies of a version');
  let decoded: string;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    decoded = '';
  }
  const slash = decoded.indexOf('/');
  if (slash < 1) throw new S3Error('InvalidArgument', 'Copy Source must mention the source bucket and key.');
  return { bucket: decoded.slice(0, slash), key: decoded.slice(slash + 1) };
};

/** Sends the object or a range of it. */
const sendObject = async (
  buckets: ObjectBuckets,
  { method, bucket, key, query, incoming, response }: ObjectRequest,
): Promise<undefined> => {
  const object = buckets.object(bucket, key);
  // Objects in a bucket without versions have the version "null".
  if ((query.get('versionId') ?? 'null') !== 'null') throw noSuchVersion();
  response.setHeader('etag', `"${object.eTag}"`);
  response.setHeader('last-modified', object.lastModified.toUTCString());
  if (checkReadConditions(object, incoming.headers, '') === 'not-modified') {
    response.statusCode = 304;
    return undefined;
  }
  const { sizeBytes, path } = object.content;
  const range = readRange(incoming.headers.range, sizeBytes);
  response.setHeader('accept-ranges', 'bytes');
  for (const [name, value] of Object.entries(object.headers)) response.setHeader(name, value);
  for (const [name, value] of query) {
    if (name.startsWith('response-')) response.setHeader(name.slice('response-'.length), value);
  }
  if (range !== undefined) {
    response.statusCode = 206;
    response.setHeader('content-range', `bytes ${range.start}-${range.end}/${sizeBytes}`);
  } else if (String(incoming.headers['x-amz-checksum-mode']).toUpperCase() === 'ENABLED') {
    for (const [name, value] of Object.entries(object.checksum)) response.setHeader(name, value);
  }
  response.setHeader('content-length', range === undefined ? sizeBytes : range.end - range.start + 1);
  if (method === 'HEAD' || sizeBytes === 0) return undefined;
  // Opened before the answer begins: from now on, the object can be replaced.
  const file = await open(path);
  await pipeline(createReadStream(path, { fd: file, ...range }), response);
  return undefined;
};

/** @throws S3Error InvalidRange */
const readRange = (header: string | undefined, sizeBytes: number): { start: number; end: number } | undefined => {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  const start = first === '' ? Math.max(0, sizeBytes - Number(last)) : Number(first);
  const end = first === '' || last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1);
  if (start > end) throw new S3Error('InvalidRange', 'The requested range is not satisfiable', 416);
  return { start, end };
};

/** @throws S3Error PreconditionFailed */
export const checkWriteConditions = (existing: StoredObject | undefined, headers: IncomingHttpHeaders): void => {
  const ifMatch = headers['if-match'];
  const isExcluded = headers['if-none-match'] === '*' && existing !== undefined;
  if (isExcluded || (ifMatch !== undefined && !isMatch(ifMatch, existing))) throw preconditionFailed();
};

/** @throws S3Error PreconditionFailed */
const checkReadConditions = (
  object: StoredObject,
  headers: IncomingHttpHeaders,
  prefix: '' | 'x-amz-copy-source-',
): 'not-modified' | undefined => {
  const header = (name: string): string | undefined => headers[`${prefix}${name}`]?.toString();
  const [ifMatch, ifNoneMatch] = [header('if-match'), header('if-none-match')];
  const isUnmodifiedSince = (name: string): boolean => {
    const since = Date.parse(header(name) ?? '');
    return !Number.isNaN(since) && Math.floor(object.lastModified.getTime() / 1000) * 1000 <= since;
  };
  const isStale =
    ifMatch === undefined
      ? header('if-unmodified-since') !== undefined && !isUnmodifiedSince('if-unmodified-since')
      : !isMatch(ifMatch, object);
  if (isStale) throw preconditionFailed();
  const isKnown = ifNoneMatch === undefined ? isUnmodifiedSince('if-modified-since') : isMatch(ifNoneMatch, object);
  if (!isKnown) return undefined;
  if (prefix !== '') throw preconditionFailed();
  return 'not-modified';
};

const isMatch = (header: string, object: StoredObject | undefined): boolean =>
  object !== undefined &&
  header.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\/|"/g, '') === object.eTag);

const preconditionFailed = (): S3Error =>
  new S3Error('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', 412);

const STORED_HEADER =
  /^(content-(type|disposition|language)|cache-control|expires|x-amz-website-redirect-location|x-amz-meta-.+)$/;

/** The headers of an upload that S3 returns with the object. */
export const storedHeaders = (headers: IncomingHttpHeaders): Record<string, string> => {
  const stored: Record<string, string> = { 'content-type': 'binary/octet-stream' };
  for (const [name, value] of Object.entries(headers)) {
    if (STORED_HEADER.test(name) && value !== undefined) stored[name] = String(value);
  }
  // aws-chunked is the framing of the request's body, not a property of the object.
  const encodings = (headers['content-encoding'] ?? '').split(',').map((encoding) => encoding.trim());
  const encoding = encodings.filter((name) => name !== '' && name !== 'aws-chunked').join(',');
  return encoding === '' ? stored : { ...stored, 'content-encoding': encoding };
};
