import type { S3Client } from '@aws-sdk/client-s3';
import { createS3Objects } from '../../../lambdas/relay/adapters/s3/objects.ts';
import { SourceError } from '../../../lambdas/relay/domain/errors.ts';
import { suspectLoop } from '../../../lambdas/relay/domain/loop-guard.ts';
import { objectFacts } from '../../../lambdas/relay/domain/object-facts.ts';
import { isDirectoryMarker, type Match, matchRoute } from '../../../lambdas/relay/domain/route.ts';
import type { Route } from '../../../lambdas/relay/domain/settings.ts';

/** Where the relay would send an object, or why it would ignore it. */
export type Routed =
  | { readonly kind: 'routed' /** As configured. */; readonly rooms: readonly string[] }
  | { readonly kind: 'ignored'; readonly why: string };

/**
 * Applies the routes to an object of a bucket, as lambdas/relay/delivery/deliver.ts does. S3 is asked about the object only
 * if a route depends on its content type, metadata or tags.
 */
export const routeOf = async (
  routes: readonly Route[],
  object: { readonly bucket: string; readonly key: string; readonly sizeBytes: number },
  s3: S3Client,
): Promise<Routed> => {
  if (isDirectoryMarker(object)) return { kind: 'ignored', why: 'it is a directory marker' };
  if (suspectLoop(object.key)?.isExact) return { kind: 'ignored', why: 'Rocket.Chat itself stored it' };
  const store = createS3Objects(s3);
  const created = { ...UNKNOWN, ...object };
  const options = { signal: AbortSignal.timeout(S3_TIMEOUT_MS) };
  const facts = objectFacts(created, {
    details: () => store.describe(created, options),
    tags: () => store.tags(created, options),
  });
  let match: Match | undefined;
  try {
    match = await matchRoute(routes, facts);
  } catch (error) {
    // Since it was listed. Others of the same listing are still to be looked at.
    if (error instanceof SourceError && error.code === 'OBJECT_GONE') return { kind: 'ignored', why: 'it was deleted' };
    throw error;
  }
  if (match === undefined) return { kind: 'ignored', why: 'no route fits' };
  if (match.rooms.length === 0) return { kind: 'ignored', why: `routes[${match.place}] ignores it` };
  return { kind: 'routed', rooms: match.rooms };
};

const S3_TIMEOUT_MS = 30_000;

/** What a listing of a bucket does not contain. */
const UNKNOWN = {
  versionId: undefined,
  eTag: undefined,
  sequencer: undefined,
  uploader: undefined,
  createdAt: 0,
  eventBody: '',
} as const;
