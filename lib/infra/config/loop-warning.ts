import { Annotations, Token } from 'aws-cdk-lib';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';

interface KeyCondition {
  readonly prefix?: string | undefined;
  readonly suffix?: string | undefined;
}

/**
 * Warns of routes that take the keys under which Rocket.Chat keeps its own uploads in S3. Which bucket that is stands in
 * the server's settings, so nobody can know it here; only of a new bucket it is known that it is none of it.
 */
export const warnOfLoops = (
  scope: Construct,
  { buckets, routes }: { buckets: readonly IBucket[]; routes: readonly KeyCondition[] },
): void => {
  const risky = routes.flatMap((route, i) => (canHoldRocketChatUploads(route) ? [`routes[${i}]`] : []));
  if (risky.length === 0 || buckets.length === 0) return;
  const names = buckets.map(({ bucketName }) => (Token.isUnresolved(bucketName) ? 'of this app' : bucketName));
  Annotations.of(scope).addWarningV2(
    's3-to-rocketchat:loop',
    `${risky.join(', ')} of the relay would take Rocket.Chat's own uploads (${LAYOUT}), if the server keeps them in the ` +
      `bucket ${names.join(' or ')}: each posted file would be the next one to post. The function recognises such keys, ` +
      'ignores them and raises an alarm; better, name a prefix, or give the server a bucket of its own. ' +
      'Nothing to do if it has one (FileUpload_S3_Bucket, or uploads are not kept in S3).',
  );
};

const LAYOUT = '<uniqueID>/uploads/<roomId>/<userId>/<fileId>';

/**
 * Whether a key of Rocket.Chat's layout can fit (`getPath` in apps/meteor/app/file-upload/server/lib/FileUpload.ts of
 * RocketChat/Rocket.Chat). `uniqueID` is a UUID or, on servers set up before 6.x, 17 letters and digits.
 */
export const canHoldRocketChatUploads = ({ prefix = '', suffix = '' }: KeyCondition): boolean => {
  // A file's id has no extension.
  if (!/^[\w./-]*$/.test(suffix) || suffix.split('/').at(-1)?.includes('.')) return false;
  const segments = prefix.split('/');
  if (segments.length > 5) return false;
  const [uniqueId = '', uploads, ...ids] = segments;
  if (uploads === undefined) return canBeginUniqueId(uniqueId);
  if (ids.length > 0) return uploads === 'uploads' && ids.every((id) => /^[\w.-]*$/.test(id));
  // "invoices/" can only be a server's id if somebody has named it so, and then says so by the next segment.
  return uploads === '' ? isUniqueId(uniqueId) : 'uploads'.startsWith(uploads);
};

const isUniqueId = (text: string): boolean =>
  /^([0-9A-Za-z]{17}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.test(text);

/** Past three letters it is so unlikely that a random id begins with them that it only happens if it is meant. */
const canBeginUniqueId = (text: string): boolean => /^[0-9A-Za-z]{0,3}$/.test(text) || isUniqueId(text);
