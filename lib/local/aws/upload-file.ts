import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import mime from 'mime';

/**
 * Uploads a file to the embedded S3, with the content type of its name's extension.
 * @throws Error if the file cannot be read or S3 refuses it
 */
export const uploadFile = async (
  target: { endpoint: string; bucket: string; key: string },
  path: string,
): Promise<void> => {
  const { size: sizeBytes } = await stat(path);
  // Reads no more than the announced size if the file grows meanwhile.
  const body = createReadStream(path, sizeBytes > 0 ? { end: sizeBytes - 1 } : {});
  await putObject(target, body, { sizeBytes, contentType: mime.getType(target.key) ?? undefined });
};

/**
 * Sends an object to the embedded S3.
 * @param properties.contentType default: application/octet-stream
 * @throws Error if the body ends early or S3 refuses the object
 */
export const putObject = async (
  target: { endpoint: string; bucket: string; key: string },
  body: Readable,
  { sizeBytes, contentType }: { sizeBytes: number; contentType: string | undefined },
): Promise<void> => {
  const url = new URL(
    `${target.endpoint}/${[target.bucket, ...target.key.split('/')].map(encodeURIComponent).join('/')}`,
  );
  const request = httpRequest(url, {
    method: 'PUT',
    headers: { 'content-length': sizeBytes, 'content-type': contentType ?? 'application/octet-stream' },
  });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve);
    request.once('error', reject);
  });
  const [response] = await Promise.all([answered, pipeline(body, request)]);
  response.resume();
  if (response.statusCode !== 200) throw new Error(`S3 answered ${response.statusCode} to the upload of ${target.key}`);
};
