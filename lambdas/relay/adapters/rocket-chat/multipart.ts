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
 * The name is sent as UTF-8 in `filename`, as browsers do; Rocket.Chat reads it so. RFC 7578 §4.2 forbids `filename*`,
 * and firewalls answer it with 400. In `name`, quotes and backslashes are replaced, and CR, LF and NUL are removed.
 */
export const multipartFrame = (field: string, name: string, contentType: string): MultipartFrame => {
  const boundary = `----relay${randomBytes(18).toString('hex')}`;
  const disposition = `form-data; name="${field}"; filename="${quotable(name)}"`;
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    head: Buffer.from(
      `--${boundary}\r\nContent-Disposition: ${disposition}\r\nContent-Type: ${contentType}\r\n\r\n`,
      'utf8',
    ),
    tail: Buffer.from(`\r\n--${boundary}--\r\n`, 'latin1'),
  };
};

// biome-ignore lint/suspicious/noControlCharactersInRegex: the expression looks for control characters.
const quotable = (name: string): string => name.replace(/["\\]/g, '_').replace(/[\r\n\u0000]/g, '');
