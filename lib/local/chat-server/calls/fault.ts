/**
 * A fault of one call. `commit: true` means that the server carries the call out before the fault (default: false).
 *
 * - `reset-before`: the connection is reset before the body is read.
 * - `reset-in-body`: the connection is reset after `afterBytes` of the body.
 * - `reset-after`: the call is carried out, then the connection is reset without an answer.
 * - `reset-in-answer`: the call is carried out, then the connection is reset in the middle of the answer.
 * - `hang`: no answer until the client or the server closes the connection. `unread`: the body is not read either.
 * - `commit-late`: no answer; the call is carried out `delayMs` after the connection has closed. The server resets the
 *   connection at once, or with `hold` waits until the client closes it.
 * - `delay`: the call is processed normally after `delayMs`.
 * - `answer`: a proxy's answer, HTML by default, without a body if the status is 204, 205 or 304. Without `commit` the body
 *   is not read. `closes` closes the connection
 *   after the answer, as nginx does with a 413; a client that is still sending may see a reset instead of the answer.
 * - `failure`: the server's 400 after the body was read; by default without an errorType, like its storage errors.
 *   An errorType that has another status than 400 in the server's version gets that status.
 * - `message-null`: a confirm that answers 200 with `message: null` and marks the file confirmed. Without `commit` an app
 *   dropped the message; with `commit` it was posted, and a database replica that lags behind did not have it yet.
 * - `unauthorized`, `forbidden`: 401, 403.
 * - `rate-limited`: 429, with rate limit headers if `resetInMs` is given, otherwise without, like a proxy's.
 * - `expire-uploads`: every temporary upload is deleted, then the call is processed normally.
 * - `redirect`: a redirect to another host, 302 by default.
 * - `endless-answer`: 200 and a JSON text that does not end.
 * - `invalid-json`: 200 and a body that is not JSON.
 */
export type Fault =
  | { readonly kind: 'reset-before' }
  | { readonly kind: 'reset-in-body'; readonly afterBytes: number }
  | { readonly kind: 'reset-after' }
  | { readonly kind: 'reset-in-answer' }
  | { readonly kind: 'hang'; readonly commit?: boolean; readonly unread?: boolean }
  | { readonly kind: 'commit-late'; readonly delayMs: number; readonly hold?: boolean }
  | { readonly kind: 'delay'; readonly delayMs: number }
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly commit?: boolean;
      /** @default a small HTML page */
      readonly body?: string;
      /** @default text/html */
      readonly contentType?: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly closes?: boolean;
    }
  | {
      readonly kind: 'failure';
      readonly commit?: boolean;
      /** @default a storage error's text */
      readonly error?: string;
      /** @default none */
      readonly errorType?: string;
    }
  | { readonly kind: 'message-null'; readonly commit?: boolean }
  | { readonly kind: 'unauthorized' }
  | { readonly kind: 'forbidden' }
  | { readonly kind: 'rate-limited'; readonly resetInMs?: number }
  | { readonly kind: 'expire-uploads' }
  | { readonly kind: 'redirect'; readonly location?: string; readonly status?: 301 | 302 | 307 | 308 }
  | { readonly kind: 'endless-answer'; readonly commit?: boolean }
  | { readonly kind: 'invalid-json'; readonly commit?: boolean; readonly body?: string };

export type FaultKind = Fault['kind'];
