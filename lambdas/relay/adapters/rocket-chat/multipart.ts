import { randomBytes } from 'node:crypto';

export interface MultipartFrame {
  readonly contentType: string;
  readonly head: Buffer;
  readonly tail: Buffer;
}

/**
 * The bytes before and after the content of one file in a `multipart/form-data` body (RFC 7578). Without chunked
 * encoding the length of the body must be known before it is sent.
 *
 * @param name must be free of control characters; see `domain/object-name.ts`.
 */
export const multipartFrame = (field: string, name: string, contentType: string): MultipartFrame => {
  const boundary = `----relay${randomBytes(18).toString('hex')}`;
  // Rocket.Chat prefers `filename*`, which is UTF-8. `filename` is for proxies that inspect uploads.
  const disposition = `form-data; name="${field}"; filename="${asciiName(name)}"; filename*=UTF-8''${extValue(name)}`;
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    head: Buffer.from(
      `--${boundary}\r\nContent-Disposition: ${disposition}\r\nContent-Type: ${contentType}\r\n\r\n`,
      'latin1',
    ),
    tail: Buffer.from(`\r\n--${boundary}--\r\n`, 'latin1'),
  };
};

const asciiName = (name: string): string => name.replace(/[^\x20-\x7e]|["\\%]/gu, '_');

/** RFC 8187: everything but its `attr-char` is percent-encoded. */
const extValue = (name: string): string =>
  encodeURIComponent(name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
