import { paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';

/** An object as a listing of its bucket shows it. */
export interface ListedObject {
  readonly bucket: string;
  readonly key: string;
  /** Without quotes. */
  readonly eTag: string;
  readonly sizeBytes: number;
  /** Epoch milliseconds, whole seconds. */
  readonly modifiedAt: number;
}

export interface ListOptions {
  readonly prefix?: string | undefined;
  /** Keys that come after this one in the order of the listing. */
  readonly startAfter?: string | undefined;
  /** Epoch milliseconds. */
  readonly since?: number | undefined;
  /** Epoch milliseconds. */
  readonly until?: number | undefined;
}

export interface ObjectPage {
  readonly objects: readonly ListedObject[];
  /** The last key of the page, also if the times exclude it. */
  readonly lastKey: string;
  /** How many objects the page had. */
  readonly listed: number;
}

/**
 * Lists the objects of a bucket in pages of up to 1,000, in the order of the UTF-8 bytes of their keys, which is always the
 * same. Only one page is in memory.
 */
export async function* listObjects(
  s3: S3Client,
  bucket: string,
  { prefix, startAfter, since = 0, until = Number.POSITIVE_INFINITY }: ListOptions,
): AsyncGenerator<ObjectPage> {
  const pages = paginateListObjectsV2(
    { client: s3 },
    // Keys may contain characters that XML does not allow, so S3 encodes them.
    { Bucket: bucket, Prefix: prefix, StartAfter: startAfter, EncodingType: 'url' },
  );
  for await (const { Contents = [], EncodingType } of pages) {
    const all = Contents.map(({ Key = '', ETag = '', Size = 0, LastModified }) => ({
      bucket,
      key: EncodingType === 'url' ? decodeURIComponent(Key.replaceAll('+', ' ')) : Key,
      eTag: ETag.replace(/^"|"$/g, ''),
      sizeBytes: Size,
      modifiedAt: LastModified?.getTime() ?? 0,
    }));
    const last = all.at(-1);
    if (last === undefined) continue;
    const objects = all.filter(({ modifiedAt }) => modifiedAt >= since && modifiedAt < until);
    yield { objects, lastKey: last.key, listed: all.length };
  }
}
