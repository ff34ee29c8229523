import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
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
  const { size } = await stat(path);
  const url = new URL(
    `${target.endpoint}/${[target.bucket, ...target.key.split('/')].map(encodeURIComponent).join('/')}`,
  );
  const request = httpRequest(url, {
    method: 'PUT',
    headers: { 'content-length': size, 'content-type': mime.getType(target.key) ?? 'application/octet-stream' },
  });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    request.once('response', resolve);
    request.once('error', reject);
  });
  // Reads no more than the announced size if the file grows meanwhile.
  const body = createReadStream(path, size > 0 ? { end: size - 1 } : {});
  const [response] = await Promise.all([answered, pipeline(body, request)]);
  response.resume();
  if (response.statusCode !== 200) throw new Error(`S3 answered ${response.statusCode} to the upload of ${target.key}`);
};
