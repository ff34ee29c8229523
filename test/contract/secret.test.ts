import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CredentialsSource, createSecret } from '../../lambdas/relay/adapters/secrets-manager/credentials.ts';
import { awsClientsAt } from '../helpers/aws.ts';
import { errorText } from '../helpers/error-text.ts';
import { createHandClock, type HandClock } from '../helpers/hand-clock.ts';
import { type ScriptedServer, startScriptedServer } from '../helpers/scripted-server.ts';

const TOKEN = 'S3cr3t-t0ken-that-nobody-may-see';
const GOOD = { userId: 'bot-1', authToken: TOKEN };

let server: ScriptedServer;
let clock: HandClock;
let secret: CredentialsSource;
beforeEach(async () => {
  server = await startScriptedServer();
  clock = createHandClock();
  secret = createSecret({ client: awsClientsAt(server.url).secretsManager, secretId: 'relay/bot', clock });
});
afterEach(async () => {
  await server.close();
});

const JSON_1_1 = { 'content-type': 'application/x-amz-json-1.1' };
const hold = (text: unknown) =>
  server.answer((_, response) => {
    response.writeHead(200, JSON_1_1).end(JSON.stringify(text === undefined ? {} : { SecretString: text }));
  });
const holdCredentials = (credentials: object) => hold(JSON.stringify(credentials));
const refuse = (status: number, type: string) =>
  server.answer((_, response) => {
    response.writeHead(status, JSON_1_1).end(JSON.stringify({ __type: type, Message: 'no' }));
  });

describe('the secret', () => {
  it('is read once', async () => {
    holdCredentials(GOOD);
    expect(await Promise.all([secret.current(), secret.current()])).toEqual([GOOD, GOOD]);
    expect(await secret.current()).toEqual(GOOD);
    expect(server.requests).toHaveLength(1);
  });

  it('can hold other fields too', async () => {
    holdCredentials({ ...GOOD, note: 'made by hand' });
    expect(await secret.current()).toEqual(GOOD);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['no text', ''],
    ['no JSON', `userId=bot&authToken=${TOKEN}`],
    ['broken JSON', `{"userId":"bot","authToken":"${TOKEN}`],
    ['a list', JSON.stringify([TOKEN])],
    ['text in quotes', JSON.stringify(TOKEN)],
    ['other fields', JSON.stringify({ user: 'bot', token: TOKEN })],
    ['no user', JSON.stringify({ authToken: TOKEN })],
    ['no token', JSON.stringify({ userId: TOKEN })],
    ['an empty token', JSON.stringify({ userId: TOKEN, authToken: '' })],
    ['a number', JSON.stringify({ userId: TOKEN, authToken: 7 })],
    ['a line break at the end', JSON.stringify({ userId: 'bot', authToken: `${TOKEN}\n` })],
    ['a line break and another header', JSON.stringify({ userId: 'bot', authToken: `${TOKEN}\r\nX-Evil: 1` })],
    ['a space', JSON.stringify({ userId: 'bot', authToken: `${TOKEN} ` })],
    ['a letter that headers can not hold', JSON.stringify({ userId: 'bot', authToken: `${TOKEN}ä` })],
  ])('is rejected if it contains %s, and the error does not quote it', async (_, text) => {
    hold(text);
    const error: unknown = await secret.current().catch((caught: unknown) => caught);
    expect(error).toMatchObject({
      name: 'SecretError',
      code: 'SECRET_MALFORMED',
      message: expect.stringContaining('relay/bot'),
    });
    expect(errorText(error)).not.toContain(TOKEN);
  });

  it.each<[number, string, string]>([
    [400, 'ResourceNotFoundException', 'SECRET_UNREADABLE'],
    [400, 'AccessDeniedException', 'SECRET_UNREADABLE'],
    [400, 'DecryptionFailure', 'SECRET_UNREADABLE'],
    [400, 'InvalidRequestException', 'SECRET_UNREADABLE'],
    [400, 'ThrottlingException', 'SECRET_UNAVAILABLE'],
    [500, 'InternalServiceError', 'SECRET_UNAVAILABLE'],
    [503, 'ServiceUnavailable', 'SECRET_UNAVAILABLE'],
  ])('can not be read when Secrets Manager answers %i %s; the error is %s', async (status, type, code) => {
    refuse(status, type);
    await expect(secret.current()).rejects.toMatchObject({
      name: 'SecretError',
      code,
      message: expect.stringContaining(type),
    });
  });

  it('does not reach an error when the response is not valid JSON', async () => {
    server.answer((_, response) => response.writeHead(200, JSON_1_1).end(`{"SecretString":${TOKEN}`));
    const error: unknown = await secret.current().catch((caught: unknown) => caught);
    expect(error).toMatchObject({ name: 'SecretError', code: 'SECRET_UNAVAILABLE' });
    expect(errorText(error)).not.toContain(TOKEN);
  });

  it('is read again after a failed read', async () => {
    refuse(500, 'InternalServiceError');
    await expect(secret.current()).rejects.toThrow();
    holdCredentials(GOOD);
    expect(await secret.current()).toEqual(GOOD);
  });
});

describe('a secret that the chat server refused', () => {
  beforeEach(async () => {
    holdCredentials(GOOD);
    await secret.current();
  });

  it('is read again, and renew() returns true when it has changed', async () => {
    holdCredentials({ ...GOOD, authToken: 'new' });
    expect(await secret.renew(GOOD)).toBe(true);
    expect(await secret.current()).toEqual({ ...GOOD, authToken: 'new' });
    expect(server.requests).toHaveLength(2);
  });

  it('is read again, and renew() returns false when it has not changed', async () => {
    expect(await secret.renew(GOOD)).toBe(false);
    expect(server.requests).toHaveLength(2);
  });

  it('is read again at most every ten seconds', async () => {
    for (let refusal = 0; refusal < 5; refusal += 1) expect(await secret.renew(GOOD)).toBe(false);
    clock.advance(9_999);
    await secret.renew(GOOD);
    expect(server.requests).toHaveLength(2);
    clock.advance(1);
    await secret.renew(GOOD);
    expect(server.requests).toHaveLength(3);
  });

  it('is read once for calls that were refused at the same time', async () => {
    holdCredentials({ ...GOOD, authToken: 'new' });
    const renewed = await Promise.all(Array.from({ length: 10 }, () => secret.renew(GOOD)));
    expect(renewed).toEqual(Array.from({ length: 10 }, () => true));
    expect(server.requests).toHaveLength(2);
  });

  it('makes renew() fail when it can not be read', async () => {
    refuse(400, 'AccessDeniedException');
    await expect(secret.renew(GOOD)).rejects.toMatchObject({ code: 'SECRET_UNREADABLE' });
  });
});
