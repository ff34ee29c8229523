import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, describe, expect, it } from 'vitest';
import { type ChatServer, startChatServer } from '../../lib/local/chat-server/index.ts';
import { type LocalRelay, type LocalRelayOptions, startLocalRelay } from '../../lib/local/index.ts';
import { startConnectProxy } from '../helpers/connect-proxy.ts';
import { createPrivateCa } from '../helpers/private-ca.ts';
import { startTlsFront } from '../helpers/tls-front.ts';

// The function's real bundle with the features of a production account.
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const lines: string[] = [];
const start = async (options: LocalRelayOptions = {}): Promise<LocalRelay> => {
  lines.length = 0;
  const relay = await startLocalRelay({ onLine: (line) => lines.push(line), ...options });
  closers.push(() => relay.close());
  return relay;
};
const put = (relay: LocalRelay, key = 'report.txt') =>
  relay.clients.s3.send(new PutObjectCommand({ Bucket: relay.bucket, Key: key, Body: 'content' }));

/** A chat server behind TLS, with a certificate that is accepted only with the authority in the returned file. */
const startPrivateChat = async (): Promise<{ chat: ChatServer; url: string; authorityFile: string }> => {
  const chat = await startChatServer();
  const ca = createPrivateCa();
  const front = await startTlsFront(chat.url, ca.issue());
  const folder = mkdtempSync(join(tmpdir(), 'authority-'));
  const authorityFile = join(folder, 'authority.pem');
  writeFileSync(authorityFile, ca.certificate);
  closers.push(chat.close, front.close, () => rmSync(folder, { recursive: true }));
  return { chat, url: front.url, authorityFile };
};

describe('a chat server with a certificate of a private authority', () => {
  it("receives files if the function has the authority's certificate", async () => {
    const { chat, url, authorityFile } = await startPrivateChat();
    const relay = await start({
      rocketChat: { url, userId: chat.userId, authToken: chat.authToken },
      environment: { NODE_EXTRA_CA_CERTS: authorityFile },
    });
    await put(relay);
    await relay.settled();
    expect(chat.messages('general')).toMatchObject([{ file: { name: 'report.txt' } }]);
  });

  it('receives no calls without that certificate, and the log says what to do', async () => {
    const { chat, url } = await startPrivateChat();
    const relay = await start({ rocketChat: { url, userId: chat.userId, authToken: chat.authToken } });
    await put(relay);
    await expect.poll(() => relay.deliveries, { timeout: 5_000 }).toHaveLength(1);
    expect(relay.deliveries).toMatchObject([
      {
        outcome: 'retrying',
        reason: 'NOT_ROCKET_CHAT',
        failureKind: 'misconfigured',
        detail: expect.stringMatching(
          /the certificate was not accepted \(.*deploy the relay with that authority's cert/,
        ),
      },
    ]);
    expect(chat.calls).toEqual([]);
  });

  it("is reached through a proxy, and the proxy's password is not logged", async () => {
    const { chat, url, authorityFile } = await startPrivateChat();
    const proxy = await startConnectProxy();
    closers.push(proxy.close);
    const relay = await start({
      rocketChat: { url, userId: chat.userId, authToken: chat.authToken },
      environment: {
        NODE_EXTRA_CA_CERTS: authorityFile,
        ROCKET_CHAT_PROXY_URL: proxy.url.href.replace('//', '//user:pr0xy-secret@'),
      },
    });
    await put(relay);
    await relay.settled();
    expect(chat.messages('general')).toHaveLength(1);
    expect(new Set(proxy.tunnels.map(({ target }) => target))).toEqual(new Set([new URL(url).host]));
    await proxy.close();
    await put(relay, 'other.txt');
    await expect.poll(() => relay.deliveries.map(({ outcome }) => outcome)).toEqual(['posted', 'retrying']);
    expect(lines.join()).not.toMatch(/pr0xy-secret|user:/);
  });
});

it('a pending token is used when the current one is revoked, and no delivery is retried', async () => {
  const relay = await start();
  const { chat } = relay;
  const [bot] = chat?.users() ?? [];
  if (chat === undefined || bot === undefined) throw new Error('the chat server has no bot');
  await put(relay, 'before.txt');
  await relay.settled();

  const old = bot.authToken;
  const authToken = 'the-next-token-that-nobody-may-see';
  relay.secretsManager.setSecret(JSON.stringify({ userId: bot.id, authToken }), 'AWSPENDING');
  bot.authToken = authToken;
  await put(relay, 'after.txt');
  await relay.settled();
  expect(chat.messages('general').map(({ file }) => file?.name)).toEqual(['before.txt', 'after.txt']);
  expect(relay.deliveries.map(({ outcome }) => outcome)).toEqual(['posted', 'posted']);
  expect(lines.filter((line) => line.includes('make it the current one'))).toHaveLength(1);
  expect(lines.join()).not.toMatch(new RegExp(`${old}|${authToken}`));
});

it('files that Rocket.Chat stores in the same bucket are ignored and counted', async () => {
  const relay = await start();
  const userId = relay.chat?.userId ?? '';
  const id = 'Jn3Bd8xk7cZqW2tRa';
  await put(relay, `0c8a7f4e-6f5b-4d4c-9a50-1d2b7c9a3e11/uploads/GENERAL/rbAXPnMktTFbNpwtJ/${id}`);
  await put(relay, `replica/chat/uploads/GENERAL/${userId}/${id}`);
  await put(relay, `replica/chat/uploads/GENERAL/somebody/${id}`);
  await relay.settled();
  expect(relay.deliveries.map(({ outcome }) => outcome).toSorted()).toEqual(['ignored', 'ignored', 'posted']);
  expect(relay.chat?.messages('general')).toHaveLength(1);
  const logged = lines.filter((line) => line.includes('"isLoopSuspected":true')).map((line) => JSON.parse(line));
  expect(logged).toMatchObject([{ level: 'WARN' }, { level: 'WARN' }]);
  const counted = lines.filter((line) => line.includes('"_aws"') && line.includes('LoopSuspected'));
  expect(counted.flatMap((line) => JSON.parse(line).LoopSuspected as number[])).toEqual([1, 1]);
});

it('a dead letter is reported in the operations room', async () => {
  const relay = await start({
    chatServer: {
      rooms: [
        { id: 'GENERAL', name: 'general' },
        { id: 'OPS', name: 'operations' },
      ],
      settings: { FileUpload_MaxFileSize: 3 },
    },
    settings: { routes: [{ room: '#general' }], operationsRoom: '#operations' },
  });
  await put(relay, 'to @all.txt');
  await relay.settled();
  expect(relay.chat?.messages('operations')).toMatchObject([
    { msg: expect.stringMatching(/^:x: \*FILE_TOO_LARGE\*: `s3:\/\/uploads\/to @\u2060all\.txt` was not delivered/) },
  ]);
  expect(await relay.peekDeadLetters()).toHaveLength(1);
});

describe('the X-Ray daemon', () => {
  const listen = async (): Promise<{ daemon: Socket; names: string[]; address: string }> => {
    const names: string[] = [];
    const daemon = createSocket('udp4', (datagram) => {
      names.push((JSON.parse(datagram.toString().split('\n')[1] ?? '') as { name: string }).name);
    });
    daemon.bind(0, '127.0.0.1');
    await once(daemon, 'listening');
    closers.push(() => daemon.close());
    return { daemon, names, address: `127.0.0.1:${daemon.address().port}` };
  };
  const traceOf = (address: string) => ({
    AWS_XRAY_DAEMON_ADDRESS: address,
    _X_AMZN_TRACE_ID: 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=557abcec3ee5a047;Sampled=1',
  });

  it('receives the calls of a delivery if tracing is enabled', async () => {
    const { names, address } = await listen();
    const relay = await start({ environment: { ...traceOf(address), RELAY_TRACING: '1' } });
    await put(relay);
    await relay.settled();
    await expect.poll(() => names).toEqual(['S3', 'rooms.media', 'rooms.mediaConfirm']);
  });

  it('receives nothing if tracing is disabled', async () => {
    const { names, address } = await listen();
    const relay = await start({ environment: traceOf(address) });
    await put(relay);
    await relay.settled();
    expect(relay.chat?.messages('general')).toHaveLength(1);
    expect(names).toEqual([]);
  });
});
