import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ServerLimits } from '../../lambdas/relay/domain/server-limits.ts';
import { type ChatServer, startChatServer } from '../../lib/local/chat-server/index.ts';
import { type FrontProxy, startFrontProxy } from '../../lib/local/front-proxy/front-proxy.ts';
import { type ChatUnderTest, chatUnderTest, fileOf } from '../helpers/chat-client.ts';
import { createHandClock, type HandClock } from '../helpers/hand-clock.ts';
import { apiScript, type ScriptedServer, startScriptedServer } from '../helpers/scripted-server.ts';

const { signal } = new AbortController();
const MINUTE_MS = 60_000;

describe('the limits of a Rocket.Chat server', () => {
  let server: ChatServer;
  let clock: HandClock;
  let under: ChatUnderTest;
  beforeEach(async () => {
    clock = createHandClock();
    server = await startChatServer();
    under = chatUnderTest(server, { clock });
  });
  afterEach(() => server.close());

  const read = (maxAgeMs?: number) => under.limits.read({ signal, ...(maxAgeMs !== undefined && { maxAgeMs }) });
  const calls = () => server.calls.filter(({ name }) => name === 'settings').length;

  it('are those of its public settings', async () => {
    expect(await read()).toEqual({
      takesUploads: true,
      takesDirectUploads: true,
      maxFileSizeBytes: 104_857_600,
      mediaTypes: { whiteList: '', blackList: 'image/svg+xml' },
      maxMessageLength: 5000,
    } satisfies ServerLimits);
    Object.assign(server.settings, {
      FileUpload_Enabled: false,
      FileUpload_Enabled_Direct: false,
      FileUpload_MaxFileSize: -1,
      FileUpload_MediaTypeWhiteList: 'image/*',
      Message_MaxAllowedSize: 200,
    });
    expect(await read(0)).toEqual({
      takesUploads: false,
      takesDirectUploads: false,
      maxFileSizeBytes: undefined,
      mediaTypes: { whiteList: 'image/*', blackList: 'image/svg+xml' },
      maxMessageLength: 200,
    } satisfies ServerLimits);
  });

  it('are read once in ten minutes, or earlier if the caller needs newer ones', async () => {
    await Promise.all([read(), read(), read()]);
    clock.advance(10 * MINUTE_MS - 1);
    await read();
    expect(calls()).toBe(1);
    await read(10 * MINUTE_MS);
    expect(calls()).toBe(1);
    await read(30_000);
    expect(calls()).toBe(2);
    clock.advance(10 * MINUTE_MS);
    await read();
    expect(calls()).toBe(3);
  });

  it('are unknown for a minute if they cannot be read', async () => {
    server.faults.next('settings', { kind: 'answer', status: 503 });
    expect(await read()).toEqual({});
    clock.advance(MINUTE_MS - 1);
    expect(await read()).toEqual({});
    expect(calls()).toBe(1);
    clock.advance(1);
    expect(await read()).toMatchObject({ maxMessageLength: 5000 });
  });

  it('are unknown to a caller whose time has ended', async () => {
    expect(await under.limits.read({ signal: AbortSignal.abort() })).toEqual({});
  });
});

describe('the limit of a proxy in front of the server', () => {
  let server: ChatServer;
  let proxy: FrontProxy;
  let clock: HandClock;
  let under: ChatUnderTest;
  const KIB = 1024;
  beforeEach(async () => {
    clock = createHandClock();
    server = await startChatServer();
    proxy = await startFrontProxy(server.url, { maxBodyBytes: 100 * KIB });
    under = chatUnderTest({ url: proxy.url, userId: server.userId, authToken: server.authToken }, { clock });
  });
  afterEach(async () => {
    await proxy.close();
    await server.close();
  });
  const upload = (sizeBytes: number) =>
    under.chat.uploadMedia('GENERAL', fileOf(Buffer.alloc(sizeBytes, 'x')), { signal });
  const refused = async () => (await under.limits.read({ signal })).refusedBodyBytes;

  it('is learnt from the smallest body that it answers 413 to, and forgotten after ten minutes', async () => {
    expect(await refused()).toBeUndefined();
    await upload(50 * KIB);
    expect(await refused()).toBeUndefined();
    await expect(upload(300 * KIB)).rejects.toMatchObject({ status: 413 });
    const first = (await refused()) ?? 0;
    // The body has the multipart frame around the file.
    expect(first).toBeGreaterThan(300 * KIB);
    expect(first).toBeLessThan(301 * KIB);
    await expect(upload(400 * KIB)).rejects.toMatchObject({ status: 413 });
    expect(await refused()).toBe(first);
    await expect(upload(100 * KIB)).rejects.toMatchObject({ status: 413 });
    expect(await refused()).toBeLessThan(101 * KIB);
    clock.advance(10 * MINUTE_MS);
    expect(await refused()).toBeUndefined();
  });

  it('is not learnt from a file that the server itself refuses', async () => {
    server.settings.FileUpload_MaxFileSize = 10;
    await expect(upload(11)).rejects.toMatchObject({ errorType: 'error-file-too-large' });
    expect(await refused()).toBeUndefined();
  });
});

describe('an answer to settings.public', () => {
  let server: ScriptedServer;
  beforeEach(async () => {
    server = await startScriptedServer();
  });
  afterEach(() => server.close());

  it.each<[string, unknown, ServerLimits]>([
    [
      'without settings limits nothing',
      { success: true, settings: [] },
      { takesUploads: true, takesDirectUploads: true, mediaTypes: { whiteList: '', blackList: '' } },
    ],
    [
      'with values of other types limits nothing',
      {
        success: true,
        settings: [
          { _id: 'FileUpload_Enabled', value: 'no' },
          { _id: 'FileUpload_MaxFileSize', value: '1' },
          { _id: 'FileUpload_MediaTypeBlackList', value: ['image/png'] },
          { _id: 'Message_MaxAllowedSize', value: null },
        ],
      },
      { takesUploads: true, takesDirectUploads: true, mediaTypes: { whiteList: '', blackList: '' } },
    ],
    ['of another form is no answer', { success: true, settings: 'x' }, {}],
    ['that is a failure is no answer', { success: false, error: 'x' }, {}],
  ])('%s', async (_, body, limits) => {
    server.answer(apiScript({ 'settings.public': { body } }));
    const under = chatUnderTest({ url: server.url, userId: 'u', authToken: 't' });
    expect(await under.limits.read({ signal })).toEqual(limits);
  });
});
