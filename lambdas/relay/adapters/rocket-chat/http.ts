import http from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import { ChatUnreachableError } from '../../domain/errors.ts';
import { giveBack } from '../give-back.ts';

/** How long a call may take, in milliseconds. A call that exceeds a limit fails with ChatUnreachableError. */
export interface TimeLimits {
  /** Until the connection is established, TLS included. @default 10 s */
  readonly connectMs: number;
  /** Without data in either direction. @default 60 s */
  readonly silenceMs: number;
  /** The whole call, if it sends no file. @default 90 s */
  readonly callMs: number;
}

export const DEFAULT_TIME_LIMITS: TimeLimits = { connectMs: 10_000, silenceMs: 60_000, callMs: 90_000 };

export interface HttpOptions extends TimeLimits {
  /** A proxy that opens a tunnel (CONNECT) to the server. Its URL can have user and password. @default none */
  readonly proxyUrl?: URL | undefined;
}

/** No answer of the endpoints in use is that long; a longer one fails the call. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/**
 * A request of at least this size waits for the server's consent before it sends the body (`Expect: 100-continue`). A
 * file that the server refuses is then not sent, and the answer is not lost to a connection reset. nginx accepts 1 MiB
 * by default.
 */
const ASK_FIRST_BYTES = 1024 * 1024;
const CONTINUE_ANYWAY_MS = 1_000;

/**
 * Idle connections are closed before the server closes them (Node's default is 5 s), so that no call uses a closed one.
 */
const IDLE_CONNECTION_MS = 4_000;

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  /** Relative to the base URL, with its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Buffer | FramedStream | undefined;
  readonly signal: AbortSignal;
}

/** A stream of known length between two buffers. `tail` is sent after the stream has ended. */
export interface FramedStream {
  readonly head: Buffer;
  /** Its chunks must not be used elsewhere: the memory of each is freed when it has been sent. */
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
 * Sends one request over a pool of kept-alive connections. Redirects are not followed. Resolves with the answer, of any
 * status. If the answer arrives before the whole body was sent, the rest of the body is not sent.
 * @throws ChatUnreachableError, or the error of the body's stream
 */
export const createSendHttp = (baseUrl: URL, limits: HttpOptions = DEFAULT_TIME_LIMITS): SendHttp => {
  const { protocol } = baseUrl;
  const transport = protocol === 'https:' ? https : http;
  // This `timeout` applies to idle connections; a request has a separate one.
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
        reject(unreachable('ABORTED', `stopped, because no time was left: ${what}`, false, signal.reason));
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
      const onAbort = () => failWith('ABORTED', 'stopped, because no time was left');

      const sendBody = () => {
        if (isSettled || isBodyStarted) return;
        isBodyStarted = true;
        if (framed === undefined) {
          request.end(body);
          return;
        }
        request.write(framed.head);
        stopSending = sendPieces(framed.stream, request);
        // Only the stream's end, after its checks, completes the request: after an error the server must not get a
        // complete body.
        framed.stream.once('end', () => request.end(framed.tail));
      };

      // Attached at once, because the source can fail before the server sends `100 Continue`.
      framed?.stream.once('error', fail);
      signal.addEventListener('abort', onAbort, { once: true });
      if (framed === undefined)
        after(limits.callMs, () => failWith('TIMED_OUT', `no answer in ${limits.callMs / 1_000} s`));

      const connectTimer = setTimeout(
        () => failWith('TIMED_OUT', `no connection in ${limits.connectMs / 1_000} s`),
        limits.connectMs,
      );
      timers.push(connectTimer);
      // Through a proxy, the socket exists only when the tunnel and TLS are established.
      request.once('socket', (socket) => {
        const connected = () => {
          wasConnected = true;
          clearTimeout(connectTimer);
        };
        if (!socket.connecting) connected();
        else socket.once(protocol === 'https:' ? 'secureConnect' : 'connect', connected);
      });
      request.once('timeout', () => failWith('TIMED_OUT', `no data for ${limits.silenceMs / 1_000} s`));
      request.on('error', (cause: NodeJS.ErrnoException) => {
        // After the answer has begun, readAnswer reports the error.
        if (isAnswered) return;
        failWith(...explain(cause, wasConnected), cause);
      });
      request.once('response', (response) => {
        isAnswered = true;
        isBodyStarted = true;
        const status = response.statusCode ?? 0;
        // A proxy that does not support `Expect` answers 417; later requests do without it.
        if (status === 417) takesExpect = false;
        const isEarly = framed !== undefined && !framed.stream.readableEnded;
        if (isEarly) {
          // The server answered without reading the rest: stop sending. The answer is kept, the connection is not
          // reused.
          stopSending?.();
        }
        const answer = (text: string) =>
          settle(() => {
            if (!request.writableFinished) request.destroy();
            resolve({ status, headers: response.headers, text });
          });
        readAnswer(response).then(answer, (cause: NodeJS.ErrnoException) => {
          if (cause instanceof RangeError) return failWith('BAD_ANSWER', cause.message, cause);
          // A server that refuses a body without reading it resets the connection; the status is enough.
          if (isEarly && status >= 400) return answer('');
          return failWith('CONNECTION_LOST', 'the connection was lost during the answer', cause);
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

/** Sends a stream's chunks as fast as the server accepts them. Does not end the request. @returns stops sending */
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
      throw new RangeError(`the answer has more than ${MAX_ANSWER_BYTES} bytes`);
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

/** A call that fails before a connection is established cannot have reached the server. */
const unreachable = (
  code: ChatUnreachableError['code'],
  message: string,
  mayHaveActed: boolean,
  cause: unknown,
): ChatUnreachableError => new ChatUnreachableError(message, { code, mayHaveActed, cause });

/** The code and the text that help the operator. The text never has the proxy's URL, which can contain a password. */
const explain = (
  error: NodeJS.ErrnoException & { readonly statusCode?: number },
  wasConnected: boolean,
): readonly [code: ChatUnreachableError['code'], how: string] => {
  const { code = error.message, statusCode } = error;
  if (/^(UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_)/.test(code)) {
    const remedy = "if a private authority has signed it, deploy the relay with that authority's certificate";
    return ['TLS_FAILED', `the certificate was not accepted (${code}; ${remedy})`];
  }
  if (/^(ERR_TLS_|ERR_SSL_|CERT_|HOSTNAME_MISMATCH)/.test(code)) {
    return ['TLS_FAILED', `the certificate was not accepted (${code})`];
  }
  // OpenSSL's error for a server that supports only older versions, or no TLS at all.
  if (code === 'EPROTO' && !wasConnected)
    return ['TLS_FAILED', 'the server does not support TLS 1.2 or later on this port'];
  if (code === 'ERR_PROXY_TUNNEL') {
    const isRefusal = statusCode !== undefined && statusCode >= 400 && statusCode < 500;
    return [
      isRefusal ? 'PROXY_REFUSED' : 'CONNECT_FAILED',
      `the proxy did not open a tunnel (${statusCode ?? 'no answer'})`,
    ];
  }
  return wasConnected
    ? ['CONNECTION_LOST', `the connection was lost (${code})`]
    : ['CONNECT_FAILED', `no connection (${code})`];
};

/** A query can contain names of rooms and files, which an error's text does not need. */
const withoutQuery = (path: string): string => path.split('?')[0] ?? path;
