import http from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import { ChatUnreachableError } from '../../domain/errors.ts';
import { giveBack } from '../give-back.ts';

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

export interface HttpOptions extends TimeLimits {
  /** Asked to CONNECT to the server, with the URL's user and password if it has them; only for https. @default none */
  readonly proxyUrl?: URL | undefined;
}

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
  /** The memory of each of its chunks is freed once it was sent. */
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
export const createSendHttp = (baseUrl: URL, limits: HttpOptions = DEFAULT_TIME_LIMITS): SendHttp => {
  const { protocol } = baseUrl;
  const transport = protocol === 'https:' ? https : http;
  // `timeout` here is for idle connections; a request in flight has its own.
  const agent = new transport.Agent({
    keepAlive: true,
    timeout: IDLE_CONNECTION_MS,
    minVersion: 'TLSv1.2',
    ...(limits.proxyUrl === undefined ? {} : { proxyEnv: { HTTPS_PROXY: limits.proxyUrl.href } }),
  });
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
      let stopSending: (() => void) | undefined;
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
          stopSending?.();
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
        stopSending = sendPieces(framed.stream, request);
        // Only the verified end of the stream completes the request; after an error the server must never see a whole one.
        framed.stream.once('end', () => request.end(framed.tail));
      };

      // From the start: a source can fail while the server is still being asked whether it wants the body.
      framed?.stream.once('error', fail);
      signal.addEventListener('abort', onAbort, { once: true });
      if (framed === undefined)
        after(limits.callMs, () => failWith('TIMED_OUT', `no answer in ${limits.callMs / 1_000} s`));

      const connectTimer = setTimeout(
        () => failWith('TIMED_OUT', `no connection in ${limits.connectMs / 1_000} s`),
        limits.connectMs,
      );
      timers.push(connectTimer);
      // Through a proxy there is a socket only after the tunnel and TLS stand.
      request.once('socket', (socket) => {
        const connected = () => {
          wasConnected = true;
          clearTimeout(connectTimer);
        };
        if (!socket.connecting) connected();
        else socket.once(protocol === 'https:' ? 'secureConnect' : 'connect', connected);
      });
      request.once('timeout', () => failWith('TIMED_OUT', `silence for ${limits.silenceMs / 1_000} s`));
      request.on('error', (cause: NodeJS.ErrnoException) => {
        // Whatever breaks after the answer has begun, its reader will tell.
        if (isAnswered) return;
        failWith(...explain(cause, wasConnected), cause);
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
          stopSending?.();
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

/** Sends a stream's pieces as fast as the server takes them, but not its end; until it is stopped. */
const sendPieces = (stream: Readable, request: http.ClientRequest): (() => void) => {
  const send = (piece: Buffer) => {
    const onSent = (error?: Error | null) => {
      if (error == null) giveBack(piece);
    };
    if (!request.write(piece, onSent)) stream.pause();
  };
  const resume = () => void stream.resume();
  stream.on('data', send);
  request.on('drain', resume);
  return () => {
    stream.off('data', send).pause();
    request.off('drain', resume);
  };
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

/** What the operator can do about it differs. The proxy's URL is in none of it: it can hold a password. */
const explain = (
  error: NodeJS.ErrnoException & { readonly statusCode?: number },
  wasConnected: boolean,
): readonly [code: ChatUnreachableError['code'], how: string] => {
  const { code = error.message, statusCode } = error;
  if (/^(UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_)/.test(code)) {
    const remedy = "if an authority of your own has signed it, deploy the relay with that authority's certificate";
    return ['TLS_FAILED', `the certificate was not accepted (${code}; ${remedy})`];
  }
  if (/^(ERR_TLS_|ERR_SSL_|CERT_|HOSTNAME_MISMATCH)/.test(code)) {
    return ['TLS_FAILED', `the certificate was not accepted (${code})`];
  }
  // What OpenSSL says of servers that are too old, or do not speak TLS at all.
  if (code === 'EPROTO' && !wasConnected) return ['TLS_FAILED', 'the server does not speak TLS 1.2 or later there'];
  if (code === 'ERR_PROXY_TUNNEL') {
    const isRefusal = statusCode !== undefined && statusCode >= 400 && statusCode < 500;
    return [isRefusal ? 'PROXY_REFUSED' : 'CONNECT_FAILED', `the proxy opened no way (${statusCode ?? 'no answer'})`];
  }
  return wasConnected
    ? ['CONNECTION_LOST', `the connection broke (${code})`]
    : ['CONNECT_FAILED', `no connection (${code})`];
};

/** A query holds names of rooms and files; a path says enough. */
const withoutQuery = (path: string): string => path.split('?')[0] ?? path;
