/**
 * What can go wrong with one call. `commit` says whether the server has done its work all the same (default: no).
 *
 * - `reset-before`: the connection is reset before the body is read.
 * - `reset-in-body`: reset after `afterBytes` of the body.
 * - `reset-after`: the work is done, then the connection is reset without an answer.
 * - `reset-in-answer`: the work is done, and the connection is reset in the middle of the answer.
 * - `hang`: no answer until the client gives up or the server is closed. `unread`: not even the body is read.
 * - `commit-late`: no answer, and the work is done `delayMs` after the client is gone: reset at once, or with `hold`
 *   whenever it gives up.
 * - `delay`: all is well, `delayMs` later than usual.
 * - `answer`: a proxy's answer, HTML by default. Without `commit` the body is not read; `closes` ends the connection
 *   with it, as nginx does with a 413, and a client that is still sending may see a reset instead of the answer.
 * - `failure`: the server's 400 after the body was read; without an errorType by default, as its storage faults come.
 * - `message-null`: a confirm that answers 200 and posts nothing.
 * - `unauthorized`, `forbidden`: 401, 403.
 * - `rate-limited`: 429; with `resetInMs` with the headers, else without, as a proxy's.
 * - `expire-uploads`: every temporary upload is swept away; the call then goes its way.
 * - `redirect`: 302 to another host.
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
      /** @default a text such as a storage back end gives */
      readonly error?: string;
      /** @default none */
      readonly errorType?: string;
    }
  | { readonly kind: 'message-null' }
  | { readonly kind: 'unauthorized' }
  | { readonly kind: 'forbidden' }
  | { readonly kind: 'rate-limited'; readonly resetInMs?: number }
  | { readonly kind: 'expire-uploads' }
  | { readonly kind: 'redirect'; readonly location?: string; readonly status?: 301 | 302 | 307 | 308 }
  | { readonly kind: 'endless-answer'; readonly commit?: boolean }
  | { readonly kind: 'invalid-json'; readonly commit?: boolean; readonly body?: string };

export type FaultKind = Fault['kind'];
