import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { listenOnLoopback } from '../loopback.ts';
import { fileNameIn, readPartHead } from './part-head.ts';

/** What the proxy does to one request besides passing it on. */
export type ProxyFault =
  /** An answer of the proxy's own: in place of the server (`before`), or after the server has carried the call out. */
  | ({ readonly kind: 'answer'; readonly when: 'before' | 'after' } & ProxyAnswer)
  /** Passes half of the answer's body on, then closes the connection. */
  | { readonly kind: 'cut-answer' }
  /** Lets the server carry the call out, then closes the connection without an answer. */
  | { readonly kind: 'drop-answer' };

export interface ProxyAnswer {
  readonly status: number;
  /** @default text/html */
  readonly contentType?: string;
  /** @default a small HTML page */
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface FrontProxyOptions {
  /** Gives the `Date` header of all answers, as nginx replaces the server's. @default the server's header is passed on */
  readonly clock?: { now(): number };
  /** Adds an `X-RateLimit-Limit` header with this value to all answers, beside the server's own. */
  readonly rateLimit?: number;
  /** Answers 413 to a larger body before it is read, by its Content-Length. nginx's default is 1 MiB. @default no limit */
  readonly maxBodyBytes?: number;
  /** Answers 400 to a file with the parameter `filename*`, as ModSecurity does (owasp-modsecurity/ModSecurity#1825). */
  readonly refusesExtendedFileName?: boolean;
  /** Answers 403 to a file for whose name this is true, as a firewall that looks into uploads does. */
  readonly rejectsFile?: (name: string) => boolean;
  /** Decides about each request that `next` has no fault for. */
  readonly decide?: (request: IncomingMessage) => ProxyFault | undefined;
}

export interface FrontProxy {
  /** Has no trailing slash. */
  readonly url: string;
  /** Queues a fault for the next request, or for the next ones whose path contains `path`. */
  next(fault: ProxyFault, options?: { path?: string; times?: number }): void;
  /** Closes all connections and accepts no new ones for a while, like a server that is restarted. */
  restart(downMs: number): void;
  close(): Promise<void>;
}

/**
 * Starts a reverse proxy in front of a server, on the loopback interface.
 * @example
 * const proxy = await startFrontProxy(chat.url, { clock: { now: () => Date.now() + 60_000 } });
 * proxy.next({ kind: 'answer', when: 'after', status: 403 }, { path: 'rooms.mediaConfirm' });
 */
export const startFrontProxy = async (target: string, options: FrontProxyOptions = {}): Promise<FrontProxy> => {
  const { hostname, port } = new URL(target);
  const agent = new http.Agent({ keepAlive: true });
  const sockets = new Set<Socket>();
  const queue: { fault: ProxyFault; path: string }[] = [];
  let isDown = false;
  let comingUp: NodeJS.Timeout | undefined;

  const faultOf = (request: IncomingMessage): ProxyFault | undefined => {
    const index = queue.findIndex(({ path }) => request.url?.includes(path));
    return index < 0 ? options.decide?.(request) : queue.splice(index, 1)[0]?.fault;
  };

  const handle = async (request: IncomingMessage, response: ServerResponse, expectsContinue: boolean) => {
    const reply = (answer: ProxyAnswer, closes = false): void => {
      request.resume();
      const { status, contentType = 'text/html', body = page(status), headers = {} } = answer;
      const isEmpty = status === 204 || status === 304;
      const all = { 'Content-Type': contentType, ...headers, ...(closes && { Connection: 'close' }) };
      response.writeHead(status, [...Object.entries(all).flat(), ...ownHeaders(options)]);
      response.end(isEmpty ? undefined : body);
    };

    const fault = faultOf(request);
    if (fault?.kind === 'answer' && fault.when === 'before') return reply(fault);
    if (Number(request.headers['content-length'] ?? 0) > (options.maxBodyBytes ?? Number.POSITIVE_INFINITY)) {
      return reply({ status: 413 }, true);
    }
    // The server behind is not asked whether it wants the body.
    if (expectsContinue) response.writeContinue();
    const isForm = request.headers['content-type']?.startsWith('multipart/form-data') === true;
    const inspects = isForm && (options.refusesExtendedFileName === true || options.rejectsFile !== undefined);
    const start = inspects ? await readPartHead(request) : undefined;
    if (start !== undefined) {
      const { name, isExtended } = fileNameIn(start);
      if (isExtended && options.refusesExtendedFileName) return reply({ status: 400 }, true);
      if (options.rejectsFile?.(name)) return reply({ status: 403 });
    }

    const { expect: _, ...headers } = request.headers;
    const onward = http.request({ agent, hostname, port, method: request.method, path: request.url, headers });
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    onward.on('response', (answer) => {
      if (fault?.kind !== 'answer') return passBack(answer, response, fault, options);
      answer.resume();
      answer.on('end', () => reply(fault));
    });
    if (start !== undefined) onward.write(start);
    request.pipe(onward);
  };

  const server = http.createServer();
  server.on('request', (request, response) => void handle(request, response, false));
  server.on('checkContinue', (request, response) => void handle(request, response, true));
  server.on('connection', (socket: Socket) => {
    if (isDown) {
      socket.destroy();
      return;
    }
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const { endpoint: url, close } = await listenOnLoopback(server);

  return {
    url,
    next(fault, { path = '', times = 1 } = {}) {
      for (let i = 0; i < times; i += 1) queue.push({ fault, path });
    },
    restart(downMs) {
      isDown = true;
      for (const socket of sockets) socket.destroy();
      clearTimeout(comingUp);
      comingUp = setTimeout(() => {
        isDown = false;
      }, downMs);
    },
    close() {
      clearTimeout(comingUp);
      for (const socket of sockets) socket.destroy();
      agent.destroy();
      return close();
    },
  };
};

const passBack = (
  answer: IncomingMessage,
  response: ServerResponse,
  fault: ProxyFault | undefined,
  options: FrontProxyOptions,
): void => {
  if (fault?.kind === 'drop-answer') {
    answer.resume();
    answer.on('end', () => response.destroy());
    return;
  }
  response.writeHead(answer.statusCode ?? 502, [...passedHeaders(answer, options), ...ownHeaders(options)]);
  if (fault?.kind !== 'cut-answer') {
    answer.pipe(response);
    answer.on('error', () => response.destroy());
    return;
  }
  const half = Math.floor(Number(answer.headers['content-length'] ?? 2) / 2);
  let passed = 0;
  answer.on('data', (chunk: Buffer) => {
    response.write(chunk.subarray(0, Math.max(0, half - passed)));
    passed += chunk.length;
    if (passed > half) response.destroy();
  });
  answer.on('end', () => response.destroy());
};

/** Names and values in turn, so that a header can be there twice. */
const passedHeaders = ({ rawHeaders }: IncomingMessage, { clock }: FrontProxyOptions): string[] => {
  const headers: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const [name = '', value = ''] = rawHeaders.slice(i, i + 2);
    if (clock === undefined || name.toLowerCase() !== 'date') headers.push(name, value);
  }
  return headers;
};

const ownHeaders = ({ clock, rateLimit }: FrontProxyOptions): string[] => [
  ...(clock === undefined ? [] : ['Date', new Date(clock.now()).toUTCString()]),
  ...(rateLimit === undefined ? [] : ['X-RateLimit-Limit', String(rateLimit)]),
];

const page = (status: number): string =>
  `<html>\r\n<head><title>${status}</title></head>\r\n<body>${status}</body>\r\n</html>\r\n`;
