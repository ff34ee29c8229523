import type { CreatedObject } from './s3-event.ts';

export interface ObjectDetails {
  readonly contentType: string | undefined;
  /** User metadata by lower-case name, without `x-amz-meta-`. */
  readonly metadata: ReadonlyMap<string, string>;
}

/** An object with what S3 knows about it. What its event does not contain is read once, when it is first asked for. */
export interface ObjectFacts {
  readonly object: CreatedObject;
  /** @throws SourceError */
  details(): Promise<ObjectDetails>;
  /** @throws SourceError */
  tags(): Promise<ReadonlyMap<string, string>>;
}

export const objectFacts = (
  object: CreatedObject,
  read: {
    readonly details: () => Promise<ObjectDetails>;
    readonly tags: () => Promise<ReadonlyMap<string, string>>;
  },
): ObjectFacts => {
  let details: Promise<ObjectDetails> | undefined;
  let tags: Promise<ReadonlyMap<string, string>> | undefined;
  return {
    object,
    details() {
      details ??= read.details();
      return details;
    },
    tags() {
      tags ??= read.tags();
      return tags;
    },
  };
};
