import type { ObjectBuckets, StoredObject } from './object-store.ts';
import { S3Error } from './s3-error.ts';
import { allowOnly, readXml, type S3Request } from './s3-request.ts';
import { xmlDocument, xmlElements, xmlTexts } from './xml.ts';

/** Carries out a request about one bucket or all buckets. @returns the answer's XML, if it has a body */
export const bucketOperation = async (
  buckets: ObjectBuckets,
  region: string,
  request: S3Request,
): Promise<string | undefined> => {
  const { method, bucket, query } = request;
  if (bucket === undefined) {
    if (method !== 'GET') throw methodNotAllowed(method);
    return listBuckets(buckets);
  }
  switch (method) {
    case 'PUT':
      allowOnly(request);
      request.incoming.resume();
      buckets.create(bucket);
      request.response.setHeader('location', `/${bucket}`);
      return undefined;
    case 'HEAD':
      buckets.bucket(bucket);
      request.response.setHeader('x-amz-bucket-region', region);
      return undefined;
    case 'DELETE':
      allowOnly(request);
      buckets.remove(bucket);
      request.response.statusCode = 204;
      return undefined;
    case 'POST':
      if (request.incoming.headers['content-type']?.startsWith('multipart/form-data')) {
        // Its key is in the form.
        throw new S3Error('NotImplemented', 'The embedded S3 does not support uploads by browser form: use PUT.', 501);
      }
      allowOnly(request, 'delete');
      return deleteObjects(buckets, bucket, request);
    case 'GET':
      if (query.has('location')) return bucketLocation(buckets, bucket, region);
      if (query.has('uploads')) return listUploads(buckets, bucket);
      allowOnly(request, ...LIST_PARAMETERS);
      return listObjects(buckets, bucket, query);
    default:
      throw methodNotAllowed(method);
  }
};

export const methodNotAllowed = (method: string): S3Error =>
  new S3Error('MethodNotAllowed', `The embedded S3 does not support ${method} here.`, 405);

const listBuckets = (buckets: ObjectBuckets): string =>
  xmlDocument('ListAllMyBucketsResult', {
    Owner: OWNER,
    Buckets: { Bucket: buckets.all().map(({ name, createdAt }) => ({ Name: name, CreationDate: createdAt })) },
  });

const OWNER = { ID: 'local', DisplayName: 'local' };

const bucketLocation = (buckets: ObjectBuckets, name: string, region: string): string => {
  buckets.bucket(name);
  // S3 gives none for us-east-1.
  return xmlDocument('LocationConstraint', region === 'us-east-1' ? '' : region);
};

const listUploads = (buckets: ObjectBuckets, name: string): string => {
  buckets.bucket(name);
  const uploads = [...buckets.uploads.values()].filter(({ bucket }) => bucket === name);
  return xmlDocument('ListMultipartUploadsResult', {
    Bucket: name,
    IsTruncated: false,
    Upload: uploads.map(({ key, uploadId, initiated }) => ({ Key: key, UploadId: uploadId, Initiated: initiated })),
  });
};

const deleteObjects = async (buckets: ObjectBuckets, bucket: string, request: S3Request): Promise<string> => {
  buckets.bucket(bucket);
  const xml = await readXml(request);
  const keys = xmlElements(xml, 'Object').flatMap((object) => xmlTexts(object, 'Key'));
  if (keys.length === 0) throw new S3Error('MalformedXML', 'The XML you provided names no key.');
  for (const key of keys) await buckets.delete(bucket, key);
  const isQuiet = xmlTexts(xml, 'Quiet')[0] === 'true';
  return xmlDocument('DeleteResult', { Deleted: isQuiet ? undefined : keys.map((key) => ({ Key: key })) });
};

const LIST_PARAMETERS = [
  'list-type',
  'prefix',
  'delimiter',
  'max-keys',
  'marker',
  'start-after',
  'continuation-token',
  'encoding-type',
  'fetch-owner',
] as const;

/** ListObjectsV2 with `list-type=2`, otherwise ListObjects. */
const listObjects = (buckets: ObjectBuckets, name: string, query: URLSearchParams): string => {
  const isV2 = query.get('list-type') === '2';
  const prefix = query.get('prefix') ?? '';
  const delimiter = query.get('delimiter') ?? '';
  const token = query.get('continuation-token');
  const startAfter = query.get('start-after');
  const marker = query.get('marker') ?? '';
  const after = isV2 ? (token === null ? (startAfter ?? '') : Buffer.from(token, 'base64url').toString()) : marker;
  const page = pageOf([...buckets.bucket(name).objects.values()], { prefix, delimiter, after, limit: limitOf(query) });

  // XML cannot contain some control characters, so clients such as the AWS CLI ask for encoded keys.
  const isEncoded = query.get('encoding-type') === 'url';
  const encode = (text: string) => (isEncoded ? encodeURIComponent(text).replaceAll('%2F', '/') : text);
  return xmlDocument('ListBucketResult', {
    Name: name,
    Prefix: encode(prefix),
    Delimiter: delimiter === '' ? undefined : encode(delimiter),
    MaxKeys: limitOf(query),
    EncodingType: isEncoded ? 'url' : undefined,
    IsTruncated: page.last !== undefined,
    ...(isV2
      ? {
          KeyCount: page.objects.length + page.prefixes.length,
          StartAfter: startAfter === null ? undefined : encode(startAfter),
          ContinuationToken: token ?? undefined,
          NextContinuationToken: page.last && Buffer.from(page.last).toString('base64url'),
        }
      : {
          Marker: encode(marker),
          NextMarker: page.last && encode(page.last),
        }),
    Contents: page.objects.map(({ key, lastModified, eTag, content }) => ({
      Key: encode(key),
      LastModified: lastModified,
      ETag: `"${eTag}"`,
      Size: content.sizeBytes,
      StorageClass: 'STANDARD',
      Owner: !isV2 || query.get('fetch-owner') === 'true' ? OWNER : undefined,
    })),
    CommonPrefixes: page.prefixes.map((common) => ({ Prefix: encode(common) })),
  });
};

const limitOf = (query: URLSearchParams): number => {
  const limit = Number(query.get('max-keys') ?? 1000);
  if (!Number.isInteger(limit) || limit < 0) {
    throw new S3Error('InvalidArgument', 'Argument max-keys must be an integer between 0 and 2147483647.');
  }
  return Math.min(limit, 1000);
};

interface Page {
  readonly objects: StoredObject[];
  readonly prefixes: string[];
  /** The last key or prefix of the page if there are more. */
  readonly last: string | undefined;
}

const pageOf = (
  objects: readonly StoredObject[],
  { prefix, delimiter, after, limit }: { prefix: string; delimiter: string; after: string; limit: number },
): Page => {
  const page: { objects: StoredObject[]; prefixes: string[] } = { objects: [], prefixes: [] };
  let last = '';
  // S3 orders keys by their UTF-8 bytes.
  const ordered = objects
    .filter(({ key }) => key.startsWith(prefix))
    .map((object) => ({ object, bytes: Buffer.from(object.key) }))
    .sort((a, b) => a.bytes.compare(b.bytes));
  for (const { object, bytes } of ordered) {
    const { key } = object;
    const end = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const common = end === -1 ? undefined : key.slice(0, end + delimiter.length);
    if (
      after !== '' &&
      (bytes.compare(Buffer.from(after)) <= 0 || (common !== undefined && after.startsWith(common)))
    ) {
      continue;
    }
    if (common !== undefined && page.prefixes.at(-1) === common) continue;
    if (page.objects.length + page.prefixes.length === limit) return { ...page, last: limit === 0 ? undefined : last };
    if (common === undefined) page.objects.push(object);
    else page.prefixes.push(common);
    last = common ?? key;
  }
  return { ...page, last: undefined };
};
