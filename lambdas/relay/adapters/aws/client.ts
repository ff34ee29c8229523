import { createHash, createHmac } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import { SignatureV4 } from '@smithy/signature-v4';
import { AwsError } from './error.ts';

export interface AwsRequest {
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly endpoint: URL;
  /** Percent-encoded as it is sent. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>> | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Sends a request to one AWS service: signed, over kept-alive connections, up to three times.
 * @param read makes something of an answer whose status is 2xx; what it throws as an AwsError counts as a failed try
 * @throws AwsError
 */
export type AwsClient = <Output>(
  request: AwsRequest,
  read: (answer: http.IncomingMessage) => Output | Promise<Output>,
) => Promise<Output>;

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface AwsClientOptions {
  /** As the signature names it, e.g. `dynamodb`. */
  readonly service: string;
  readonly region: string;
  readonly credentials: AwsCredentials;
  readonly random: () => number;
  /** X-Ray's header of the invocation. @default none */
  readonly traceHeader?: (() => string | undefined) | undefined;
  /** Passes the time between two tries. */
  readonly wait: (delayMs: number) => Promise<void>;
  /** AWS's code of an error, out of the body and the headers of its answer. */
  readonly readCode: (body: string, headers: http.IncomingHttpHeaders) => string | undefined;
  /** @default 3 */
  readonly maxTries?: number | undefined;
}

/** The number of tries and the delays are those of the AWS SDKs' standard mode: https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html */
const MAX_TRIES = 3;
const BASE_DELAY_MS = 100;
const THROTTLED_BASE_DELAY_MS = 500;

const CONNECT_MS = 5_000;
/** Until an answer begins. AWS calls are short; one that hangs must not hold a batch. */
const ANSWER_MS = 20_000;
/** Without a byte of the answer. A body is read as slowly as the chat server takes it; the delivery's deadline bounds that. */
const SILENCE_MS = 120_000;
/** An idle connection is dropped before the service does so. */
const IDLE_CONNECTION_MS = 15_000;
/** Of an error's body. Those of AWS have some hundred bytes. */
const MAX_ERROR_BYTES = 64 * 1024;

const agentOptions = { keepAlive: true, timeout: IDLE_CONNECTION_MS };
const plainAgent = new http.Agent(agentOptions);
const tlsAgent = new https.Agent({ ...agentOptions, minVersion: 'TLSv1.2' });

/**
 * A thin client in place of the AWS SDK's, for the ten operations that the function calls. Why, and what it leaves out:
 * docs/decisions/2026-11-23-aws-requests.md. What is AWS's own business, the signature, is AWS's own code.
 */
export const createAwsClient = (options: AwsClientOptions): AwsClient => {
  const { service, region, credentials, random, wait, readCode, traceHeader, maxTries = MAX_TRIES } = options;
  const signer = new SignatureV4({
    service,
    region,
    credentials,
    sha256: Sha256,
    // S3's keys are signed as they are sent.
    uriEscapePath: service !== 's3',
  });

  const ask = async (request: AwsRequest): Promise<http.IncomingMessage> => {
    const { endpoint, method, path, query = {}, body } = request;
    const signed = await signer.sign({
      method,
      protocol: endpoint.protocol,
      hostname: endpoint.hostname,
      path,
      query,
      headers: { host: endpoint.host, ...request.headers },
      body,
    });
    // By it Lambda recognises a function that feeds itself: https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
    const trace = traceHeader?.();
    const unsigned = { 'user-agent': 's3-to-rocketchat', ...(trace === undefined ? {} : { 'x-amzn-trace-id': trace }) };
    const answer = await exchange(request, { ...signed.headers, ...unsigned });
    const { statusCode: status = 0 } = answer;
    if (status >= 200 && status < 300) return answer;
    const code = readCode(await readText(answer, MAX_ERROR_BYTES), answer.headers) ?? `HTTP ${status}`;
    throw new AwsError(`${service} answered ${code} (${status})`, { code, status });
  };

  return async (request, read) => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await read(await ask(request));
      } catch (error) {
        const baseMs = error instanceof AwsError ? retryBaseMs(error) : undefined;
        if (baseMs === undefined || tries >= maxTries || request.signal?.aborted) throw error;
        await wait(random() * baseMs * 2 ** (tries - 1));
      }
    }
  };
};

/** Reads an answer to its end. @throws AwsError */
export const readText = async (answer: http.IncomingMessage, maxBytes = Number.POSITIVE_INFINITY): Promise<string> => {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      sizeBytes += chunk.length;
      chunks.push(chunk);
      if (sizeBytes > maxBytes) break;
    }
  } catch (cause) {
    throw connectionError(cause as NodeJS.ErrnoException);
  }
  return Buffer.concat(chunks).toString('utf8');
};

const exchange = (
  { endpoint, method, path, query = {}, body, signal }: AwsRequest,
  headers: Record<string, string>,
): Promise<http.IncomingMessage> =>
  new Promise((resolve, reject) => {
    const isTls = endpoint.protocol === 'https:';
    const request = (isTls ? https : http).request({
      agent: isTls ? tlsAgent : plainAgent,
      hostname: endpoint.hostname.replace(/^\[|\]$/g, ''),
      port: endpoint.port,
      method,
      path: withQuery(path, query),
      headers: body === undefined ? headers : { ...headers, 'content-length': Buffer.byteLength(body) },
      timeout: ANSWER_MS,
      ...(signal === undefined ? {} : { signal }),
    });
    const timeOut = (what: string) => () =>
      request.destroy(Object.assign(new Error(`no ${what} in time`), { code: 'ETIMEDOUT' }));
    let connectTimer: NodeJS.Timeout | undefined;
    request.once('socket', (socket) => {
      if (!socket.connecting) return;
      connectTimer = setTimeout(timeOut('connection'), CONNECT_MS);
      socket.once(isTls ? 'secureConnect' : 'connect', () => clearTimeout(connectTimer));
    });
    request.once('timeout', timeOut('answer'));
    request.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(connectTimer);
      reject(connectionError(error));
    });
    request.once('response', (response) => {
      response.setTimeout(SILENCE_MS);
      resolve(response);
    });
    request.end(body);
  });

const connectionError = (cause: NodeJS.ErrnoException): AwsError => {
  const code = cause.code ?? cause.name;
  return new AwsError(`no answer from AWS (${code})`, { code, status: undefined, cause });
};

/** RFC 3986, as AWS signs it. */
export const percentEncoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

const withQuery = (path: string, query: Readonly<Record<string, string>>): string => {
  const pairs = Object.entries(query).map(([name, value]) => `${name}=${percentEncoded(value)}`);
  return pairs.length === 0 ? path : `${path}?${pairs.join('&')}`;
};

const THROTTLED = /Throttl|^SlowDown$|^ProvisionedThroughputExceeded|^RequestLimitExceeded|^TooManyRequests/;
const PASSING = /^RequestTimeout|^InternalError$|^ServiceUnavailable$/;

/** @returns undefined for what would fail again */
const retryBaseMs = ({ code, status }: AwsError): number | undefined => {
  if (THROTTLED.test(code) || status === 429) return THROTTLED_BASE_DELAY_MS;
  return status === undefined || status >= 500 || PASSING.test(code) ? BASE_DELAY_MS : undefined;
};

/** Node's own, in the form that the signer takes. */
class Sha256 {
  readonly #hash;
  constructor(key?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = key === undefined ? createHash('sha256') : createHmac('sha256', key as string);
  }
  update(data: Uint8Array): void {
    this.#hash.update(data);
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
  reset(): void {}
}
