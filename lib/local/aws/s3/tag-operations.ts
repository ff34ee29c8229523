import { methodNotAllowed } from './bucket-operations.ts';
import type { ObjectBuckets, Tags } from './object-store.ts';
import { S3Error } from './s3-error.ts';
import { allowOnly, type ObjectRequest, readXml } from './s3-request.ts';
import { xmlDocument, xmlElements, xmlTexts } from './xml.ts';

/** Carries out a request for `?tagging` of an object. @returns the answer's XML, if it has a body */
export const tagOperation = async (buckets: ObjectBuckets, request: ObjectRequest): Promise<string | undefined> => {
  const { method, bucket, key, response } = request;
  allowOnly(request, 'tagging', 'versionId');
  const { tags } = buckets.object(bucket, key);
  switch (method) {
    case 'GET': {
      const list = [...tags].map(([Key, Value]) => ({ Key, Value }));
      return xmlDocument('Tagging', { TagSet: { Tag: list } });
    }
    case 'PUT':
      buckets.tag(bucket, key, checked(tagsIn(await readXml(request))));
      return undefined;
    case 'DELETE':
      buckets.tag(bucket, key, new Map());
      response.statusCode = 204;
      return undefined;
    default:
      throw methodNotAllowed(method);
  }
};

/** The tags in the header `x-amz-tagging` of an upload. @throws S3Error InvalidTag */
export const tagsOfHeader = (header: string | string[] | undefined): Tags =>
  checked([...new URLSearchParams(String(header ?? ''))]);

const tagsIn = (xml: string): (readonly [string, string])[] =>
  xmlElements(xml, 'Tag').map((tag) => [xmlTexts(tag, 'Key')[0] ?? '', xmlTexts(tag, 'Value')[0] ?? '']);

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html */
const checked = (tags: readonly (readonly [string, string])[]): Tags => {
  const found = new Map(tags);
  if (found.size !== tags.length || found.size > 10) {
    throw new S3Error('InvalidTag', 'An object has at most 10 tags, each with another key.');
  }
  for (const [name, value] of found) {
    if (name === '' || name.length > 128 || value.length > 256) {
      throw new S3Error('InvalidTag', 'The key of a tag has 1 to 128 characters, its value at most 256.');
    }
  }
  return found;
};
