import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAccepts } from '../../lambdas/relay/adapters/rocket-chat/accepts.ts';
import { createSendHttp } from '../../lambdas/relay/adapters/rocket-chat/http.ts';
import {
  type Credentials,
  type CredentialsSource,
  createSecret,
} from '../../lambdas/relay/adapters/secrets-manager/credentials.ts';
import { startSecretsManager } from '../../lib/local/aws/secrets-manager.ts';
import { type ChatServer, startChatServer } from '../../lib/local/chat-server/index.ts';
import { awsClientsAt } from '../helpers/aws.ts';
import { createHandClock, type HandClock } from '../helpers/hand-clock.ts';

const REVOKED = 'revoked-token-that-nobody-may-see';

let chat: ChatServer;
let store: Awaited<ReturnType<typeof startSecretsManager>>;
let clock: HandClock;
let secret: CredentialsSource;
let warnings: { message: string; fields: Record<string, unknown> }[];
let revoked: Credentials;
let fresh: Credentials;
beforeEach(async () => {
  chat = await startChatServer();
  fresh = { userId: chat.userId, authToken: chat.authToken };
  revoked = { userId: chat.userId, authToken: REVOKED };
  store = await startSecretsManager({ secretId: 'relay/bot', value: JSON.stringify(revoked) });
  clock = createHandClock();
  warnings = [];
  const send = createSendHttp(new URL(chat.url), { connectMs: 1_000, silenceMs: 200, callMs: 200 });
  secret = createSecret({
    client: awsClientsAt(store.endpoint).secretsManager,
    secretId: 'relay/bot',
    clock,
    accepts: createAccepts({ send, abortAfter: AbortSignal.timeout }),
    logger: { warn: (message, fields) => void warnings.push({ message, fields }) },
  });
  expect(await secret.current()).toEqual(revoked);
});
afterEach(async () => {
  await store.close();
  await chat.close();
  expect(JSON.stringify(warnings)).not.toMatch(new RegExp(`${REVOKED}|${chat.authToken}`));
});

const pend = (credentials: Credentials) => store.setSecret(JSON.stringify(credentials), 'AWSPENDING');
const askedMe = () => chat.calls.filter(({ name }) => name === 'me').length;

describe('a pending version of the secret', () => {
  it('is used once the current one is refused and the server has accepted it', async () => {
    pend(fresh);
    expect(await secret.current()).toEqual(revoked);
    expect(await secret.renew(revoked)).toBe(true);
    expect(await secret.current()).toEqual(fresh);
    expect(askedMe()).toBe(1);
    expect(warnings).toEqual([
      {
        message: expect.stringContaining('make it the current one'),
        fields: { secretId: 'relay/bot', stage: 'AWSPENDING' },
      },
    ]);
  });

  it('is tested once and used by all calls that were refused at the same time', async () => {
    pend(fresh);
    const renewed = await Promise.all(Array.from({ length: 10 }, () => secret.renew(revoked)));
    expect(new Set(renewed)).toEqual(new Set([true]));
    expect(askedMe()).toBe(1);
  });

  it('is not read when the current one has changed', async () => {
    pend({ ...fresh, authToken: 'another' });
    store.setSecret(JSON.stringify(fresh));
    expect(await secret.renew(revoked)).toBe(true);
    expect(await secret.current()).toEqual(fresh);
    expect(askedMe()).toBe(0);
    expect(warnings).toEqual([]);
  });

  it('stays in use when it is made the current one', async () => {
    pend(fresh);
    await secret.renew(revoked);
    store.setSecret(JSON.stringify(fresh));
    store.setSecret(undefined, 'AWSPENDING');
    clock.advance(60_000);
    expect(await secret.renew(revoked)).toBe(true);
    expect(await secret.current()).toEqual(fresh);
  });

  it.each<[string, () => unknown]>([
    ['is refused too', () => pend({ ...fresh, authToken: 'wrong-token' })],
    ['contains the id of another user', () => pend({ userId: 'somebody', authToken: fresh.authToken })],
    ['is the refused one', () => pend(revoked)],
    ['can not be read', () => store.setSecret('no JSON', 'AWSPENDING')],
    ['does not exist', () => undefined],
    [
      'can not be tested because the server does not answer',
      () => {
        pend(fresh);
        chat.faults.next('me', { kind: 'hang' });
      },
    ],
    [
      'can not be tested because a proxy answers 502',
      () => {
        pend(fresh);
        chat.faults.next('me', { kind: 'answer', status: 502 });
      },
    ],
  ])('is not used if it %s', async (_, prepare) => {
    prepare();
    expect(await secret.renew(revoked)).toBe(false);
    expect(await secret.current()).toEqual(revoked);
  });

  it('is tested again after ten seconds, not earlier', async () => {
    pend({ ...fresh, authToken: 'wrong-token' });
    await secret.renew(revoked);
    pend(fresh);
    clock.advance(9_999);
    expect(await secret.renew(revoked)).toBe(false);
    expect(askedMe()).toBe(1);
    clock.advance(1);
    expect(await secret.renew(revoked)).toBe(true);
    expect(await secret.current()).toEqual(fresh);
  });
});
