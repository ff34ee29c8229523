import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { Links } from '../../ports.ts';

/**
 * Presigned URLs of objects. S3 sends the object as a download with a type that no browser runs, whatever type it was
 * uploaded with: an HTML page or an SVG image would otherwise run scripts on S3's domain.
 */
export const createS3Links = (client: S3Client): Links => ({
  presign: ({ bucket, key, versionId }, { signedAt, seconds }) =>
    getSignedUrl(
      client,
      new GetObjectCommand({
        Bucket: bucket,
        Key: key,
        // An object that was written while versioning was off or suspended has the id "null".
        ...(versionId === undefined || versionId === 'null' ? {} : { VersionId: versionId }),
        ResponseContentDisposition: 'attachment',
        ResponseContentType: 'application/octet-stream',
      }),
      { expiresIn: seconds, signingDate: new Date(signedAt) },
    ),
});
