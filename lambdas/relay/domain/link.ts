import { humanSize } from './caption.ts';
import type { DeliveryId, LinkReason } from './delivery.ts';
import { FileRefusedError } from './errors.ts';
import type { Failure } from './failure.ts';
import type { ServerLimits } from './server-limits.ts';

const LINKABLE: ReadonlySet<string> = new Set<LinkReason>(['FILE_TOO_LARGE', 'MEDIA_TYPE_REFUSED', 'EMPTY_FILE']);

/** Why a link may be posted in place of the file; `undefined` if the failure is not about what the file is. */
export const linkReasonOf = ({ kind, reason }: Failure): LinkReason | undefined =>
  kind === 'refused' && LINKABLE.has(reason) ? (reason as LinkReason) : undefined;

/**
 * Whether a URL can name the key. Browsers remove the path segments `.` and `..`, also if their dots are
 * percent-encoded (https://url.spec.whatwg.org/#double-dot-path-segment), so their link would open another object.
 */
export const isLinkable = (key: string): boolean => !key.split('/').some((part) => part === '.' || part === '..');

/** The URL of a key below a base URL. Everything but the key's slashes is percent-encoded. */
export const linkBelow = (baseUrl: string, key: string): string =>
  `${baseUrl.replace(/\/$/, '')}/${key.split('/').map(encode).join('/')}`.replace(/[()]/g, escapeSign);

// A parenthesis would end the link's target in Markdown.
const encode = (text: string): string => encodeURIComponent(text).replace(/[!'*~]/g, escapeSign);
const escapeSign = (sign: string): string => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`;

/** Identifies the message of a link, so that it is posted once. */
export const linkKey = ({ bucket, key, sequencer, eTag, roomId }: DeliveryId): string =>
  JSON.stringify(['link', bucket, key, sequencer ?? `etag-${eTag ?? 'none'}`, roomId]);

export interface LinkMessage {
  /** Returns the caption, with at most so many characters if it can be shortened. */
  readonly caption: (maxLength: number) => string;
  readonly url: string;
  readonly reason: LinkReason;
  readonly sizeBytes: number;
  /** When a presigned URL ends at the latest, epoch milliseconds. @default it does not end */
  readonly endsAt?: number | undefined;
}

/** Rocket.Chat's default for `Message_MaxAllowedSize`. */
const MAX_LENGTH = 5000;

/**
 * The message with a link in place of a file. It has no caption if there is no room for one.
 * @throws FileRefusedError if the link alone is too long
 */
export const linkText = (message: LinkMessage, limits: ServerLimits): string => {
  const { caption, url, endsAt } = message;
  const { maxMessageLength = MAX_LENGTH } = limits;
  const link =
    `The file is not attached: it is ${why(message, limits)}.\n[Download the file](${url})` +
    (endsAt === undefined
      ? ''
      : `\nThe link works until ${minuteOf(endsAt)} UTC at the latest. It ends earlier if the credentials of the ` +
        "relay's role, which signed it, expire before.");
  const roomForCaption = maxMessageLength - link.length - 1;
  const above = roomForCaption > 0 ? caption(roomForCaption) : '';
  if (above !== '' && above.length <= roomForCaption) return `${above}\n${link}`;
  if (link.length <= maxMessageLength) return link;
  const what = `a link has ${link.length} characters; the server's limit is ${maxMessageLength} (Message_MaxAllowedSize)`;
  throw new FileRefusedError(what, { code: 'CAPTION_TOO_LONG' });
};

const why = ({ reason, sizeBytes }: LinkMessage, { maxFileSizeBytes }: ServerLimits): string => {
  switch (reason) {
    case 'FILE_TOO_LARGE': {
      const isKnown = maxFileSizeBytes !== undefined && sizeBytes >= maxFileSizeBytes;
      const limit = isKnown ? `, limit ${humanSize(maxFileSizeBytes)}` : '';
      return `too large for this server: ${humanSize(sizeBytes)}${limit}`;
    }
    case 'MEDIA_TYPE_REFUSED':
      return 'of a type that this server does not accept';
    case 'EMPTY_FILE':
      return 'empty, and this server takes no empty files';
    default:
      return reason satisfies never;
  }
};

const minuteOf = (time: number): string => new Date(time).toISOString().slice(0, 16).replace('T', ' ');
