import http from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';
import { PassThrough, Readable } from 'node:stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  createSendHttp,
  DEFAULT_TIME_LIMITS,
  type FramedStream,
  type SendHttp,
  type TimeLimits,
} from '../../lambdas/relay/adapters/rocket-chat/http.ts';

const MIB = 1024 ** 2;
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** An HTTP server on the loopback interface. */
const serve = async (answer: http.RequestListener, prepare?: (server: http.Server) => void): Promise<URL> => {
  const server = http.createServer(answer);
  prepare?.(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
};

/** A server that acts on each connection's first bytes. */
const serveBytes = async (act: (socket: Socket) => void): Promise<URL> => {
  const sockets = new Set<Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).once('data', () => act(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(
    () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  );
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
};

const sending = (url: URL, limits: Partial<TimeLimits> = {}): SendHttp =>
  createSendHttp(url, { ...DEFAULT_TIME_LIMITS, ...limits });
const { signal } = new AbortController();
const get = (send: SendHttp, stop = signal) => send({ method: 'GET', path: '/x', headers: {}, signal: stop });
const post = (send: SendHttp, body: FramedStream, stop = signal) =>
  send({ method: 'POST', path: '/x', headers: {}, body, signal: stop });
const framed = (sizeBytes: number, stream: Readable = streamOf(sizeBytes)): FramedStream => ({
  head: Buffer.from('head'),
  stream,
  sizeBytes,
  tail: Buffer.from('tail'),
});
const streamOf = (sizeBytes: number): Readable =>
  Readable.from(
    (function* () {
      // Each chunk has its own memory, because the sender frees it.
      for (let left = sizeBytes; left > 0; left -= 65_536) yield Buffer.alloc(Math.min(left, 65_536));
    })(),
    { objectMode: false },
  );

/** Counts the bytes of a request's body, then answers 200 with their number. */
const countBytes: http.RequestListener = (request, response) => {
  let sizeBytes = 0;
  request.on('data', (chunk: Buffer) => {
    sizeBytes += chunk.length;
  });
  request.once('end', () => response.end(String(sizeBytes)));
};

describe('a request with a large body', () => {
  it('asks first, and sends the body after 100 Continue', async () => {
    const seen: (string | undefined)[] = [];
    const url = await serve(countBytes, (server) =>
      server.on('checkContinue', (request: http.IncomingMessage, response: http.ServerResponse) => {
        seen.push(request.headers.expect);
        response.writeContinue();
        countBytes(request, response);
      }),
    );
    expect(await post(sending(url), framed(2 * MIB))).toMatchObject({ status: 200, text: String(2 * MIB + 8) });
    expect(seen).toEqual(['100-continue']);
  });

  it('sends the body after a second to a server that ignores Expect', async () => {
    const url = await serve(countBytes, (server) => server.on('checkContinue', countBytes));
    const startedAt = performance.now();
    expect(await post(sending(url), framed(2 * MIB))).toMatchObject({ status: 200, text: String(2 * MIB + 8) });
    expect(performance.now() - startedAt).toBeGreaterThan(900);
  });

  it('is sent without Expect after a proxy has answered 417', async () => {
    const seen: (string | undefined)[] = [];
    const url = await serve(
      (request, response) => {
        seen.push(request.headers.expect);
        countBytes(request, response);
      },
      (server) =>
        server.on('checkContinue', (request: http.IncomingMessage, response: http.ServerResponse) => {
          seen.push(request.headers.expect);
          response.writeHead(417).end();
        }),
    );
    const send = sending(url);
    expect(await post(send, framed(2 * MIB))).toMatchObject({ status: 417 });
    expect(await post(send, framed(2 * MIB))).toMatchObject({ status: 200, text: String(2 * MIB + 8) });
    expect(seen).toEqual(['100-continue', undefined]);
  });

  it('is not sent after an answer in place of 100 Continue, and its connection is not reused', async () => {
    const sockets: Socket[] = [];
    const url = await serve(
      (request, response) => {
        sockets.push(request.socket);
        response.end('ok');
      },
      (server) =>
        server.on('checkContinue', (request: http.IncomingMessage, response: http.ServerResponse) => {
          sockets.push(request.socket);
          response.writeHead(403).end('no');
        }),
    );
    const send = sending(url);
    const stream = streamOf(2 * MIB);
    expect(await post(send, framed(2 * MIB, stream))).toMatchObject({ status: 403, text: 'no' });
    expect(stream.readableEnded).toBe(false);
    expect(await get(send)).toMatchObject({ status: 200 });
    expect(sockets[1]).not.toBe(sockets[0]);
  });
});

describe('a server that answers before it has read the body', () => {
  it('is understood although it then resets the connection', async () => {
    const url = await serveBytes((socket) => {
      socket.write('HTTP/1.1 413 Payload Too Large\r\nContent-Length: 100\r\n\r\nshort', () =>
        setTimeout(() => socket.resetAndDestroy(), 30),
      );
    });
    const body = new PassThrough();
    body.write(Buffer.alloc(1_000));
    expect(await post(sending(url), framed(500_000, body))).toMatchObject({ status: 413, text: '' });
  });

  it('may have acted if it resets the connection without an answer', async () => {
    const url = await serveBytes((socket) => socket.resetAndDestroy());
    await expect(post(sending(url), framed(500_000))).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
      mayHaveActed: true,
    });
  });

  it('may have acted if it breaks off an answer of 200', async () => {
    const url = await serveBytes((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort', () => socket.resetAndDestroy());
    });
    await expect(get(sending(url))).rejects.toMatchObject({ code: 'CONNECTION_LOST', mayHaveActed: true });
  });
});

describe('a connection', () => {
  it('is used again after a complete answer', async () => {
    const sockets = new Set<Socket>();
    const url = await serve((request, response) => {
      sockets.add(request.socket);
      countBytes(request, response);
    });
    const send = sending(url);
    for (let call = 0; call < 3; call += 1) await get(send);
    await post(send, framed(100_000));
    expect(sockets.size).toBe(1);
  });

  it('is not shared by concurrent requests', async () => {
    const sockets = new Set<Socket>();
    const url = await serve((request, response) => {
      sockets.add(request.socket);
      if (sockets.size === 2) for (const answer of waiting) answer();
      else waiting.push(() => response.end());
      if (sockets.size === 2) response.end();
    });
    const waiting: (() => void)[] = [];
    const send = sending(url);
    await Promise.all([get(send), get(send)]);
    expect(sockets.size).toBe(2);
  });
});

describe('an abort', { timeout: 5_000 }, () => {
  it.each<[string, (send: SendHttp, stop: AbortSignal) => Promise<unknown>]>([
    ['while the answer is awaited', get],
    ['while the body is sent', (send, stop) => post(send, framed(500_000, new PassThrough()), stop)],
  ])('ends a request %s, which may have had an effect', async (_, start) => {
    let connections = 0;
    let closed = 0;
    const url = await serve((request) => {
      connections += 1;
      request.socket.once('close', () => {
        closed += 1;
      });
    });
    const stop = new AbortController();
    const sent = start(sending(url), stop.signal).catch((error: unknown) => error);
    await vi.waitFor(() => expect(connections).toBe(1));
    stop.abort();
    expect(await sent).toMatchObject({ code: 'ABORTED', mayHaveActed: true });
    await vi.waitFor(() => expect(closed).toBe(1));
  });

  it('ends a request whose answer has begun', async () => {
    const url = await serve((_, response) => response.write('begun'));
    const stop = new AbortController();
    const sent = get(sending(url), stop.signal).catch((error: unknown) => error);
    setTimeout(() => stop.abort(), 100);
    expect(await sent).toMatchObject({ code: 'ABORTED', mayHaveActed: true });
  });
});

describe('a limit', { timeout: 5_000 }, () => {
  /** Sends a byte of the answer every 20 ms. */
  const drip: http.RequestListener = (request, response) => {
    request.resume();
    const timer = setInterval(() => response.write('.'), 20);
    response.once('close', () => clearInterval(timer));
    setTimeout(() => response.end(), 600);
  };

  it('of silence ends a request whose answer stops', async () => {
    const url = await serve((_, response) => response.write('begun'));
    await expect(get(sending(url, { silenceMs: 150 }))).rejects.toMatchObject({
      code: 'TIMED_OUT',
      mayHaveActed: true,
      message: expect.stringContaining('no data for 0.15 s'),
    });
  });

  it('of time ends a request without a file although data keeps coming', async () => {
    const url = await serve(drip);
    await expect(get(sending(url, { callMs: 200 }))).rejects.toMatchObject({
      code: 'TIMED_OUT',
      message: expect.stringContaining('no answer in 0.2 s'),
    });
  });

  it('of time does not end a request that sends a file while data keeps coming', async () => {
    const url = await serve(drip);
    expect(await post(sending(url, { callMs: 200, silenceMs: 5_000 }), framed(1_000))).toMatchObject({ status: 200 });
  });

  it('of 4 MiB applies to the size of an answer', async () => {
    let sizeBytes = 4 * MIB;
    const url = await serve((_, response) => response.end(Buffer.alloc(sizeBytes, 'x')));
    const send = sending(url);
    expect((await get(send)).text).toHaveLength(4 * MIB);
    sizeBytes += 1;
    await expect(get(send)).rejects.toMatchObject({ code: 'BAD_ANSWER', mayHaveActed: true });
  });
});
