import { randomBytes } from 'node:crypto';
import tls from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  createSendHttp,
  DEFAULT_TIME_LIMITS,
  type HttpOptions,
} from '../../lambdas/relay/adapters/rocket-chat/http.ts';
import { classify } from '../../lambdas/relay/domain/failure.ts';
import { type ChatServer, startChatServer } from '../../lib/local/chat-server/index.ts';
import { chatUnderTest, fileOf, sha256 } from '../helpers/chat-client.ts';
import { type ConnectProxy, startConnectProxy, type Tunnel } from '../helpers/connect-proxy.ts';
import { errorText } from '../helpers/error-text.ts';
import { createPrivateCa } from '../helpers/private-ca.ts';
import { startTlsFront, type TlsFront } from '../helpers/tls-front.ts';

const PASSWORD = 'pr0xy-p@ssword-that-nobody-may-see';
const ca = createPrivateCa();
const known = tls.getCACertificates('default');
const trust = (isTrusted: boolean) => tls.setDefaultCACertificates(isTrusted ? [...known, ca.certificate] : known);
beforeAll(() => trust(true));
afterAll(() => trust(false));

let chat: ChatServer;
let front: TlsFront;
const closers: (() => Promise<void>)[] = [];
beforeEach(async () => {
  chat = await startChatServer();
  front = await startTlsFront(chat.url, ca.issue());
  closers.push(chat.close, front.close);
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const { signal } = new AbortController();
const get = (url: string, options: Partial<HttpOptions> = {}) =>
  createSendHttp(new URL(url), { ...DEFAULT_TIME_LIMITS, ...options })({
    method: 'GET',
    path: '/api/info',
    headers: {},
    signal,
  });
const failureOf = async (promise: Promise<unknown>) => {
  const error: unknown = await promise.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(error).toMatchObject({ name: 'ChatUnreachableError', mayHaveActed: false });
  expect(errorText(error)).not.toContain(PASSWORD);
  expect(errorText(error)).not.toContain(encodeURIComponent(PASSWORD));
  expect(errorText(error)).not.toContain(Buffer.from(`user:${PASSWORD}`).toString('base64'));
  return { error, failure: classify(error, 'media') };
};
const frontWith = async (options: tls.TlsOptions, behind = chat.url): Promise<TlsFront> => {
  const started = await startTlsFront(behind, options);
  closers.push(started.close);
  return started;
};

describe('a server with a certificate of a private authority', () => {
  it('is accepted if the authority is trusted', async () => {
    const { chat: client } = chatUnderTest({ ...chat, url: front.url });
    const { fileId } = await client.uploadMedia('GENERAL', fileOf('content'), { signal });
    await client.confirmMedia({ roomId: 'GENERAL', fileId }, { text: 'x' }, { signal });
    expect(chat.messages('general')).toHaveLength(1);
  });

  it('is a misconfiguration if the authority is not trusted, and the detail says what to do', async () => {
    trust(false);
    const { failure } = await failureOf(get(front.url)).finally(() => trust(true));
    expect(failure).toMatchObject({
      kind: 'misconfigured',
      reason: 'NOT_ROCKET_CHAT',
      scope: 'server',
      detail: expect.stringMatching(
        /(SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_VERIFY_LEAF_SIGNATURE); .*deploy the relay with that/,
      ),
    });
  });
});

describe('a server', () => {
  it.each<[string, () => Promise<string>, RegExp]>([
    [
      'has an expired certificate',
      async () => (await frontWith(ca.issue({ validUntil: new Date(Date.now() - 1_000) }))).url,
      /CERT_HAS_EXPIRED/,
    ],
    [
      'has a certificate of another host',
      async () => (await frontWith(ca.issue({ names: ['other.test'] }))).url.replace('127.0.0.1', 'localhost'),
      /ERR_TLS_CERT_ALTNAME_INVALID/,
    ],
    [
      'supports only TLS 1.1 and older',
      async () => {
        const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
        return (await frontWith({ ...ca.issue(), ...old })).url;
      },
      /does not support TLS 1\.2 or later/,
    ],
    ['does not use TLS', async () => chat.url.replace('http:', 'https:'), /does not support TLS 1\.2 or later/],
  ])('is not accepted if it %s', async (_, urlOf, detail) => {
    const { error, failure } = await failureOf(get(await urlOf()));
    expect(error).toMatchObject({ code: 'TLS_FAILED', message: expect.stringMatching(detail) });
    expect(failure).toMatchObject({ kind: 'misconfigured', reason: 'NOT_ROCKET_CHAT', scope: 'server' });
  });

  it('is not accepted below TLS 1.2 even if Node is configured to accept it', async () => {
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
    const { url } = await frontWith({ ...ca.issue(), ...old });
    const { DEFAULT_MIN_VERSION, DEFAULT_CIPHERS } = tls;
    tls.DEFAULT_MIN_VERSION = 'TLSv1';
    tls.DEFAULT_CIPHERS = 'DEFAULT@SECLEVEL=0';
    try {
      await failureOf(get(url));
    } finally {
      Object.assign(tls, { DEFAULT_MIN_VERSION, DEFAULT_CIPHERS });
    }
  });
});

describe('a proxy', () => {
  const start = async (tunnel?: Tunnel): Promise<ConnectProxy> => {
    const proxy = await startConnectProxy(tunnel);
    closers.push(proxy.close);
    return proxy;
  };
  const withPassword = ({ url }: ConnectProxy): URL => {
    const proxyUrl = new URL(url);
    proxyUrl.username = 'user';
    proxyUrl.password = PASSWORD;
    return proxyUrl;
  };

  it('transfers small and large files in one tunnel without seeing them', async () => {
    const proxy = await start();
    const limits = { ...DEFAULT_TIME_LIMITS, proxyUrl: proxy.url };
    const { chat: client } = chatUnderTest({ ...chat, url: front.url }, { limits });
    const contents = ['content', randomBytes(3 * 1024 ** 2)];
    for (const content of contents) {
      const { fileId } = await client.uploadMedia('GENERAL', fileOf(content), { signal });
      await client.confirmMedia({ roomId: 'GENERAL', fileId }, { text: 'x' }, { signal });
    }
    expect(chat.files().map((file) => file.sha256)).toEqual(contents.map(sha256));
    expect(proxy.tunnels).toMatchObject([{ target: `127.0.0.1:${front.port}` }]);
    expect(JSON.stringify(proxy.tunnels)).not.toContain(chat.authToken);
    expect(proxy.others).toEqual([]);
  });

  it('gets the user and password of its URL', async () => {
    const proxy = await start();
    expect(await get(front.url, { proxyUrl: withPassword(proxy) })).toMatchObject({ status: 200 });
    const credentials = Buffer.from(`user:${PASSWORD}`).toString('base64');
    expect(proxy.tunnels[0]?.headers['proxy-authorization']).toBe(`Basic ${credentials}`);
  });

  it('does not make an expired certificate acceptable', async () => {
    const proxy = await start();
    const { url } = await frontWith(ca.issue({ validUntil: new Date(Date.now() - 1_000) }));
    const { failure } = await failureOf(get(url, { proxyUrl: withPassword(proxy) }));
    expect(failure).toMatchObject({ kind: 'misconfigured', detail: expect.stringContaining('CERT_HAS_EXPIRED') });
  });

  it.each([
    [407, 'misconfigured', 'NOT_ROCKET_CHAT'],
    [403, 'misconfigured', 'NOT_ROCKET_CHAT'],
    [502, 'transient', 'CHAT_UNREACHABLE'],
    [503, 'transient', 'CHAT_UNREACHABLE'],
  ])('that answers %i is %s', async (status, kind, reason) => {
    const proxy = await start({ status });
    const { failure } = await failureOf(get(front.url, { proxyUrl: withPassword(proxy) }));
    expect(failure).toMatchObject({ kind, reason, detail: expect.stringContaining(`(${status})`) });
  });

  it('that does not answer times out', async () => {
    const proxy = await start('silent');
    const limits = { connectMs: 60, silenceMs: 5_000, callMs: 5_000, proxyUrl: withPassword(proxy) };
    expect(await failureOf(get(front.url, limits))).toMatchObject({
      error: { code: 'TIMED_OUT' },
      failure: { kind: 'transient' },
    });
    const { chat: client } = chatUnderTest({ ...chat, url: front.url }, { limits });
    await failureOf(client.uploadMedia('GENERAL', fileOf('content'), { signal }));
  });

  it('that cannot be reached or cannot reach the server is a transient failure', async () => {
    const proxy = await start();
    const { url } = await frontWith(ca.issue(), 'http://127.0.0.1:1');
    await closers.pop()?.();
    expect(await failureOf(get(url, { proxyUrl: withPassword(proxy) }))).toMatchObject({
      failure: { kind: 'transient', reason: 'CHAT_UNREACHABLE' },
    });
    await proxy.close();
    expect(await failureOf(get(front.url, { proxyUrl: withPassword(proxy) }))).toMatchObject({
      error: { code: 'CONNECT_FAILED' },
    });
  });
});
