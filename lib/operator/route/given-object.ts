import { type ObjectFacts, objectFacts } from '../../../lambdas/relay/domain/object-facts.ts';
import { UsageError } from '../command.ts';

/** An object as its user describes it. What is not given is unknown, except that it then has no metadata and no tags. */
export interface GivenObject {
  readonly bucket: string;
  readonly key: string;
  readonly sizeBytes: number | undefined;
  readonly contentType: string | undefined;
  readonly metadata: ReadonlyMap<string, string>;
  readonly tags: ReadonlyMap<string, string>;
}

/** The options as commander passes them. */
export interface ObjectOptions {
  readonly bucket?: string | undefined;
  readonly size?: string | undefined;
  readonly contentType?: string | undefined;
  readonly metadata?: readonly string[] | undefined;
  readonly tag?: readonly string[] | undefined;
}

/** @throws UsageError that lists every invalid value */
export const givenObject = (key: string, options: ObjectOptions): GivenObject => {
  const faults: string[] = [];
  if (key === '' || Buffer.byteLength(key) > 1024 || !key.isWellFormed()) {
    faults.push(`KEY has ${Buffer.byteLength(key)} bytes: S3's keys have 1 to 1024`);
  }
  const { size, contentType } = options;
  if (size !== undefined && (!/^\d{1,15}$/.test(size) || Number(size) > 50 * 1024 ** 4)) {
    faults.push(`--size is ${JSON.stringify(size)}: must be a whole number of bytes, such as 20480`);
  }
  if (contentType !== undefined && !/^[\w.+-]+\/[\w.+-]+(\s*;.*)?$/.test(contentType)) {
    faults.push(`--content-type is ${JSON.stringify(contentType)}: must be a type such as application/pdf`);
  }
  const metadata = pairs('--metadata', options.metadata ?? [], faults);
  const tags = pairs('--tag', options.tag ?? [], faults);
  if (faults.length > 0) throw new UsageError(`${faults.join('; ')}.`);
  return {
    bucket: options.bucket ?? 'uploads',
    key,
    sizeBytes: size === undefined ? undefined : Number(size),
    contentType,
    // S3 returns the names in lower case.
    metadata: new Map([...metadata].map(([name, value]) => [name.toLowerCase(), value])),
    tags,
  };
};

const pairs = (option: string, texts: readonly string[], faults: string[]): ReadonlyMap<string, string> => {
  const found = new Map<string, string>();
  for (const text of texts) {
    const at = text.indexOf('=');
    if (at <= 0) faults.push(`${option} is ${JSON.stringify(text)}: must be NAME=VALUE`);
    else if (found.has(text.slice(0, at))) faults.push(`${option} names ${JSON.stringify(text.slice(0, at))} twice`);
    else found.set(text.slice(0, at), text.slice(at + 1));
  }
  return found;
};

/** The facts that the function would read. */
export const factsOf = ({ bucket, key, sizeBytes, contentType, metadata, tags }: GivenObject): ObjectFacts =>
  objectFacts(
    {
      bucket,
      key,
      sizeBytes: sizeBytes ?? 1,
      versionId: undefined,
      eTag: undefined,
      sequencer: undefined,
      createdAt: Date.now(),
      uploader: undefined,
      eventBody: '',
    },
    { details: async () => ({ contentType, metadata }), tags: async () => tags },
  );
