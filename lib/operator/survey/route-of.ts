import { HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { suspectLoop } from '../../../lambdas/relay/domain/loop-guard.ts';
import { isDirectoryMarker, matchRoute } from '../../../lambdas/relay/domain/route.ts';
import type { Route } from '../../../lambdas/relay/domain/settings.ts';

/** Where the relay would send an object, or why it would ignore it. */
export type Routed =
  | { readonly kind: 'routed' /** As configured. */; readonly rooms: readonly string[] }
  | { readonly kind: 'ignored'; readonly why: string };

/**
 * Applies the routes to an object of a bucket, as lambdas/relay/delivery/deliver.ts does. S3 is asked about the object only
 * if a route depends on its content type.
 */
export const routeOf = async (
  routes: readonly Route[],
  object: { readonly bucket: string; readonly key: string; readonly sizeBytes: number },
  s3: S3Client,
): Promise<Routed> => {
  if (isDirectoryMarker(object)) return { kind: 'ignored', why: 'it is a directory marker' };
  if (suspectLoop(object.key)?.isExact) return { kind: 'ignored', why: 'Rocket.Chat itself stored it' };
  const route = await matchRoute(routes, object, async () => {
    const head = await s3.send(new HeadObjectCommand({ Bucket: object.bucket, Key: object.key }));
    return head.ContentType;
  });
  if (route === undefined) return { kind: 'ignored', why: 'no route fits' };
  return { kind: 'routed', rooms: [route.room] };
};
