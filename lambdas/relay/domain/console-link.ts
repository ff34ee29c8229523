import type { CreatedObject } from './s3-event.ts';

/**
 * The page of an object in the S3 console; `undefined` for regions whose console is not public. Opening it needs a user
 * of the AWS account. Everything but letters, digits, `.` and `-` of the key is percent-encoded, so the link has no
 * character with a meaning in a message.
 */
export const consoleLink = (
  { bucket, key, versionId }: Pick<CreatedObject, 'bucket' | 'key' | 'versionId'>,
  region: string | undefined,
): string | undefined => {
  const host = region === undefined ? undefined : consoleHost(region);
  if (region === undefined || host === undefined) return undefined;
  const version = versionId === undefined || versionId === 'null' ? '' : `&versionId=${encode(versionId)}`;
  return `https://${host}/s3/object/${encode(bucket)}?region=${region}&prefix=${encode(key)}${version}`;
};

// https://docs.aws.amazon.com/awsconsolehelpdocs/latest/gsg/console-endpoints.html
const consoleHost = (region: string): string | undefined => {
  if (!/^[a-z]{2,4}(-[a-z]+)+-\d+$/.test(region)) return undefined;
  if (region.startsWith('cn-')) return `${region}.console.amazonaws.cn`;
  if (region.startsWith('us-gov-')) return `${region}.console.amazonaws-us-gov.com`;
  if (region.startsWith('eusc-')) return `${region}.console.amazonaws-eusc.eu`;
  if (region.includes('-iso')) return undefined;
  return `${region}.console.aws.amazon.com`;
};

const encode = (text: string): string =>
  encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*_~]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
