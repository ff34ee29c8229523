import { afterEach, describe, expect, it } from 'vitest';
import { type ChatServer, startChatServer } from '../../lib/local/chat-server/chat-server.ts';
import type { ChatServerOptions } from '../../lib/local/chat-server/options.ts';
import type { ServerSettings } from '../../lib/local/chat-server/state/server-settings.ts';
import { CHECKS } from '../../lib/operator/doctor/checks.ts';
import { type Outcome, runCheck } from '../../lib/operator/doctor/run-checks.ts';
import { type Bot, serverWorld, type WorldInput } from '../helpers/doctor-world.ts';
import { createPrivateCa } from '../helpers/private-ca.ts';
import { type ApiAnswer, apiScript, startScriptedServer } from '../helpers/scripted-server.ts';
import { startTlsFront } from '../helpers/tls-front.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const run = (name: string, input: WorldInput, timeLimitMs = 20_000): Promise<Outcome> => {
  const check = CHECKS.find((entry) => entry.name === name);
  if (check === undefined) throw new Error(`there is no check ${name}`);
  return runCheck(check, serverWorld(input), timeLimitMs);
};

/** The stand-in chat server. */
const standIn = async (options: ChatServerOptions = {}): Promise<ChatServer> => {
  const chat = await startChatServer(options);
  closers.push(() => chat.close());
  return chat;
};
const settings = (changes: Partial<ServerSettings>) => standIn({ settings: changes });
const inRoom = (room: NonNullable<ChatServerOptions['rooms']>[number]) =>
  standIn({ users: [{ id: 'BOT' }], rooms: [{ id: 'GENERAL', name: 'general', ...room }] });

/** A scripted server whose calls answer as given; `/api/info` is one of them. */
const scripted = async (
  calls: Readonly<Record<string, ApiAnswer>> = {},
  info: ApiAnswer = { body: { version: '8.6', success: true } },
): Promise<Bot> => {
  const server = await startScriptedServer();
  closers.push(() => server.close());
  const api = apiScript({ me: { body: { success: true, _id: 'bot', username: 'relay.bot' } }, ...calls });
  server.answer((request, response) => {
    if (request.url !== '/api/info') return api(request, response);
    response
      .writeHead(info.status ?? 200, info.headers ?? {})
      .end(typeof info.body === 'string' ? info.body : JSON.stringify(info.body));
  });
  return { url: server.url, userId: 'bot', authToken: 'secret-token' };
};
const info = (answer: ApiAnswer) => scripted({}, answer);

const tls = async (validUntil?: Date): Promise<Bot> => {
  const chat = await standIn();
  const front = await startTlsFront(chat.url, createPrivateCa().issue(validUntil === undefined ? {} : { validUntil }));
  closers.push(() => front.close());
  return { url: front.url, userId: chat.userId, authToken: chat.authToken };
};

/** Nothing listens on the port of a closed server. */
const nobody = async (): Promise<Bot> => {
  const server = await startScriptedServer();
  await server.close();
  return { url: server.url, userId: 'bot', authToken: 'token' };
};

interface Planted {
  readonly fault: string;
  readonly check: string;
  readonly plant: () => Promise<Bot>;
  readonly input?: Omit<WorldInput, 'bot'>;
  readonly level?: 'problem' | 'warning';
  readonly what: string | RegExp;
  readonly mend: string | RegExp;
}

const MIB = 1024 * 1024;

const PLANTED: readonly Planted[] = [
  {
    fault: 'a server that does not listen',
    check: 'server',
    plant: nobody,
    what: 'ECONNREFUSED',
    mend: /curl -sS http:\/\/127\.0\.0\.1:\d+\/api\/info/,
  },
  {
    fault: 'a name without an address',
    check: 'server',
    plant: async () => ({ url: 'https://chat.invalid', userId: 'bot', authToken: 'token' }),
    what: 'No address is known for chat.invalid',
    mend: 'nslookup chat.invalid',
  },
  {
    fault: 'a certificate of an unknown authority',
    check: 'server',
    plant: tls,
    what: 'TLS with 127.0.0.1',
    mend: 'relay.certificateAuthorityFile',
  },
  {
    fault: 'a plain HTTP server behind an https URL',
    check: 'server',
    plant: async () => {
      const chat = await standIn();
      return { url: chat.url.replace('http:', 'https:'), userId: chat.userId, authToken: chat.authToken };
    },
    what: 'does not support TLS 1.2 or later on this port',
    mend: 'openssl s_client -connect 127.0.0.1:',
  },
  {
    fault: 'a redirect',
    check: 'server',
    plant: () => info({ status: 301, headers: { location: 'https://www.acme.org/' }, body: '' }),
    what: 'redirects to https://www.acme.org/',
    mend: 'set relay.rocketChatUrl in cdk.json to the final address',
  },
  {
    fault: 'a login page in place of the server',
    check: 'server',
    plant: () => info({ body: '<html>Sign in</html>' }),
    what: 'not as Rocket.Chat does',
    mend: 'curl -sSi http://127.0.0.1',
  },
  {
    fault: 'a proxy whose server is down',
    check: 'server',
    plant: () => info({ status: 502, body: '<html>Bad Gateway</html>' }),
    what: 'answers 502',
    mend: 'see the log of the server or the proxy',
  },
  {
    fault: 'a server that is too old',
    check: 'version',
    plant: () => info({ body: { version: '6.13', success: true } }),
    what: 'The server runs Rocket.Chat 6.13; the relay needs 7.0 or later',
    mend: 'upgrade the server',
  },
  {
    fault: 'a server that is newer than what was tested',
    check: 'version',
    plant: () => info({ body: { version: '11.0', success: true } }),
    level: 'warning',
    what: 'The server runs Rocket.Chat 11.0',
    mend: "npx relay send README.md --room '#general'",
  },
  {
    fault: 'a token that was revoked',
    check: 'token',
    plant: async () => ({ ...credentialsOf(await standIn()), authToken: 'revoked' }),
    what: 'The server refuses the token',
    mend: 'create a personal access token of the bot',
  },
  {
    fault: 'a user that is deactivated',
    check: 'token',
    plant: () => scripted({ me: { body: { success: true, _id: 'bot', username: 'relay.bot', active: false } } }),
    what: 'The user relay.bot is deactivated',
    mend: 'activate relay.bot',
  },
  {
    fault: 'a token of another user',
    check: 'token',
    plant: () => scripted({ me: { body: { success: true, _id: 'other', username: 'other' } } }),
    what: 'The token belongs to the user other, and the stored user id is bot',
    mend: 'ROCKETCHAT_USER_ID',
  },
  {
    fault: 'a login token',
    check: 'token-expiry',
    plant: () =>
      scripted({
        'users.getPersonalAccessTokens': { body: { success: true, tokens: [{ name: 'a', lastTokenPart: 'Zz0123' }] } },
      }),
    what: "none of the user's personal access tokens",
    mend: 'npx relay credentials --rotate',
  },
  {
    fault: 'a room that does not exist',
    check: 'rooms',
    plant: () => standIn(),
    input: { settings: { routes: [{ room: '#general' }, { room: '#nowhere' }] } },
    what: 'There is no room #nowhere that relay.bot can see. (routes[1])',
    mend: '/invite @relay.bot',
  },
  {
    fault: 'a private room without the bot',
    check: 'rooms',
    plant: () => inRoom({ id: 'P', name: 'general', type: 'p', members: ['somebody'] }),
    what: 'There is no room #general that relay.bot can see',
    mend: '/invite @relay.bot',
  },
  {
    fault: 'an archived room',
    check: 'rooms',
    plant: () => inRoom({ archived: true }),
    what: '#general is archived. (routes[0])',
    mend: '/unarchive #general',
  },
  {
    fault: 'an archived room of a server that does not show it',
    check: 'rooms',
    plant: () => standIn({ version: '7.x', rooms: [{ id: 'GENERAL', name: 'general', archived: true }] }),
    what: '#general is archived. (routes[0])',
    mend: '/unarchive #general',
  },
  {
    fault: 'a read-only room',
    check: 'rooms',
    plant: () => inRoom({ readOnly: true }),
    what: '#general is read-only, and relay.bot may not post there',
    mend: '/unmute @relay.bot',
  },
  {
    fault: 'an encrypted room',
    check: 'rooms',
    plant: () => inRoom({ encrypted: true }),
    what: '#general is encrypted and takes no plain messages',
    mend: 'E2E_Allow_Unencrypted_Messages',
  },
  {
    fault: 'a room that has muted the bot',
    check: 'rooms',
    plant: () => inRoom({ muted: ['BOT'] }),
    what: '#general has muted relay.bot',
    mend: '/unmute @relay.bot',
  },
  {
    fault: 'an operations room that does not exist',
    check: 'rooms',
    plant: () => standIn(),
    input: { settings: { operationsRoom: '#ops' } },
    what: 'There is no room #ops that relay.bot can see. (operationsRoom)',
    mend: '/invite @relay.bot',
  },
  {
    fault: 'a thread that is in no room',
    check: 'rooms',
    plant: () => standIn(),
    input: { settings: { routes: [{ room: '#general', threadId: 'missing' }] } },
    what: 'The thread of the route is not in #general',
    mend: 'set threadId in cdk.json',
  },
  {
    fault: 'uploads that are turned off',
    check: 'uploads',
    plant: () => settings({ FileUpload_Enabled: false }),
    what: 'File uploads are turned off on the server',
    mend: 'turn FileUpload_Enabled on',
  },
  {
    fault: 'uploads that are turned off in direct messages',
    check: 'uploads',
    plant: () => standIn({ settings: { FileUpload_Enabled_Direct: false }, rooms: [{ id: 'DIRECT', type: 'd' }] }),
    input: { settings: { routes: [{ room: 'DIRECT' }] } },
    what: 'Uploads in direct messages are turned off, and DIRECT (routes[0]) is one',
    mend: 'turn FileUpload_Enabled_Direct on',
  },
  {
    fault: 'a route whose files are all too large',
    check: 'file-size',
    plant: () => settings({ FileUpload_MaxFileSize: 1_000 }),
    input: { settings: { routes: [{ room: '#general', minSizeBytes: 2_000 }] } },
    what: 'Every file of routes[0] (minSizeBytes 2000) is larger than the server allows (1000 bytes)',
    mend: 'raise FileUpload_MaxFileSize',
  },
  {
    fault: 'a route that takes larger files than the server',
    check: 'file-size',
    plant: () => settings({ FileUpload_MaxFileSize: MIB }),
    input: { settings: { routes: [{ room: '#general', maxSizeBytes: 2 * MIB }] } },
    level: 'warning',
    what: 'routes[0] takes files up to 2 MiB, and the server only up to 1 MiB',
    mend: 'lower maxSizeBytes',
  },
  {
    fault: 'a content type that the server blocks',
    check: 'media-types',
    plant: () => standIn(),
    input: { settings: { routes: [{ room: '#general', suffix: '.svg' }] } },
    what: 'The server blocks image/svg+xml, which routes[0] takes',
    mend: 'FileUpload_MediaTypeBlackList',
  },
  {
    fault: 'one of several content types that is not on the white list',
    check: 'media-types',
    plant: () => settings({ FileUpload_MediaTypeWhiteList: 'image/*, text/plain' }),
    input: { settings: { routes: [{ room: '#general', contentTypes: ['image/png', 'application/pdf'] }] } },
    level: 'warning',
    what: 'The server blocks application/pdf, which routes[0] takes',
    mend: 'FileUpload_MediaTypeWhiteList',
  },
  {
    fault: "a proxy's smaller limit for bodies",
    check: 'body-limit',
    plant: async () => {
      const chat = await standIn();
      chat.faults.next('media', { kind: 'answer', status: 413, closes: true });
      return chat;
    },
    input: { probeBytes: 2 * MIB },
    what: 'A proxy refuses an upload of 2 MiB with 413',
    mend: 'client_max_body_size 100m;',
  },
  {
    fault: 'a proxy that resets large uploads',
    check: 'body-limit',
    plant: async () => {
      const chat = await standIn();
      chat.faults.next('media', { kind: 'reset-in-body', afterBytes: MIB });
      return chat;
    },
    input: { probeBytes: 3 * MIB },
    what: 'The connection is lost during an upload of 3 MiB',
    mend: 'npx relay doctor body-limit --probe 3 --config cdk.json',
  },
  {
    fault: 'a rate limit, although the user has the role bot',
    check: 'rate-limit',
    plant: () => standIn({ rateLimit: { calls: 10, windowMs: 60_000 } }),
    level: 'warning',
    what: 'The server limits each address to 10 calls of a kind',
    mend: 'api-bypass-rate-limit',
  },
  {
    fault: 'a clock that is wrong',
    check: 'clock',
    plant: () => standIn({ clock: { now: () => Date.now() - 3_600_000 } }),
    level: 'warning',
    what: /The server's clock is (59 min|1 h).* behind this machine's/,
    mend: 'timedatectl set-ntp true',
  },
];

const credentialsOf = ({ url, userId, authToken }: ChatServer): Bot => ({ url, userId, authToken });

describe('relay doctor of a chat server with a planted fault', () => {
  it.each(PLANTED)(
    'finds $fault and names what mends it',
    async ({ check, plant, input, level = 'problem', what, mend }) => {
      const { status, findings, note } = await run(check, { bot: await plant(), ...input });
      expect({ status, note }).toMatchObject({ status: level });
      expect(findings).toHaveLength(1);
      const [finding] = findings;
      expect(finding?.what).toMatch(what);
      expect(finding?.mend).toMatch(mend);
      expect(finding?.why.length).toBeGreaterThan(20);
    },
  );
});

const SERVER_CHECKS = CHECKS.filter(({ group }) => group === 'server').map(({ name }) => name);

describe('relay doctor of a healthy chat server', () => {
  it('finds nothing wrong in any check', async () => {
    const chat = await standIn();
    const world = { bot: chat, probeBytes: 2 * MIB };
    for (const name of SERVER_CHECKS) {
      expect([name, await run(name, world)]).toEqual([name, expect.objectContaining({ findings: [] })]);
    }
    expect(chat.messages('GENERAL')).toEqual([]);
  });

  it('recognises a personal access token by its last characters', async () => {
    const tokens = [{ name: 'relay', lastTokenPart: '-token' }];
    const bot = await scripted({ 'users.getPersonalAccessTokens': { body: { success: true, tokens } } });
    expect(await run('token-expiry', { bot })).toMatchObject({ status: 'ok', note: 'a personal access token' });
  });

  it('accepts a read-only room in which the bot is unmuted', async () => {
    const bot = await inRoom({ readOnly: true, unmuted: ['BOT'] });
    expect(await run('rooms', { bot })).toMatchObject({ status: 'ok' });
  });
});

describe('relay doctor of a chat server that does not help', () => {
  it('skips what depends on a server that does not answer', async () => {
    const bot = await nobody();
    for (const name of SERVER_CHECKS.filter((entry) => !['server', 'body-limit'].includes(entry))) {
      expect([name, await run(name, { bot })]).toEqual([
        name,
        expect.objectContaining({ status: 'skipped', note: 'the server does not answer; see the check server' }),
      ]);
    }
  });

  it('skips what depends on a token that is refused', async () => {
    const bot = { ...credentialsOf(await standIn()), authToken: 'revoked' };
    for (const name of ['token-expiry', 'rooms', 'rate-limit']) {
      expect(await run(name, { bot })).toMatchObject({
        status: 'skipped',
        note: expect.stringContaining('see the check token'),
      });
    }
  });

  it('ends every check at its time limit if the server never answers', async () => {
    const server = await startScriptedServer();
    closers.push(() => server.close());
    server.answer(() => {});
    const bot = { url: server.url, userId: 'bot', authToken: 'token' };
    const outcomes = await Promise.all(SERVER_CHECKS.map((name) => run(name, { bot, probeBytes: 1 }, 200)));
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: 'unknown', note: 'no result within 0.2 s' });
    }
  });

  it.each([
    ['not JSON', '<html>'],
    ['not objects', '[]'],
    ['null', 'null'],
    ['of other types', '{"success":true,"settings":{"a":1},"_id":7,"username":[],"version":"8.6","tokens":{}}'],
  ])('neither throws nor finds a false problem if the answers are %s', async (_, body) => {
    const calls = ['me', 'rooms.info', 'settings.public', 'users.getPersonalAccessTokens'];
    const bot = await scripted(Object.fromEntries(calls.map((call) => [call, { body }])));
    for (const name of SERVER_CHECKS.filter((entry) => entry !== 'token')) {
      expect([name, (await run(name, { bot })).findings]).toEqual([name, []]);
    }
  });
});
