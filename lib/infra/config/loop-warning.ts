import { Annotations, Token } from 'aws-cdk-lib';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { type KeyConditions, keyPatterns } from '../../../lambdas/relay/domain/key-pattern.ts';

interface KeyCondition {
  readonly prefix?: string | undefined;
  readonly suffix?: string | undefined;
}
type KeyRoute = KeyConditions & { readonly ignore?: true | undefined };

/**
 * Warns about routes that match the keys under which Rocket.Chat stores its own uploads in S3. The server's settings,
 * which are not known here, name the bucket it uses, so every existing bucket is warned about. A new bucket cannot be it.
 */
export const warnOfLoops = (
  scope: Construct,
  { buckets, routes }: { buckets: readonly IBucket[]; routes: readonly KeyRoute[] },
): void => {
  const risky = routes.flatMap((route, i) =>
    route.ignore === undefined && keyPatterns(route).some(canHoldRocketChatUploads) ? [`routes[${i}]`] : [],
  );
  if (risky.length === 0 || buckets.length === 0) return;
  const names = buckets.map(({ bucketName }) => (Token.isUnresolved(bucketName) ? 'of this app' : bucketName));
  Annotations.of(scope).addWarningV2(
    's3-to-rocketchat:loop',
    `${risky.join(', ')} of the relay would match Rocket.Chat's own uploads (${LAYOUT}) if the server stores them in the ` +
      `bucket ${names.join(' or ')}: each posted file would create another object to post. The function recognises such ` +
      'keys, ignores them and raises an alarm. Set a prefix in the routes, or let the server use another bucket. ' +
      'Ignore this warning if the server uses another bucket (FileUpload_S3_Bucket) or does not store uploads in S3.',
  );
};

const LAYOUT = '<uniqueID>/uploads/<roomId>/<userId>/<fileId>';

/**
 * Whether a key in Rocket.Chat's layout can match (`getPath` in apps/meteor/app/file-upload/server/lib/FileUpload.ts of
 * RocketChat/Rocket.Chat). `uniqueID` is a UUID or, on servers set up before 6.x, 17 letters and digits.
 */
export const canHoldRocketChatUploads = ({ prefix = '', suffix = '' }: KeyCondition): boolean => {
  // The key ends with the file's id, which has no extension.
  if (!/^[\w./-]*$/.test(suffix) || suffix.split('/').at(-1)?.includes('.')) return false;
  const segments = prefix.split('/');
  if (segments.length > 5) return false;
  const [uniqueId = '', uploads, ...ids] = segments;
  if (uploads === undefined) return canBeginUniqueId(uniqueId);
  if (ids.length > 0) return uploads === 'uploads' && ids.every((id) => /^[\w.-]*$/.test(id));
  // A segment such as "invoices" counts as a server's id only if "uploads" follows it.
  return uploads === '' ? isUniqueId(uniqueId) : 'uploads'.startsWith(uploads);
};

const isUniqueId = (text: string): boolean =>
  /^([0-9A-Za-z]{17}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.test(text);

/** A random id is very unlikely to begin with a given text of more than three letters. */
const canBeginUniqueId = (text: string): boolean => /^[0-9A-Za-z]{0,3}$/.test(text) || isUniqueId(text);
