import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { methodNotAllowed } from './bucket-operations.ts';
import { checkWriteConditions, copySource, type OnCreated, storedHeaders } from './object-operations.ts';
import {
  type MultipartUpload,
  type ObjectBuckets,
  removeFile,
  type StoredContent,
  type StoredObject,
} from './object-store.ts';
import { measureFile, receiveBody } from './receive-body.ts';
import { S3Error } from './s3-error.ts';
import { allowOnly, type ObjectRequest, readXml } from './s3-request.ts';
import { tagsOfHeader } from './tag-operations.ts';
import { xmlDocument, xmlElements, xmlTexts } from './xml.ts';

export const isMultipart = ({ query }: ObjectRequest): boolean => query.has('uploads') || query.has('uploadId');

/** Carries out a request about a multipart upload. @returns the answer's XML, if it has a body */
export const multipartOperation = async (
  buckets: ObjectBuckets,
  request: ObjectRequest,
  onCreated: OnCreated,
): Promise<string | undefined> => {
  const { method, query } = request;
  allowOnly(request, 'uploads', 'uploadId', 'partNumber', 'max-parts', 'part-number-marker', 'encoding-type');
  if (query.has('uploads')) {
    if (method !== 'POST') throw methodNotAllowed(method);
    return create(buckets, request);
  }
  const upload = find(buckets, request);
  switch (method) {
    case 'PUT':
      return putPart(buckets, upload, request);
    case 'POST':
      return complete(buckets, upload, request, onCreated);
    case 'DELETE':
      await discard(buckets, upload);
      request.response.statusCode = 204;
      return undefined;
    case 'GET':
      return listParts(upload);
    default:
      throw methodNotAllowed(method);
  }
};

const create = (buckets: ObjectBuckets, { bucket, key, incoming }: ObjectRequest): string => {
  incoming.resume();
  buckets.bucket(bucket);
  const uploadId = randomUUID();
  const headers = storedHeaders(incoming.headers);
  const tags = tagsOfHeader(incoming.headers['x-amz-tagging']);
  buckets.uploads.set(uploadId, { uploadId, bucket, key, headers, tags, initiated: new Date(), parts: new Map() });
  return xmlDocument('InitiateMultipartUploadResult', { Bucket: bucket, Key: key, UploadId: uploadId });
};

const find = (buckets: ObjectBuckets, { bucket, key, query, incoming, method }: ObjectRequest): MultipartUpload => {
  const upload = buckets.uploads.get(query.get('uploadId') ?? '');
  if (upload !== undefined && upload.bucket === bucket && upload.key === key) return upload;
  if (method === 'PUT') incoming.resume();
  throw new S3Error('NoSuchUpload', 'The specified multipart upload does not exist.', 404);
};

const putPart = async (
  buckets: ObjectBuckets,
  upload: MultipartUpload,
  { query, incoming, response }: ObjectRequest,
): Promise<string | undefined> => {
  const number = Number(query.get('partNumber'));
  if (!Number.isInteger(number) || number < 1 || number > 10_000) {
    incoming.resume();
    throw new S3Error('InvalidArgument', 'Part number must be an integer between 1 and 10000, inclusive');
  }
  const keep = async (part: StoredContent): Promise<void> => {
    const replaced = upload.parts.get(number);
    upload.parts.set(number, { ...part, lastModified: new Date() });
    if (replaced !== undefined) await removeFile(replaced.path);
  };
  if (incoming.headers['x-amz-copy-source'] === undefined) {
    const { checksum, ...part } = await receiveBody(incoming, buckets.newPath());
    await keep(part);
    response.setHeader('etag', `"${part.md5}"`);
    for (const [name, value] of Object.entries(checksum)) response.setHeader(name, value);
    return undefined;
  }
  incoming.resume();
  const from = copySource(incoming.headers);
  const { content } = buckets.object(from.bucket, from.key);
  const [, start = '0', end] = /^bytes=(\d+)-(\d+)$/.exec(String(incoming.headers['x-amz-copy-source-range'])) ?? [];
  const path = buckets.newPath();
  const range = { start: Number(start), ...(end === undefined ? {} : { end: Number(end) }) };
  await pipeline(createReadStream(content.path, range), createWriteStream(path));
  const part = await measureFile(path);
  await keep(part);
  return xmlDocument('CopyPartResult', { ETag: `"${part.md5}"`, LastModified: new Date() });
};

const complete = async (
  buckets: ObjectBuckets,
  upload: MultipartUpload,
  request: ObjectRequest,
  onCreated: OnCreated,
): Promise<string> => {
  const { bucket, key } = upload;
  const wanted = xmlElements(await readXml(request), 'Part').map((part) => ({
    number: Number(xmlTexts(part, 'PartNumber')[0]),
    eTag: xmlTexts(part, 'ETag')[0]?.replaceAll('"', ''),
  }));
  if (wanted.length === 0) throw new S3Error('MalformedXML', 'The XML you provided names no part.');
  const parts = wanted.map(({ number, eTag }, index) => {
    if (number <= (wanted[index - 1]?.number ?? 0)) {
      throw new S3Error('InvalidPartOrder', 'The list of parts was not in ascending order.');
    }
    const part = upload.parts.get(number);
    if (part === undefined || part.md5 !== eTag) {
      throw new S3Error('InvalidPart', `Part ${number} could not be found, or its entity tag does not match.`);
    }
    return part;
  });
  if (parts.some(({ sizeBytes }, index) => sizeBytes < MIN_PART_BYTES && index < parts.length - 1)) {
    throw new S3Error('EntityTooSmall', 'A part other than the last is smaller than 5 MiB.');
  }
  checkWriteConditions(buckets.bucket(bucket).objects.get(key), request.incoming.headers);

  const path = buckets.newPath();
  for (const part of parts) await pipeline(createReadStream(part.path), createWriteStream(path, { flags: 'a' }));
  const md5 = createHash('md5')
    .update(Buffer.concat(parts.map((part) => Buffer.from(part.md5, 'hex'))))
    .digest('hex');
  const object: StoredObject = {
    key,
    content: { path, sizeBytes: parts.reduce((total, { sizeBytes }) => total + sizeBytes, 0), md5 },
    eTag: `${md5}-${parts.length}`,
    lastModified: new Date(),
    headers: upload.headers,
    tags: upload.tags,
    checksum: {},
  };
  await discard(buckets, upload);
  await buckets.put(bucket, object);
  onCreated(bucket, object, 'ObjectCreated:CompleteMultipartUpload');
  return xmlDocument('CompleteMultipartUploadResult', { Bucket: bucket, Key: key, ETag: `"${object.eTag}"` });
};

const MIN_PART_BYTES = 5 * 1024 ** 2;

const discard = async (buckets: ObjectBuckets, { uploadId, parts }: MultipartUpload): Promise<void> => {
  buckets.uploads.delete(uploadId);
  for (const { path } of parts.values()) await removeFile(path);
};

const listParts = ({ bucket, key, uploadId, parts }: MultipartUpload): string =>
  xmlDocument('ListPartsResult', {
    Bucket: bucket,
    Key: key,
    UploadId: uploadId,
    IsTruncated: false,
    Part: [...parts]
      .sort(([a], [b]) => a - b)
      .map(([number, { md5, sizeBytes, lastModified }]) => ({
        PartNumber: number,
        LastModified: lastModified,
        ETag: `"${md5}"`,
        Size: sizeBytes,
      })),
  });
