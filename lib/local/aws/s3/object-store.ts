import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { noSuchBucket, noSuchKey, S3Error } from './s3-error.ts';

/** A file with an object's bytes, or those of a part. */
export interface StoredContent {
  readonly path: string;
  readonly sizeBytes: number;
  /** Hexadecimal. */
  readonly md5: string;
}

export type Tags = ReadonlyMap<string, string>;

/** An object. Only its bytes are on disk. */
export interface StoredObject {
  readonly key: string;
  readonly content: StoredContent;
  /** Without quotes. */
  readonly eTag: string;
  readonly lastModified: Date;
  /** The headers that S3 returns as they were given: the content type, `x-amz-meta-*` and so on. */
  readonly headers: Readonly<Record<string, string>>;
  /** The checksum header that the client sent, if any. */
  readonly checksum: Readonly<Record<string, string>>;
  readonly tags: Tags;
}

export interface MultipartUpload {
  readonly uploadId: string;
  readonly bucket: string;
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly tags: Tags;
  readonly initiated: Date;
  /** By part number. */
  readonly parts: Map<number, StoredContent & { readonly lastModified: Date }>;
}

export interface Bucket {
  readonly name: string;
  readonly createdAt: Date;
  readonly objects: ReadonlyMap<string, StoredObject>;
}

/** Buckets, objects and unfinished uploads. Replaced and deleted files are removed from the disk. */
export interface ObjectBuckets {
  /** A new path in the folder of the contents. The names of objects are not used: they may contain anything. */
  newPath(): string;
  all(): Bucket[];
  /** @throws S3Error NoSuchBucket */
  bucket(name: string): Bucket;
  /** @throws S3Error InvalidBucketName */
  create(name: string): void;
  /** @throws S3Error NoSuchBucket, BucketNotEmpty */
  remove(name: string): void;
  /** @throws S3Error NoSuchBucket, NoSuchKey */
  object(bucket: string, key: string): StoredObject;
  /** @throws S3Error NoSuchBucket */
  put(bucket: string, object: StoredObject): Promise<void>;
  /** Replaces the object's tags. @throws S3Error NoSuchBucket, NoSuchKey */
  tag(bucket: string, key: string, tags: Tags): void;
  /** @throws S3Error NoSuchBucket */
  delete(bucket: string, key: string): Promise<void>;
  readonly uploads: Map<string, MultipartUpload>;
}

export const createObjectBuckets = (folder: string): ObjectBuckets => {
  const buckets = new Map<string, { name: string; createdAt: Date; objects: Map<string, StoredObject> }>();
  const uploads = new Map<string, MultipartUpload>();
  const find = (name: string) => {
    const bucket = buckets.get(name);
    if (bucket === undefined) throw noSuchBucket(name);
    return bucket;
  };
  return {
    uploads,
    newPath: () => join(folder, randomUUID()),
    all: () => [...buckets.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    bucket: find,
    create(name) {
      if (!/^(?=.{3,63}$)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/.test(name)) {
        const rule = '3 to 63 lower-case letters, digits, hyphens and dots';
        throw new S3Error('InvalidBucketName', `The specified bucket is not valid: ${name}. A name has ${rule}.`);
      }
      if (!buckets.has(name)) buckets.set(name, { name, createdAt: new Date(), objects: new Map() });
    },
    remove(name) {
      const isUsed = [...uploads.values()].some(({ bucket }) => bucket === name);
      if (find(name).objects.size > 0 || isUsed) {
        throw new S3Error('BucketNotEmpty', 'The bucket you tried to delete is not empty.', 409);
      }
      buckets.delete(name);
    },
    object(bucket, key) {
      const object = find(bucket).objects.get(key);
      if (object === undefined) throw noSuchKey();
      return object;
    },
    async put(bucket, object) {
      const { objects } = find(bucket);
      const replaced = objects.get(object.key);
      objects.set(object.key, object);
      if (replaced !== undefined) await removeFile(replaced.content.path);
    },
    tag(bucket, key, tags) {
      const { objects } = find(bucket);
      const object = objects.get(key);
      if (object === undefined) throw noSuchKey();
      objects.set(key, { ...object, tags });
    },
    async delete(bucket, key) {
      const { objects } = find(bucket);
      const object = objects.get(key);
      if (object === undefined) return;
      objects.delete(key);
      await removeFile(object.content.path);
    },
  };
};

/** A download that has begun keeps the bytes until it ends. */
export const removeFile = (path: string): Promise<void> => rm(path, { force: true });
