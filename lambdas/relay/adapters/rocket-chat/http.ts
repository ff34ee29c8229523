import http from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import { ChatUnreachableError } from '../../domain/errors.ts';

/** How long a call may take; each limit ends it with a ChatUnreachableError. */
export interface TimeLimits {
  /** Until the connection, TLS included, stands. @default 10 s */
  readonly connectMs: number;
  /** Without a byte in either direction. @default 60 s */
  readonly silenceMs: number;
  /** The whole of a call with no file in it. @default 90 s */
  readonly callMs: number;
}

export const DEFAULT_TIME_LIMITS: TimeLimits = { connectMs: 10_000, silenceMs: 60_000, callMs: 90_000 };

/** More than any answer of the API that is used; what is longer is cut off and refused. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/**
 * From this size on the server is asked first whether it wants the body (`Expect: 100-continue`), so that a file it
 * refuses is not sent in vain and its answer is not lost in a reset. nginx takes 1 MiB unless told otherwise.
 */
const ASK_FIRST_BYTES = 1024 * 1024;
const CONTINUE_ANYWAY_MS = 1_000;

/** Idle connections are dropped before a server would (Node's default is 5 s), so that no call meets a dead one. */
const IDLE_CONNECTION_MS = 4_000;

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  /** Below the base URL, with its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer | FramedStream | undefined;
  readonly signal: AbortSignal;
}

/** A stream of known length between two buffers. Its end is awaited before `tail` is sent. */
export interface FramedStream {
  readonly head: Buffer;
  readonly stream: Readable;
  readonly sizeBytes: number;
  readonly tail: Buffer;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
}

export type SendHttp = (request: HttpRequest) => Promise<HttpAnswer>;

/**
 * Sends one request over a pool of kept-alive connections. Redirects are not followed.
 * Resolves with whatever answer comes, also when it comes before the body was sent: then the rest is not read.
 * @throws ChatUnreachableError; what the body's stream fails with
 */
export const createSendHttp = (baseUrl: URL, limits: TimeLimits = DEFAULT_TIME_LIMITS): SendHttp => {
  const { protocol } = baseUrl;
  const transport = protocol === 'https:' ? https : http;
  // `timeout` here is for idle connections; a request in flight has its own.
  const agent = new transport.Agent({ keepAlive: true, timeout: IDLE_CONNECTION_MS });
  const basePath = baseUrl.pathname.replace(/\/+$/, '');

  let takesExpect = true;

  return ({ method, path, headers, body, signal }) =>
    new Promise((resolve, reject) => {
      const framed = body === undefined || Buffer.isBuffer(body) ? undefined : body;
      const lengthBytes = bodyBytes(body);
      const asksFirst = takesExpect && framed !== undefined && lengthBytes >= ASK_FIRST_BYTES;
      const what = `${method} ${withoutQuery(path)} at ${baseUrl.origin}`;
      if (signal.aborted) {
        reject(unreachable('ABORTED', `stopped for lack of time: ${what}`, false, signal.reason));
        return;
      }
      const request = transport.request(baseUrl, {
        agent,
        method,
        path: `${basePath}${path}`,
        headers: {
          ...headers,
          ...(method === 'POST' ? { 'content-length': lengthBytes } : {}),
          ...(asksFirst ? { expect: '100-continue' } : {}),
        },
        timeout: limits.silenceMs,
      });

      let isSettled = false;
      let wasConnected = false;
      let isBodyStarted = false;
      let isAnswered = false;
      const timers: NodeJS.Timeout[] = [];
      const after = (delayMs: number, act: () => void) => timers.push(setTimeout(act, delayMs));

      const settle = (act: () => void) => {
        if (isSettled) return;
        isSettled = true;
        for (const timer of timers) clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        act();
      };
      const fail = (error: Error) =>
        settle(() => {
          framed?.stream.unpipe(request);
          request.destroy();
          reject(error);
        });
      const failWith = (code: ChatUnreachableError['code'], how: string, cause?: unknown) =>
        fail(unreachable(code, `${how}: ${what}`, wasConnected, cause));
      const onAbort = () => failWith('ABORTED', 'stopped for lack of time');

      const sendBody = () => {
        if (isSettled || isBodyStarted) return;
        isBodyStarted = true;
        if (framed === undefined) {
          request.end(body);
          return;
        }
        request.write(framed.head);
        framed.stream.pipe(request, { end: false });
        // Only the verified end of the stream completes the request; after an error the server must never see a whole one.
        framed.stream.once('end', () => request.end(framed.tail));
      };

      // From the start: a source can fail while the server is still being asked whether it wants the body.
      framed?.stream.once('error', fail);
      signal.addEventListener('abort', onAbort, { once: true });
      if (framed === undefined)
        after(limits.callMs, () => failWith('TIMED_OUT', `no answer in ${limits.callMs / 1_000} s`));

      request.once('socket', (socket) => {
        if (isSettled) return;
        if (!socket.connecting) {
          wasConnected = true;
          return;
        }
        const connectTimer = setTimeout(
          () => failWith('TIMED_OUT', `no connection in ${limits.connectMs / 1_000} s`),
          limits.connectMs,
        );
        timers.push(connectTimer);
        socket.once(protocol === 'https:' ? 'secureConnect' : 'connect', () => {
          wasConnected = true;
          clearTimeout(connectTimer);
        });
      });
      request.once('timeout', () => failWith('TIMED_OUT', `silence for ${limits.silenceMs / 1_000} s`));
      request.on('error', (cause: NodeJS.ErrnoException) => {
        // Whatever breaks after the answer has begun, its reader will tell.
        if (isAnswered) return;
        const tls = isTlsError(cause);
        failWith(
          tls ? 'TLS_FAILED' : wasConnected ? 'CONNECTION_LOST' : 'CONNECT_FAILED',
          `${tls ? 'the certificate was not accepted' : wasConnected ? 'the connection broke' : 'no connection'} (${cause.code ?? cause.message})`,
          cause,
        );
      });
      request.once('response', (response) => {
        isAnswered = true;
        isBodyStarted = true;
        const status = response.statusCode ?? 0;
        // A proxy that can't do with the question (417) is not asked again.
        if (status === 417) takesExpect = false;
        const isEarly = framed !== undefined && !framed.stream.readableEnded;
        if (isEarly) {
          // The server has made up its mind without the rest: keep its answer, and the connection from being used again.
          framed.stream.unpipe(request);
          framed.stream.pause();
        }
        const answer = (text: string) =>
          settle(() => {
            if (!request.writableFinished) request.destroy();
            resolve({ status, headers: response.headers, text });
          });
        readAnswer(response).then(answer, (cause: NodeJS.ErrnoException) => {
          if (cause instanceof RangeError) return failWith('BAD_ANSWER', cause.message, cause);
          // A server that refuses a body it has not read resets the connection; its status has said enough.
          if (isEarly && status >= 400) return answer('');
          return failWith('CONNECTION_LOST', 'the connection broke in the middle of the answer', cause);
        });
      });

      if (asksFirst) {
        request.once('continue', sendBody);
        after(CONTINUE_ANYWAY_MS, sendBody);
        request.flushHeaders();
      } else {
        sendBody();
      }
    });
};

const readAnswer = async (response: http.IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_ANSWER_BYTES) {
      throw new RangeError(`an answer of more than ${MAX_ANSWER_BYTES} bytes`);
    }
    chunks.push(chunk);
  }
  if (!response.complete) throw new Error('incomplete answer');
  return Buffer.concat(chunks).toString('utf8');
};

const bodyBytes = (body: HttpRequest['body']): number => {
  if (body === undefined) return 0;
  return Buffer.isBuffer(body) ? body.length : body.head.length + body.sizeBytes + body.tail.length;
};

/** Whatever fails before a connection stands can't have reached the server. */
const unreachable = (
  code: ChatUnreachableError['code'],
  message: string,
  mayHaveActed: boolean,
  cause: unknown,
): ChatUnreachableError => new ChatUnreachableError(message, { code, mayHaveActed, cause });

const isTlsError = ({ code = '' }: NodeJS.ErrnoException): boolean =>
  /^(ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH)/.test(code);

/** A query holds names of rooms and files; a path says enough. */
const withoutQuery = (path: string): string => path.split('?')[0] ?? path;
