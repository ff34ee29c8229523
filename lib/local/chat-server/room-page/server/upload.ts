import type { IncomingMessage } from 'node:http';
import { PassThrough } from 'node:stream';
import mime from 'mime';
import type { RelayFeed } from '../../../relay-feed/relay-feed.ts';

/** An answer in plain text, which the page shows. */
export interface UploadAnswer {
  readonly status: 201 | 400 | 411 | 502;
  readonly text: string;
}

const MAX_KEY_BYTES = 1_024;

/** Sends a request's body to the embedded S3 under the key, without holding it in memory. */
export const upload = async (feed: RelayFeed, key: string, incoming: IncomingMessage): Promise<UploadAnswer> => {
  const fault = keyFault(key);
  if (fault !== undefined)
    return { status: 400, text: `${JSON.stringify(key.slice(0, 100))} was not uploaded: ${fault}` };
  const length = incoming.headers['content-length'];
  if (length === undefined || !/^\d+$/.test(length)) {
    return { status: 411, text: `${key} was not uploaded: S3 needs the header Content-Length.` };
  }
  // Not the request itself: if S3 refuses the upload, the request must live on to be answered.
  const body = incoming.pipe(new PassThrough());
  incoming.once('close', () => {
    if (!incoming.complete) body.destroy(new Error('the connection ended before the file did'));
  });
  try {
    const contentType = mime.getType(key) ?? mediaType(incoming.headers['content-type']);
    await feed.upload(key, body, { sizeBytes: Number(length), contentType });
    return { status: 201, text: `${key} is uploaded.` };
  } catch (error) {
    incoming.resume();
    const why = error instanceof Error ? error.message : String(error);
    return { status: 502, text: `${key} was not uploaded: ${why}. Drop it again.` };
  }
};

const keyFault = (key: string): string | undefined => {
  if (key === '' || !key.isWellFormed() || Buffer.byteLength(key) > MAX_KEY_BYTES) {
    return 'a key of S3 has 1 to 1,024 bytes of UTF-8. Rename the file.';
  }
  // URL parsers resolve such segments, so that the request would name another object.
  if (key.split('/').some((segment) => segment === '.' || segment === '..')) {
    return 'a key cannot have the segment "." or "..". Rename the folder.';
  }
  return undefined;
};

const mediaType = (header: string | undefined): string | undefined => {
  const type = header?.split(';')[0]?.trim().toLowerCase() ?? '';
  return /^[\w.+-]+\/[\w.+-]+$/.test(type) ? type : undefined;
};
